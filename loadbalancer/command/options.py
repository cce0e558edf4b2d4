"""Arguments and options that several subcommands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .kinds import Kind
from .sources import CannotRead, Source, find_sources, standard_input_if_piped

__all__ = ["as_option", "files_argument", "format_option", "kind_of_option"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_KINDS = {kind.name.lower(): kind for kind in Kind}


def _sources(
    context: click.Context, _: click.Parameter, arguments: tuple[str, ...]
) -> list[Source | CannotRead]:
    arguments = standard_input_if_piped(arguments)
    if not arguments and not context.resilient_parsing:
        raise click.UsageError("no FILE given, and nothing piped in (- is standard input)")
    return list(find_sources(arguments))


def files_argument(command: _Command) -> _Command:
    """FILE…: files, directories, glob patterns and `-`."""
    return click.argument(
        "sources",
        metavar="[FILE]...",
        nargs=-1,
        type=click.Path(allow_dash=True),
        callback=_sources,
    )(command)


def as_option(command: _Command) -> _Command:
    """--as KIND: what the values are, where it is not to be told by their keys."""
    return click.option(
        "--as",
        "kind_name",
        type=click.Choice(list(_KINDS)),
        help="What the values are. Else it is told by their keys.",
    )(command)


def kind_of_option(name: str | None) -> Kind | None:
    """The kind that `--as` asks for."""
    return _KINDS[name] if name else None


def format_option(command: _Command) -> _Command:
    """--format text|json: for people or for programs."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )(command)
