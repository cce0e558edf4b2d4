"""Checking files one after another, or several at a time where that is quicker."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...checking.checker import Checker
from ...checking.kinds import Kind
from ...checking.problems import Problem
from ...checking.verdict import Verdict
from ..output.progress import Bar
from ..output.reporting import Reporter
from .sources import CannotRead, Source

if TYPE_CHECKING:
    from concurrent.futures import Future
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
    most_diagnosed: int = 0

    def of(
        self,
        source: Source | CannotRead,
        on_read: Callable[[int], None],
        on_problem: Callable[[Problem], None],
        on_left_out: Callable[[int], None],
        on_notes: Callable[[Notes], None],
    ) -> Verdict:
        """Return the verdict on a file; problems and notes are told as they are found."""
        checker = Checker(
            self.kind,
            strict_keys=self.strict_keys,
            is_strict=self.is_strict,
            looks_at_releases=True,
            release=self.release,
            allow_empty=self.allow_empty,
            most_diagnosed=self.most_diagnosed,
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
                on_left_out(checked.undiagnosed)
        except CannotRead as error:
            verdict.unreadable = error.reason
        return verdict


def _ignore(_: int) -> None:
    """Another process has no bar to show how much was read."""


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

    def found(self, source: Source) -> _Found:
        found = _Found()

        def on_problem(problem: Problem) -> None:
            if self.max_problems and len(found.problems) >= self.max_problems:
                found.left_out += 1
            else:
                found.problems.append(problem)

        def on_left_out(count: int) -> None:
            found.left_out += count

        def on_notes(notes: Notes) -> None:
            if self.wants_notes:
                found.notes += notes

        found.verdict = self.checks.of(source, _ignore, on_problem, on_left_out, on_notes)
        return found


def check_files(
    sources: Sequence[Source | CannotRead], checks: Checks, reporter: Reporter, bar: Bar
) -> Generator[tuple[Source | CannotRead, Verdict]]:
    """Yield each source with its verdict, in order, its problems and notes reported by then."""

    def on_problem(problem: Problem) -> None:
        bar.hide()
        reporter.problem(problem)

    workers = min(_processors(), len(sources), _MOST_PROCESSES) if _pays(sources) else 0
    finding = _Finding(checks, reporter.max_problems, reporter.wants_notes)
    with _submitted(sources, finding, workers) as futures:
        for source in sources:
            found = _result(futures.get(source.name))
            if found is None:
                told = (on_problem, reporter.leave_out, reporter.notes)
                yield source, checks.of(source, bar.advance, *told)
                continue
            bar.advance((isinstance(source, Source) and source.size) or 0)
            for problem in found.problems:
                on_problem(problem)
            reporter.leave_out(found.left_out)
            reporter.notes(found.notes)
            yield source, found.verdict


def _pays(sources: Sequence[Source | CannotRead]) -> bool:
    """Return whether several processes are quicker than one, and as good."""
    files = [source for source in sources if isinstance(source, Source)]
    # What can be read only once is left to this process, and what waits for it.
    if len(files) < 2 or _processors() < 2 or any(file.is_stream for file in files):
        return False
    return sum(file.size or 0 for file in files) >= _WORTH_PROCESSES


def _processors() -> int:
    """Return how many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _submitted(
    sources: Sequence[Source | CannotRead], finding: _Finding, workers: int
) -> Generator[dict[str, Future[_Found]]]:
    """Have processes check the sources; they are ended with the context."""
    if not workers:
        yield {}
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children, get_context

    pool = ProcessPoolExecutor(workers, get_context(_START), initializer=_begin)
    futures: dict[str, Future[_Found]] = {}
    try:
        # If the system has no processes to give, this one does what is left.
        with suppress(OSError, BrokenProcessPool):
            for source in sources:
                if isinstance(source, Source):
                    futures[source.name] = pool.submit(finding.found, source)
        yield futures
    finally:
        for process in active_children():
            process.terminate()
        # Left to itself, the thread of the pool may close what Python uses when it exits.
        pool.shutdown(cancel_futures=True)


def _result(future: Future[_Found] | None) -> _Found | None:
    """Return what was found; None if this process has to look itself, and comes upon why."""
    if future is None:
        return None
    try:
        return future.result()
    except Exception:
        return None


def _begin() -> None:
    """Have a process end with the command, and leave Ctrl-C to it."""
    import signal
    from multiprocessing import parent_process
    from threading import Thread

    if (command := parent_process()) is not None:
        Thread(target=_end_with, args=(command,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_with(command: BaseProcess) -> None:
    command.join()
    os._exit(1)
