"""`loadbalancer convert`: payloads and dumps in one normal form."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from .exit_codes import INVALID, TROUBLE
from .input.options import Choice, as_option, files_argument, kind_of_option
from .input.sources import CannotRead, Source
from .output.printing import complain, writer_of_data
from .output.progress import reading_bar

if TYPE_CHECKING:
    from ..checking.checker import Item
    from .input.intake import Intake

__all__ = ["command"]

_FACTS_TOLD = 10

_FORMATS = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}


@click.command("convert", short_help="Write payloads and dumps in one normal form.")
@files_argument
@click.option(
    "--to",
    "form",
    type=Choice(["wire", "domain", "ndjson", "json", "yaml", "text", "state-file"]),
    default="wire",
    show_default=True,
    help="The API's JSON, the library's domain objects, or the API's JSON one value a line; "
    "json, yaml and text are what `cilium service list` of --release prints, state-file is "
    "what agents from 1.18 on read instead of a PUT.",
)
@click.option(
    "--release",
    metavar="RELEASE",
    help="With json, yaml or text: the release that prints like this, 1.13 by default; with "
    "state-file: the release that reads it, 1.18 by default.",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write FILE, whole or not.")
@click.option("--backup", is_flag=True, help="With --output: keep the old file as FILE.bak.")
@click.option("--strict", is_flag=True, help="Refuse what the form cannot represent.")
@click.option(
    "--format",
    "state_format",
    type=Choice(["json", "yaml"]),
    help="With state-file: JSON or YAML, by default what the name of --output says, else JSON.",
)
@click.option("--sort", "is_sorted", is_flag=True, help="Services by frontend, not as they come.")
@click.option("--no-protocol", is_flag=True, help="Leave out protocols, as Cilium 1.13 does.")
@as_option
def command(
    sources: Sequence[Source | CannotRead],
    form: str,
    release: str | None,
    output: str | None,
    backup: bool,
    strict: bool,
    state_format: str | None,
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
      loadbalancer convert --to state-file --release 1.19 -o services.json --backup dump.json

    \b
    Exit code:
      0  everything is written
      1  something was left out, since it is invalid; standard error says why
      2  something could not be read
    """
    from .input.intake import Intake
    from .output.rewriting import domain_json, wire_json

    is_dump = form in ("json", "yaml", "text")
    if release and not is_dump and form != "state-file":
        raise click.UsageError("--release goes with --to json, yaml, text or state-file")
    if (output or backup or strict) and form != "state-file" and not (strict and is_dump):
        raise click.UsageError("--output and --backup go with --to state-file")
    state_format = _state_format(output, state_format) if form == "state-file" else None

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
            state_format = state_format or "json"
            wanted = _StateFile(release or "1.18", state_format, output, backup, strict)
            return _write_state_file(intake, sources, wanted)
        if is_dump:
            asked = release or "1.13"
            return _write_dump(intake, sources, asked, form, is_sorted=is_sorted, strict=strict)
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


def _state_format(output: str | None, wanted: str | None) -> str | None:
    """Return the format of a state file; agents know it by the name of the file alone."""
    if output is None:
        return wanted
    named = _FORMATS.get(os.path.splitext(output)[1])
    if named is None:
        raise click.UsageError(f"agents read {output} if it ends in .json, .yaml or .yml alone")
    if wanted not in (None, named):
        raise click.UsageError(f"agents read {output} as {named.upper()}, not {wanted}")
    return named


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
    strict: bool,
) -> int:
    """Write the services as that release prints them, and report what it cannot say."""
    from loadbalancer import LoadBalancerError, lossy_facts, write_dump

    from ..domain.identity import address_order

    services = list(intake.services(sources))
    if intake.is_unreadable:
        return intake.exit_code
    if is_sorted:
        services.sort(key=lambda svc: address_order(svc.frontend))
    try:
        written = write_dump(services, release=release, format=form)
        facts = lossy_facts(services, release=release, format=form)
    except LoadBalancerError as error:
        raise click.UsageError(str(error)) from None
    if not (strict and facts):
        writer_of_data()(written.decode())
    for fact in facts[:_FACTS_TOLD]:
        complain(f"{fact.pointer}: {fact.message}")
    if len(facts) > _FACTS_TOLD:
        complain(f"and {len(facts) - _FACTS_TOLD:,} more facts that are not representable")
    return max(intake.exit_code, INVALID) if strict and facts else intake.exit_code


@dataclass(frozen=True, slots=True)
class _StateFile:
    """How a state file is written."""

    release: str
    format: str
    output: str | None
    backup: bool
    strict: bool


def _write_state_file(
    intake: Intake, sources: Sequence[Source | CannotRead], wanted: _StateFile
) -> int:
    """Write the services as a state file, all of them or nothing."""
    from ..errors import LoadBalancerError
    from ..kubernetes import StateFileError, services_left_out, write_state_file
    from .output.files import CannotWrite, replace_file

    services = [*intake.services(sources)]
    try:
        text = write_state_file(
            services, release=wanted.release, format=wanted.format, strict=wanted.strict
        )
    except StateFileError as error:
        for reason in error.reasons:
            complain(reason)
        return max(intake.exit_code, INVALID)
    except LoadBalancerError as error:
        raise click.UsageError(str(error)) from None
    if intake.exit_code:
        complain("nothing is written, since not all services could be read")
        return intake.exit_code
    for note in services_left_out(services):
        complain(note.message)
    if wanted.output is None:
        writer_of_data()(text)
        return intake.exit_code
    try:
        replace_file(wanted.output, text, backup=wanted.backup)
    except CannotWrite as error:
        complain(f"cannot write {error.name}: {error.reason}")
        return TROUBLE
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
