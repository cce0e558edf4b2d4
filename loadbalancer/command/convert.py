"""`loadbalancer convert`: payloads and dumps in one normal form."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from .input.options import as_option, files_argument, kind_of_option
from .input.sources import CannotRead, Source
from .output.printing import writer_of_data
from .output.progress import reading_bar

if TYPE_CHECKING:
    from ..checking.checker import Item
    from .input.intake import Intake

__all__ = ["command"]

_FACTS_TOLD = 10


@click.command("convert", short_help="Write payloads and dumps in one normal form.")
@files_argument
@click.option(
    "--to",
    "form",
    type=click.Choice(["wire", "domain", "ndjson", "json", "yaml", "text", "state-file"]),
    default="wire",
    show_default=True,
    help="The API's JSON, the library's domain objects, or the API's JSON one value a line; "
    "json, yaml and text are what `cilium service list` of --release prints, state-file is "
    "what agents from 1.18 on read instead of a PUT.",
)
@click.option(
    "--release",
    metavar="1.N",
    help="With json, yaml or text: of which release, 1.6 to 1.20. The default is 1.13.",
)
@click.option("--sort", "is_sorted", is_flag=True, help="Services by frontend, not as they come.")
@click.option("--no-protocol", is_flag=True, help="Leave out protocols, as Cilium 1.13 does.")
@as_option
def command(
    sources: Sequence[Source | CannotRead],
    form: str,
    release: str | None,
    is_sorted: bool,
    no_protocol: bool,
    kind_name: str | None,
) -> int:
    """Write payloads and dumps in one normal form, for comparing and piping.

    Keys come in the API's order and addresses in their shortest form; absent defaults are
    filled in and unknown keys left out. A lone object is written as an object, all else as
    an array, one value a line. A service stays a service and a spec a spec.

    \b
    Examples:
      loadbalancer convert payload.json
      loadbalancer convert --sort before.json > before.normal.json
      loadbalancer convert --to ndjson dump.json | grep 10.0.0.7
      loadbalancer convert --to domain dump.json | jq '.[].frontend.addr_cluster'
      loadbalancer convert --release 1.18 --to yaml dump.json
      loadbalancer convert --to state-file dump.json > services.json

    \b
    Exit code:
      0  everything is written
      1  something was left out, since it is invalid; standard error says why
      2  something could not be read
    """
    from .input.intake import Intake
    from .output.rewriting import domain_json, wire_json

    is_dump = form in ("json", "yaml", "text")
    if release and not is_dump:
        raise click.UsageError("--release goes with --to json, yaml or text")

    losses = _Losses()

    def text(item: Item) -> str:
        if form == "domain":
            return domain_json(item)
        losses.note(item)
        return wire_json(item, include_protocol=not no_protocol)

    # Output to the terminal that shows the bar would be written into the bar.
    with reading_bar(sources, wanted=not sys.stdout.isatty()) as bar:
        intake = Intake(bar.hide, bar.advance)
        if form == "state-file":
            return _write_state_file(intake, sources)
        if is_dump:
            return _write_dump(intake, sources, release or "1.13", form, is_sorted=is_sorted)
        items: Iterable[Item] = intake.items(sources, kind_of_option(kind_name))
        values: Iterable[tuple[Item, str]] = ((item, text(item)) for item in items)
        if is_sorted:
            values = sorted(values, key=lambda value: _order(value[0]))
        if form == "ndjson":
            write = writer_of_data()
            for _, value in values:
                write(f"{value}\n")
        else:
            _write_array_or_value(values, intake)
    losses.tell()
    return intake.exit_code


class _Losses:
    """Counts the facts that the wire JSON of 1.13 has no place for."""

    def __init__(self) -> None:
        self._facts: Counter[str] = Counter()

    def note(self, item: Item) -> None:
        from loadbalancer import SVC, Backend, L3n4Addr, L4Type

        domain = item.domain
        if isinstance(domain, SVC):
            self._facts["cluster of a service"] += bool(domain.name.cluster)
            self._facts["SCTP of a frontend"] += domain.frontend.protocol is L4Type.SCTP
            backends = domain.backends
        elif isinstance(domain, L3n4Addr):
            is_backend = isinstance(domain, Backend)
            self._facts["SCTP of a frontend"] += not is_backend and domain.protocol is L4Type.SCTP
            backends = [domain] if isinstance(domain, Backend) else []
        else:
            backends = domain.backends
        for each in backends:
            self._facts["zone of a backend"] += bool(each.zone)
            self._facts["protocol of a backend"] += each.protocol is not L4Type.NONE

    def tell(self) -> None:
        """Say on standard error what the output lacks, if it lacks anything."""
        from .output.printing import complain

        told = [f"{fact} ({count:,} times)" for fact, count in self._facts.items() if count]
        if told:
            complain(f"left out, since this form has no place for it: {', '.join(told)}")


def _write_dump(
    intake: Intake,
    sources: Sequence[Source | CannotRead],
    release: str,
    form: str,
    *,
    is_sorted: bool,
) -> int:
    """Write the services as that release prints them, and report what it cannot say."""
    from loadbalancer import LoadBalancerError, unsaid_facts, write_dump

    from ..domain.identity import address_order
    from .output.printing import complain

    services = list(intake.services(sources))
    if is_sorted:
        services.sort(key=lambda svc: address_order(svc.frontend))
    try:
        written = write_dump(services, release=release, format=form)
        facts = unsaid_facts(services, release=release, format=form)
    except LoadBalancerError as error:
        raise click.UsageError(str(error)) from None
    writer_of_data()(written.decode())
    for fact in facts[:_FACTS_TOLD]:
        complain(f"{fact.pointer}: {fact.message}")
    if len(facts) > _FACTS_TOLD:
        complain(f"and {len(facts) - _FACTS_TOLD:,} more facts that it cannot say")
    return intake.exit_code


def _write_state_file(intake: Intake, sources: Sequence[Source | CannotRead]) -> int:
    """Write the services as the file of --lb-state-file, or say what it cannot say."""
    from loadbalancer.kubernetes import StateFileError, write_state_file

    from .exit_codes import INVALID
    from .output.printing import complain

    try:
        writer_of_data()(write_state_file(intake.services(sources)))
    except StateFileError as error:
        complain(str(error))
        return max(intake.exit_code, INVALID)
    return intake.exit_code


def _write_array_or_value(values: Iterable[tuple[Item, str]], intake: Intake) -> None:
    """Write a JSON array, or the value itself if there was only one, outside an array.

    Nothing is written if the only value is invalid. Only as much is held back as it takes to
    know which of these it is.
    """
    write = writer_of_data()
    rest = iter(values)
    held = list(islice(rest, 2))
    if len(held) < 2 and not intake.is_list:
        for _, text in held:
            write(f"{text}\n")
        return
    write("[")
    separator = ""
    for _, text in chain(held, rest):
        write(separator + text)
        separator = ",\n "
    write("]\n")


def _order(item: Item) -> tuple[str, object]:
    from loadbalancer import SVC

    from ..checking.checker import StateUpdate
    from ..domain.identity import address_order

    domain = item.domain
    if isinstance(domain, StateUpdate):
        return item.kind, ()
    address = domain.frontend if isinstance(domain, SVC) else domain
    return item.kind, address_order(address)
