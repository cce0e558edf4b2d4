"""`loadbalancer list`: services as `cilium service list` shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import click

from ..payloads.sources import CannotRead, Source
from .options import LibraryEnum, files_argument, format_option
from .printing import STATE_STYLES, Printer
from .progress import reading_bar
from .selection import ORDERS, Selection

__all__ = ["command"]

_Shown = TypeVar("_Shown")


@click.command("list", short_help="Show services as `cilium service list` does.")
@files_argument
@click.option(
    "--state",
    "states",
    type=click.Choice(list(STATE_STYLES), case_sensitive=False),
    multiple=True,
    help="Only services with a backend in this state.  [repeatable]",
)
@click.option(
    "--name",
    metavar="NS/NAME",
    default="",
    help="Only the service of that name; * and ? match any text and character.",
)
@click.option(
    "--type",
    "types",
    type=LibraryEnum("SVCType", "type"),
    multiple=True,
    help="Only services of this type, such as NodePort.  [repeatable]",
)
@click.option(
    "--sort",
    "order",
    type=click.Choice(list(ORDERS)),
    default="id",
    show_default=True,
    help="What to sort by.",
)
@format_option
def command(
    sources: Sequence[Source | CannotRead],
    states: tuple[str, ...],
    name: str,
    types: tuple[str, ...],
    order: str,
    output_format: str,
) -> int:
    """Show the services of dumps and payloads, with the columns of `cilium service list`.

    Piped, it prints exactly what that command prints; in a terminal states have colours,
    and in a narrow one every service has lines of its own. --format json prints the
    services as the agent's API does.

    \b
    Examples:
      cilium service list -o json | loadbalancer list -
      loadbalancer list --state quarantined --state maintenance dump.json
      loadbalancer list --name 'kube-system/*' dump.json
      loadbalancer list --type NodePort --sort frontend dump.json
      loadbalancer list --state quarantined --format json dump.json | jq -c '.[].spec.id'

    \b
    Exit code:
      0  all services are shown
      1  some could not be shown, since they are invalid; standard error says why
      2  something could not be read
    """
    from .intake import Intake
    from .service_table import print_services, row_of

    selection = Selection(states, name, types)
    key = ORDERS[order]
    printer = Printer()
    with reading_bar(sources) as bar:
        intake = Intake(bar.hide, bar.advance)
        wanted = (each for each in intake.services(sources) if selection.takes(each))
        if output_format == "json":
            from loadbalancer import dump_service

            texts = _sorted((key(each), dump_service(each).decode()) for each in wanted)
            printer.stream.write(f"[{','.join(texts)}]\n")
            return intake.exit_code
        rows = _sorted((key(each), row_of(each)) for each in wanted)
    print_services(printer, rows)
    return intake.exit_code


def _sorted(keyed: Iterable[tuple[Any, _Shown]]) -> list[_Shown]:
    """What is shown of services, which themselves are let go, in the order of their keys."""
    return [shown for _, shown in sorted(keyed, key=itemgetter(0))]
