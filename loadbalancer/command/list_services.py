"""`loadbalancer list`: services as `cilium service list` shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import click

from .input.options import (
    AddressText,
    Choice,
    LibraryEnum,
    agent_option,
    files_argument,
    format_option,
)
from .input.selection import ORDERS, Selection
from .input.sources import AGENT, CannotRead, Source
from .output.pager import paging
from .output.printing import STATE_STYLES, Printer, complain
from .output.progress import reading_bar

__all__ = ["command"]

_Shown = TypeVar("_Shown")


@click.command("list", short_help="Show services as `cilium service list` does.")
@files_argument
@click.option(
    "--state",
    "states",
    type=Choice(list(STATE_STYLES), case_sensitive=False),
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
    "--frontend",
    type=AddressText(),
    help="Only services at this address: IP, IP:port or IP:port/TCP.",
)
@click.option(
    "--backend",
    type=AddressText(),
    help="Only services with a backend at this address, alike.",
)
@click.option("--no-active", is_flag=True, help="Only services without an active backend.")
@click.option(
    "--node",
    metavar="NAME",
    default="",
    help="Only dumps of this node; a file is that of the node it is named after.",
)
@agent_option
@click.option(
    "--sort",
    "order",
    type=Choice(list(ORDERS)),
    default="id",
    show_default=True,
    help="What to sort by.",
)
@click.option("--wide", is_flag=True, help="Show node, name and protocol, too.")
@click.option("--count", is_flag=True, help="Show how many services there are, nothing else.")
@format_option
def command(
    sources: Sequence[Source | CannotRead],
    states: tuple[str, ...],
    name: str,
    types: tuple[str, ...],
    frontend: str | None,
    backend: str | None,
    no_active: bool,
    node: str,
    agent: str | None,
    order: str,
    wide: bool,
    count: bool,
    output_format: str,
) -> int:
    """Show the services of dumps and payloads, with the columns of `cilium service list`.

    Piped, it prints exactly what that command prints; in a terminal states have colours,
    and in a narrow one every service has lines of its own. --format json prints the
    services as the agent's API does.

    \b
    Examples:
      cilium service list -o json | loadbalancer list -
      loadbalancer list --agent /var/run/cilium/cilium.sock
      loadbalancer list --state quarantined --state maintenance dump.json
      loadbalancer list --name 'kube-system/*' dump.json
      loadbalancer list --type NodePort --sort frontend dump.json
      loadbalancer list --wide --backend 10.0.1.7 worker-*.json
      loadbalancer list --no-active --count dump.json
      loadbalancer list --wide --backend 10.0.1.7 cilium-sysdump.zip
      loadbalancer list --state quarantined --format json dump.json | jq -c '.[].spec.id'

    \b
    Exit code:
      0  all services are shown
      1  some could not be shown, since they are invalid; standard error says why
      2  something could not be read
    """
    from .input.intake import Intake
    from .output.service_table import TITLES, WIDE_TITLES, Row, print_services, row_of, wide_row_of

    selection = Selection(states, name, types, frontend or "", backend or "", no_active)
    key = ORDERS[order]
    printer = Printer()
    if agent is not None:
        sources = [*sources, Source(f"{AGENT}{agent}")]
    chosen = [each for each in sources if not node or _node_of(each) == node]
    with reading_bar(chosen) as bar:
        intake = Intake(bar.hide, bar.advance)
        wanted = (
            (each, heading or _node_of(source))
            for source in chosen
            for each, heading in intake.named_services([source])
            if selection.takes(each)
        )
        texts: list[str] = []
        rows: list[Row] = []
        if count:
            shown = sum(1 for _ in wanted)
        elif output_format == "json":
            from loadbalancer import dump_service

            texts = _sorted((key(each), dump_service(each).decode()) for each, _ in wanted)
            shown = len(texts)
        else:
            rows = _sorted(
                (key(each), wide_row_of(each, at) if wide else row_of(each)) for each, at in wanted
            )
            shown = len(rows)
    if intake.is_unreadable:
        return intake.exit_code
    if count:
        printer.line(str(shown))
    elif output_format == "json":
        printer.stream.write(f"[{','.join(texts)}]\n")
    else:
        with paging():
            print_services(Printer(), rows, WIDE_TITLES if wide else TITLES)
    if not shown and (node or selection != Selection()):
        complain("no service is as asked for")
    return intake.exit_code


def _node_of(source: Source | CannotRead) -> str:
    """Return the node of a sysdump, or the one that a file is named after."""
    from ..sysdump.names import node_name_of
    from .input.node_sources import NodeSource

    if isinstance(source, NodeSource):
        return source.node.name
    return "" if source.name == "<stdin>" else node_name_of(source.name)


def _sorted(keyed: Iterable[tuple[Any, _Shown]]) -> list[_Shown]:
    """What is shown of each service, in the order of the keys; the services are not kept."""
    return [shown for _, shown in sorted(keyed, key=itemgetter(0))]
