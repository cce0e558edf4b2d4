"""`loadbalancer state`: which states a backend may change to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .exit_codes import INVALID, OK
from .input.options import format_option
from .output.printing import STATE_STYLES, Printer, console_for

if TYPE_CHECKING:
    from loadbalancer import BackendState

__all__ = ["command"]


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return [state for state in STATE_STYLES if state.startswith(incomplete.lower())]


@click.command("state", short_help="Say whether a backend may change from one state to another.")
@click.argument("old", metavar="[FROM]", required=False, shell_complete=_complete)
@click.argument("new", metavar="[TO]", required=False, shell_complete=_complete)
@format_option
def command(old: str | None, new: str | None, output_format: str) -> int:
    """Say whether a backend may change from one state to another.

    States are active, terminating, quarantined, maintenance and invalid, or their numbers
    0 to 4. Without TO it shows all states that may follow, without FROM the whole table.

    \b
    Examples:
      loadbalancer state quarantined active
      loadbalancer state terminating
      loadbalancer state

    \b
    Exit code:
      0  it may
      1  it may not
    """
    from loadbalancer import BackendState

    rows = [_state(old, "FROM")] if old is not None else list(BackendState)
    columns = [_state(new, "TO")] if new is not None else list(BackendState)
    allowed = {(start, end): _may_go(start, end) for start in rows for end in columns}
    if output_format == "json":
        import json

        facts = [
            {"from": str(start), "to": str(end), "allowed": is_allowed}
            for (start, end), is_allowed in allowed.items()
        ]
        click.echo(json.dumps(facts, indent=2))
    elif old is not None and new is not None:
        _print_answer(rows[0], columns[0], allowed[rows[0], columns[0]])
    else:
        _print_table(rows, columns)
    return OK if new is None or all(allowed.values()) else INVALID


def _state(text: str, argument: str) -> BackendState:
    """The state of a name, in any case, or of a number."""
    from loadbalancer import BackendState, BackendStateError, get_backend_state

    from ..checking.expectations import listed
    from ..checking.suggestions import nearest

    names = [str(state) for state in BackendState]
    if not text:
        # On the wire an empty text means active; here it is a variable that was not set.
        message = f"it is empty. It is one of {listed(names)}."
        raise click.BadParameter(message, param_hint=f"'{argument}'")
    if text in [str(int(state)) for state in BackendState]:
        return BackendState(int(text))
    if text.lower() == str(BackendState.INVALID):
        return BackendState.INVALID
    try:
        return get_backend_state(text)
    except BackendStateError as error:
        meant = nearest(text, names)
        hint = f"Did you mean {meant}?" if meant else f"It is one of {listed(names)}."
        raise click.BadParameter(f"{error}. {hint}", param_hint=f"'{argument}'") from None


def _may_go(old: BackendState, new: BackendState) -> bool:
    from loadbalancer import is_valid_state_transition

    return is_valid_state_transition(old, new)


def _print_answer(old: BackendState, new: BackendState, is_allowed: bool) -> None:
    answer = ("allowed", "green") if is_allowed else ("not allowed", "bold red")
    parts = (
        (str(old), STATE_STYLES.get(str(old), "")),
        " -> ",
        (str(new), STATE_STYLES.get(str(new), "")),
    )
    Printer().line(*parts, ": ", answer)


def _print_table(rows: list[BackendState], columns: list[BackendState]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("from \\ to")
    for new in columns:
        table.add_column(str(new), header_style=STATE_STYLES.get(str(new), ""))
    for old in rows:
        marks = ["[green]yes[/]" if _may_go(old, new) else "[dim]-[/]" for new in columns]
        table.add_row(str(old), *marks)
    console_for(sys.stdout).print(table)
