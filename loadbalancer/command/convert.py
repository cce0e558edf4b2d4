"""`loadbalancer convert`: payloads and dumps in one normal form."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from ..payloads.sources import CannotRead, Source
from .options import as_option, files_argument, kind_of_option
from .progress import reading_bar

if TYPE_CHECKING:
    from ..payloads.checking import Item
    from .intake import Intake

__all__ = ["command"]


@click.command("convert", short_help="Write payloads and dumps in one normal form.")
@files_argument
@click.option(
    "--to",
    "form",
    type=click.Choice(["wire", "domain", "ndjson"]),
    default="wire",
    show_default=True,
    help="The API's JSON, the library's domain objects, or the API's JSON one value a line.",
)
@click.option("--sort", "is_sorted", is_flag=True, help="Services by frontend, not as they come.")
@click.option("--no-protocol", is_flag=True, help="Leave out protocols, as Cilium 1.13 does.")
@as_option
def command(
    sources: Sequence[Source | CannotRead],
    form: str,
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

    \b
    Exit code:
      0  everything is written
      1  something was left out, since it is invalid; standard error says why
      2  something could not be read
    """
    from ..payloads.rewriting import domain_json, wire_json
    from .intake import Intake

    def text(item: Item) -> str:
        if form == "domain":
            return domain_json(item)
        return wire_json(item, include_protocol=not no_protocol)

    # What goes to the same terminal as the bar would be written into it.
    with reading_bar(sources, wanted=not sys.stdout.isatty()) as bar:
        intake = Intake(bar.hide, bar.advance)
        items: Iterable[Item] = intake.items(sources, kind_of_option(kind_name))
        values: Iterable[tuple[Item, str]] = ((item, text(item)) for item in items)
        if is_sorted:
            values = sorted(values, key=lambda value: _order(value[0]))
        if form == "ndjson":
            sys.stdout.writelines(f"{value}\n" for _, value in values)
        else:
            _write_array_or_value(values, intake)
    return intake.exit_code


def _write_array_or_value(values: Iterable[tuple[Item, str]], intake: Intake) -> None:
    """Write a JSON array, or the value itself if there is only one that was in no array.

    Nothing is written if the only value is invalid. Only as much is held back as it takes to
    know which of these it is.
    """
    rest = iter(values)
    held = list(islice(rest, 2))
    if len(held) < 2 and not intake.is_list:
        sys.stdout.writelines(f"{text}\n" for _, text in held)
        return
    sys.stdout.write("[")
    separator = ""
    for _, text in chain(held, rest):
        sys.stdout.write(separator + text)
        separator = ",\n "
    sys.stdout.write("]\n")


def _order(item: Item) -> tuple[str, object]:
    from loadbalancer import SVC

    from ..domain.identity import address_order
    from ..payloads.checking import StateUpdate

    domain = item.domain
    if isinstance(domain, StateUpdate):
        return item.kind, ()
    address = domain.frontend if isinstance(domain, SVC) else domain
    return item.kind, address_order(address)
