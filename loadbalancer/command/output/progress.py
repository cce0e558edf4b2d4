"""A bar on standard error that shows how much of the input has been read."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..input.sources import CannotRead, Source

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Bar", "counting_bar", "reading_bar"]

# Reading that takes no longer than this needs no bar.
_PATIENCE = 0.5


class Bar:
    """A bar that comes up once reading has taken a while, if there is a terminal for it."""

    def __init__(self, total: int | None, *, is_terminal: bool, noun: str = "") -> None:
        self._total = total
        self._noun = noun
        self.read = 0
        """How many bytes have been read."""
        self._is_terminal = is_terminal
        self._start: float | None = None
        self._progress: Progress | None = None

    def advance(self, count: int) -> None:
        """Count bytes that have been read."""
        self.read += count
        if not self._is_terminal:
            return
        now = time.monotonic()
        self._start = now if self._start is None else self._start
        if now - self._start < _PATIENCE:
            return
        if self._progress is None:
            self._progress = _counting(self._noun) if self._noun else _progress()
            self._progress.add_task("reading", total=self._total)
        self._progress.start()
        self._progress.update(self._progress.task_ids[0], completed=self.read)

    def hide(self) -> None:
        """Make room for other output, until more has been read."""
        if self._progress is not None:
            self._progress.stop()


@contextmanager
def reading_bar(sources: Iterable[Source | CannotRead], *, wanted: bool = True) -> Generator[Bar]:
    """The bar of reading these sources; it never shows if standard error is not a terminal."""
    is_terminal = wanted and sys.stderr.isatty()
    total: int | None = None
    if is_terminal:
        sizes = [source.size for source in sources if isinstance(source, Source)]
        total = sum(filter(None, sizes)) if None not in sizes else None
    bar = Bar(total, is_terminal=is_terminal)
    try:
        yield bar
    finally:
        bar.hide()


@contextmanager
def counting_bar(noun: str, total: int | None = None) -> Generator[Bar]:
    """The bar of doing something with so many things, such as nodes."""
    bar = Bar(total, is_terminal=sys.stderr.isatty(), noun=noun)
    try:
        yield bar
    finally:
        bar.hide()


def _counting(noun: str) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn(noun),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
