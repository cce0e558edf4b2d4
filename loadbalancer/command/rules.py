"""`loadbalancer rules`: what each kind of finding means."""

from __future__ import annotations

import json

import click

from .exit_codes import OK
from .input.options import format_option
from .output.pager import paging
from .output.printing import Printer

__all__ = ["command"]


@click.command("rules", short_help="Explain the kinds of findings of an audit.")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@format_option
def command(kinds: tuple[str, ...], output_format: str) -> int:
    """Explain kinds of findings: what they mean, what to look at, and what to do about them.

    \b
    Examples:
      loadbalancer rules
      loadbalancer rules stale-backend
    """
    from ..audit.meanings import MEANINGS
    from ..checking.suggestions import nearest

    known = {str(kind): meaning for kind, meaning in MEANINGS.items()}
    for kind in kinds:
        if kind not in known:
            meant = nearest(kind, known)
            hint = f"Did you mean {meant}?" if meant else f"They are {', '.join(known)}."
            raise click.UsageError(f"there is no kind {kind!r}. {hint}")
    chosen = {kind: known[kind] for kind in kinds or known}
    if output_format == "json":
        document = {kind: meaning._asdict() for kind, meaning in chosen.items()}
        click.echo(json.dumps(document, indent=2))
        return OK
    with paging():
        printer = Printer()
        for kind, meaning in chosen.items():
            style = "bold red" if meaning.severity == "error" else "yellow"
            printer.line((f"{meaning.severity}: {kind}", style))
            printer.indented([meaning.text], 4)
            printer.indented(["Look at: ", meaning.next, "."], 4)
            printer.indented(["To do: ", meaning.remedy], 4)
            if meaning.issue:
                printer.indented([f"Seen in: cilium {meaning.issue}"], 4)
            printer.line()
    return OK
