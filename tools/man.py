"""Write the manual page of the command, made of its help: `python tools/man.py FILE`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from loadbalancer import __version__
from loadbalancer.command.app import app

__all__ = ["manual"]

_SEE_ALSO = "cilium(1), cilium-dbg(1), kubectl(1)"


def manual() -> str:
    """Return the page in roff, for man(1)."""
    root = app.make_context("loadbalancer", [], resilient_parsing=True)
    lines = [
        f'.TH LOADBALANCER 1 "" "cilium-loadbalancer {__version__}" "User Commands"',
        *(".SH NAME", r"loadbalancer \- check, show, convert, compare and audit Cilium services"),
        *(".SH SYNOPSIS", ".B loadbalancer", _text(" ".join(app.collect_usage_pieces(root)))),
        *(".SH DESCRIPTION", *_paragraphs(app.help or "")),
        *(".SH OPTIONS", *_options(app, root)),
        ".SH COMMANDS",
    ]
    for name in app.list_commands(root):
        command = app.get_command(root, name)
        assert command is not None
        context = command.make_context(name, [], parent=root, resilient_parsing=True)
        usage = " ".join(command.collect_usage_pieces(context))
        lines += [f".SS loadbalancer {name} {_text(usage)}", *_paragraphs(command.help or "")]
        lines += [".P", *_options(command, context)]
    return "\n".join([*lines, ".SH SEE ALSO", _text(_SEE_ALSO), ""])


def _paragraphs(help_text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text; those that Click does not wrap are kept as they are."""
    for paragraph in help_text.split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        if lines[0].strip() == "\b":
            yield from (".P", ".nf", *map(_text, lines[1:]), ".fi")
        else:
            yield from (".P", *(_text(line.strip()) for line in lines))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for each in command.get_params(context):
        record = each.get_help_record(context) if isinstance(each, click.Option) else None
        if record is not None:
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))


def _text(text: str) -> str:
    """Escape what roff takes for something else: backslashes, minus signs, dots and quotes."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("…", "...")
    return re.sub(r"^(\s*)([.'])", r"\1\\&\2", escaped)


if __name__ == "__main__":
    Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
    Path(sys.argv[1]).write_text(manual(), encoding="utf-8")
