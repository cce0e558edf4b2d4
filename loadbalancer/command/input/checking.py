"""Checking files one after another, or several at a time where that is quicker."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from ...checking.checker import Checker
from ...checking.kinds import Kind
from ...checking.problems import Problem
from ...checking.verdict import Verdict
from ..output.progress import Bar
from ..output.reporting import Reporter
from .sources import CannotRead, Source

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext
    from multiprocessing.process import BaseProcess

    from ...dumps.notes import Note

__all__ = ["Checks", "check_files"]

# With fewer bytes, processes take longer to start than they save.
_WORTH_PROCESSES = 4 << 20
# Each process holds a piece of its file and what was found so far.
_MOST_PROCESSES = 16
# Linux can begin processes as copies of this one, which has read its modules.
_START = "fork" if sys.platform == "linux" else "spawn"

Notes = Iterable[tuple[int | None, "Note"]]


@dataclass(frozen=True, slots=True)
class Checks:
    """What is looked for, as the options of `validate` have it."""

    kind: Kind | None
    strict_keys: bool
    is_strict: bool
    release: str | None
    allow_empty: bool = False

    def of(
        self,
        source: Source | CannotRead,
        on_read: Callable[[int], None],
        on_problem: Callable[[Problem], None],
        on_notes: Callable[[Notes], None],
    ) -> Verdict:
        """The verdict on a file; problems and notes are told as they are found."""
        checker = Checker(
            self.kind,
            strict_keys=self.strict_keys,
            is_strict=self.is_strict,
            looks_at_releases=True,
            release=self.release,
            allow_empty=self.allow_empty,
        )
        verdict = Verdict()
        try:
            if isinstance(source, CannotRead):
                raise source
            for checked in checker.check(source.chunks(on_read), source.name):
                verdict.add(checked)
                on_notes(checked.notes)
                for problem in checked.problems:
                    on_problem(problem)
        except CannotRead as error:
            verdict.unreadable = error.reason
        return verdict


@dataclass(slots=True)
class _Found:
    """What is found in a file, to be reported by another process."""

    verdict: Verdict = field(default_factory=Verdict)
    problems: list[Problem] = field(default_factory=list[Problem])
    left_out: int = 0
    notes: list[tuple[int | None, Note]] = field(default_factory=list[tuple[int | None, "Note"]])


@dataclass(frozen=True, slots=True)
class _Finding:
    """How a process checks files: what is looked for, and what of it will be reported."""

    checks: Checks
    max_problems: int
    wants_notes: bool

    def found(self, source: Source, on_read: Callable[[int], None]) -> _Found:
        found = _Found()

        def on_problem(problem: Problem) -> None:
            if self.max_problems and len(found.problems) >= self.max_problems:
                found.left_out += 1
            else:
                found.problems.append(problem)

        def on_notes(notes: Notes) -> None:
            if self.wants_notes:
                found.notes += notes

        found.verdict = self.checks.of(source, on_read, on_problem, on_notes)
        return found


def check_files(
    sources: Sequence[Source | CannotRead], checks: Checks, reporter: Reporter, bar: Bar
) -> Generator[tuple[Source | CannotRead, Verdict]]:
    """Each source with its verdict, in order, its problems and notes reported by then."""

    def on_problem(problem: Problem) -> None:
        bar.hide()
        reporter.problem(problem)

    workers = min(_processors(), len(sources), _MOST_PROCESSES) if _pays(sources) else 0
    finding = _Finding(checks, reporter.max_problems, reporter.wants_notes)
    with _team(sources, finding, workers) as team:
        for number, source in enumerate(sources):
            found = team.found(number, bar)
            if found is None:
                yield source, checks.of(source, bar.advance, on_problem, reporter.notes)
                continue
            for problem in found.problems:
                on_problem(problem)
            reporter.leave_out(found.left_out)
            reporter.notes(found.notes)
            yield source, found.verdict


def _pays(sources: Sequence[Source | CannotRead]) -> bool:
    """Whether several processes are quicker than one, and as good."""
    files = [source for source in sources if isinstance(source, Source)]
    # What can be read only once is left to this process, and what waits for it.
    if len(files) < 2 or _processors() < 2 or any(file.is_stream for file in files):
        return False
    return sum(file.size or 0 for file in files) >= _WORTH_PROCESSES


def _processors() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Team:
    """Processes that check one file after the other, by their connections.

    Each has a connection of its own and nothing in common with the others: whichever ends, for
    want of memory say, costs what it was about to tell, and that alone.
    """

    def __init__(self, sources: Sequence[Source | CannotRead]) -> None:
        numbered = enumerate(sources)
        self._left = deque((number, each) for number, each in numbered if isinstance(each, Source))
        self._busy: dict[Connection, int] = {}
        self._found: dict[int, _Found | None] = {}

    def found(self, number: int, bar: Bar) -> _Found | None:
        """What is found in the source of that number; None if this process has to look itself.

        Meanwhile the bar shows how much all of them have read.
        """
        while number not in self._found and self._busy:
            self._listen(bar)
        return self._found.pop(number, None)

    def hand_out(self, connection: Connection) -> None:
        """Have a process check the next file."""
        if self._left:
            number, source = self._left.popleft()
            self._busy[connection] = number
            # If it has ended, to listen tells.
            with suppress(OSError):
                connection.send(source)

    def _listen(self, bar: Bar) -> None:
        from multiprocessing.connection import wait

        for each in wait(list(self._busy)):
            connection = cast("Connection", each)
            try:
                told: int | _Found | None = connection.recv()
            except (EOFError, OSError):
                self._found[self._busy.pop(connection)] = None
                continue
            if isinstance(told, int):
                bar.advance(told)
            else:
                self._found[self._busy.pop(connection)] = told
                self.hand_out(connection)


@contextmanager
def _team(
    sources: Sequence[Source | CannotRead], finding: _Finding, workers: int
) -> Generator[_Team]:
    """So many processes, or as many as the system has to give; at last they are ended."""
    team = _Team(sources)
    processes: list[BaseProcess] = []
    connections: list[Connection] = []
    try:
        with suppress(OSError):
            for _ in range(workers):
                processes.append(_begun(finding, connections))
                team.hand_out(connections[-1])
        yield team
    finally:
        for process in processes:
            process.terminate()
            process.join()
        for connection in connections:
            connection.close()


def _begun(finding: _Finding, connections: list[Connection]) -> BaseProcess:
    """One more process; the connection to it is added to the others.

    Raises:
        OSError: the system has none to give.
    """
    from multiprocessing import get_context

    context = cast("SpawnContext", get_context(_START))
    ours, theirs = context.Pipe()
    connections.append(ours)
    # A copy of this process has these open as well: unless it closes them, nobody sees that the
    # other end is gone.
    copied = connections if _START == "fork" else []
    process = context.Process(target=_work, args=(theirs, copied, finding), daemon=True)
    with theirs:
        process.start()
    return process


def _work(connection: Connection, copied: Iterable[Connection], finding: _Finding) -> None:
    """What a process does: it is sent sources, and tells what it has read and what it finds."""
    import signal

    for each in copied:
        each.close()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Ctrl-C is for the command to tell, not for each of its processes.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The command has ended when it neither sends nor receives any more.
    with suppress(EOFError, OSError):
        while True:
            source = connection.recv()
            try:
                connection.send(finding.found(source, connection.send))
            except Exception:
                # Who looks again comes upon the same, and tells.
                connection.send(None)
