"""Lines of text for people: coloured in a terminal, plain everywhere else.

A line is made of parts, each a text or a text with a style; without colour it is just the
texts. Rich, which knows what a terminal can do, is loaded for terminals alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Literal, TextIO

import click

from ...errors import visible

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "STATE_STYLES",
    "Part",
    "Printer",
    "complain",
    "console_for",
    "visible",
    "writer_of_data",
]

Part = str | tuple[str, str]
"""A text, or a text and its style."""

# Of the words in `domain.backend_state.STATE_WORDS`; a test compares them.
STATE_STYLES = {
    "active": "green",
    "terminating": "yellow",
    "quarantined": "red",
    "maintenance": "magenta",
}

_INDENT = "    "


class Printer:
    """Prints lines to a stream, in colour if it is a terminal that has colours, or if asked to."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self.is_styled = self.is_terminal or _wants_colour() is True
        self._console = console_for(self.stream) if self.is_styled else None

    @property
    def width(self) -> int | None:
        """The columns of the terminal; None if the stream is not a terminal."""
        return self._console.width if self._console and self.is_terminal else None

    def line(self, *parts: Part) -> None:
        """Print one line."""
        if self._console is None or not self._console.color_system:
            texts = [part if isinstance(part, str) else part[0] for part in parts]
            self.stream.write("".join(texts) + "\n")
            return
        from rich.text import Text

        self._console.print(Text.assemble(*parts), soft_wrap=True)

    def paragraph(self, *parts: Part) -> None:
        """Print a line that is indented, and in a terminal wrapped between words."""
        if self._console is None or not self.is_terminal:
            self.line(_INDENT, *parts)
            return
        from rich.text import Text

        text = Text.assemble(*parts)
        for each in text.wrap(self._console, self._console.width - len(_INDENT)):
            each.rstrip()
            self._console.print(Text(_INDENT) + each, soft_wrap=True)

    def indented(self, parts: Sequence[Part], indent: int = 0, hanging: int = 0) -> None:
        """Print a line behind blanks, and in a terminal wrapped between words.

        Further lines are indented by `hanging` columns more.
        """
        if self._console is None or not self.is_terminal or not indent:
            self.line(" " * indent, *parts)
            return
        from rich.text import Text

        width = max(20, self._console.width - indent - hanging)
        for number, each in enumerate(Text.assemble(*parts).wrap(self._console, width)):
            each.rstrip()
            blanks = " " * (indent + (hanging if number else 0))
            self._console.print(Text(blanks) + each, soft_wrap=True)

    def lines(self, texts: Iterable[str]) -> None:
        """Print many plain lines, a thousand at once: one by one took a tenth of `list`."""
        left = iter(texts)
        while some := list(islice(left, 1000)):
            self.stream.write("\n".join([*some, ""]))


def console_for(stream: TextIO) -> Console:
    """A console of Rich's: without colours if they are off, and ending as the command does."""
    from rich.console import Console

    class QuietConsole(Console):
        def on_broken_pipe(self) -> None:
            # Rich would end the process by itself.
            raise BrokenPipeError

    wanted = _wants_colour()
    if wanted:
        return QuietConsole(
            file=stream,
            force_terminal=True,
            color_system="standard",
            no_color=False,
            highlight=False,
        )
    # With no_color alone, Rich would leave bold and dim.
    system: Literal["auto"] | None = "auto" if wanted is None else None
    return QuietConsole(file=stream, color_system=system, highlight=False)


def _wants_colour() -> bool | None:
    """Whether --color, or else NO_COLOR or FORCE_COLOR, ask for colours; None if nothing does."""
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def writer_of_data() -> Callable[[str], object]:
    """What writes data to standard output as it is, but to a terminal without control characters.

    There, they are the escapes of JSON, which mean the same in JSON and YAML.
    """
    write = sys.stdout.write
    return (lambda text: write(_escaped(text))) if sys.stdout.isatty() else write


def _escaped(text: str) -> str:
    import json

    return "".join(
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    ).replace("\x7f", r"\u007f")


def complain(message: str) -> None:
    """Say on standard error why something could not be done."""
    sys.stdout.flush()
    Printer(sys.stderr).line("loadbalancer: ", visible(message))
    sys.stderr.flush()
