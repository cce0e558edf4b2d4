"""Arguments and options that several subcommands have."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ...checking.kinds import Kind
from ...checking.suggestions import nearest
from .sources import CannotRead, Source, find_sources, standard_input_if_piped

__all__ = [
    "AddressText",
    "Choice",
    "LibraryEnum",
    "agent_option",
    "as_option",
    "files_argument",
    "format_option",
    "kind_of_option",
    "report_format_option",
]


class Choice(click.Choice[str]):
    """One of several words; of any other, the error says which one was probably meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """The words there are, and the nearest one."""
        meant = nearest(str(value), self.choices)
        hint = f" Did you mean {meant!r}?" if meant else ""
        return super().get_invalid_choice_message(value, ctx) + hint


_Command = TypeVar("_Command", bound=Callable[..., Any])
_READ_SYSDUMPS = ("list",)
_KINDS = {kind.name.lower(): kind for kind in Kind if kind is not Kind.STATE_UPDATE}


def _sources(
    context: click.Context, _: click.Parameter, arguments: tuple[str, ...]
) -> list[Source | CannotRead]:
    if context.params.get("agent") is None:
        arguments = standard_input_if_piped(arguments)
    is_asked = context.params.get("agent") is not None
    if not (arguments or is_asked or context.resilient_parsing):
        raise click.UsageError("no FILE given, and nothing piped in (- is standard input)")
    if context.command.name in _READ_SYSDUMPS:
        from .node_sources import find_dumps

        return list(find_dumps(arguments))
    return list(find_sources(arguments))


def files_argument(command: _Command) -> _Command:
    """FILE…: files, directories, glob patterns and `-`; of some commands sysdumps, too."""
    return click.argument(
        "sources",
        metavar="[FILE]...",
        nargs=-1,
        type=click.Path(allow_dash=True),
        callback=_sources,
    )(command)


def agent_option(command: _Command) -> _Command:
    """--agent SOCKET: ask the agent of this node."""
    return click.option(
        "--agent",
        metavar="SOCKET",
        is_eager=True,
        help="Ask the agent of this node over its socket, /var/run/cilium/cilium.sock.",
    )(command)


def as_option(command: _Command) -> _Command:
    """--as KIND: what the values are, if their keys are not to decide it."""
    return click.option(
        "--as",
        "kind_name",
        type=Choice(list(_KINDS)),
        help="What the values are. By default their keys decide it.",
    )(command)


def kind_of_option(name: str | None) -> Kind | None:
    """The kind that `--as` asks for."""
    return _KINDS[name] if name else None


def format_option(command: _Command) -> _Command:
    """--format text|json: for people or for programs."""
    return click.option(
        "--format",
        "output_format",
        type=Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )(command)


def report_format_option(*more: str) -> Callable[[_Command], _Command]:
    """--format of a command that reports: as `format_option`, and for CI systems."""
    from ...reports.ci import FORMATS

    return click.option(
        "--format",
        "output_format",
        type=Choice(["text", "json", "concise", *FORMATS, *more]),
        default="text",
        show_default=True,
        help="For people, for programs, or for CI systems.",
    )


if TYPE_CHECKING:
    _TextParam = click.ParamType[str]
else:
    _TextParam = click.ParamType


class AddressText(_TextParam):
    """An IP address, alone or with port; it becomes the text that the domain prints for it."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The canonical text; an error if it is not an address."""
        from loadbalancer import AddrCluster, AddressError, L3n4Addr, LoadBalancerError

        try:
            return str(AddrCluster.parse(value))
        except AddressError as error:
            reason = error
        try:
            address = L3n4Addr.parse(value)
        except LoadBalancerError:
            self.fail(f"{value!r} is neither IP nor IP:port: {reason}", param, ctx)
        has_protocol = address.protocol != "NONE"
        return address.string_with_protocol() if has_protocol else str(address)


if TYPE_CHECKING:
    _EnumParam = click.ParamType[StrEnum]
else:
    # It takes no type arguments before Click 8.3.
    _EnumParam = click.ParamType


class LibraryEnum(_EnumParam):
    """A member of one of the library's text enums, except NONE, by its value in any case."""

    def __init__(self, enum_name: str, noun: str) -> None:
        self.name = noun.upper()
        self._enum_name = enum_name

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> StrEnum:
        """The member of that value; an unknown value is an error that lists the values."""
        members = self._members()
        for name, member in members.items():
            if name.lower() == value.lower():
                return member
        meant = nearest(value, members)
        hint = f"Did you mean {meant}?" if meant else f"It is one of {', '.join(members)}."
        self.fail(f"there is no {self.name.lower()} {value!r}. {hint}", param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The values that begin like this."""
        names = self._members()
        return [
            CompletionItem(each) for each in names if each.lower().startswith(incomplete.lower())
        ]

    def _members(self) -> dict[str, StrEnum]:
        # Loaded when it is asked for: most runs of the command never do.
        members: type[StrEnum] = getattr(import_module("loadbalancer"), self._enum_name)
        return {each.value: each for each in members if each.name != "NONE"}
