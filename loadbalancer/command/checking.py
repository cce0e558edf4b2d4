"""Checking files one after another, or several at a time where that is quicker."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ..payloads.checker import Checker
from ..payloads.kinds import Kind
from ..payloads.problems import Problem
from ..payloads.sources import CannotRead, Source
from ..payloads.verdict import Verdict
from .progress import Bar
from .reporting import Reporter

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.context import BaseContext
    from multiprocessing.sharedctypes import Synchronized

    from ..payloads.dialects.dump import Note

__all__ = ["Checks", "check_files"]

# With fewer bytes, processes take longer to start than they save.
_WORTH_PROCESSES = 4 << 20
# Each process holds a piece of its file and what was found so far.
_MOST_PROCESSES = 16
_LOOK_SECONDS = 0.1
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

    max_problems: int
    verdict: Verdict = field(default_factory=Verdict)
    problems: list[Problem] = field(default_factory=list[Problem])
    left_out: int = 0
    notes: list[tuple[int | None, Note]] = field(default_factory=list[tuple[int | None, "Note"]])

    def problem(self, problem: Problem) -> None:
        if self.max_problems and len(self.problems) >= self.max_problems:
            self.left_out += 1
        else:
            self.problems.append(problem)


class _Pool(NamedTuple):
    """Processes that check files."""

    executor: ProcessPoolExecutor
    read: Synchronized[int]
    """How many bytes all of them have read."""


def check_files(
    sources: Sequence[Source | CannotRead], checks: Checks, reporter: Reporter, bar: Bar
) -> Generator[tuple[Source | CannotRead, Verdict]]:
    """Each source with its verdict, in order, its problems and notes reported by then."""

    def on_problem(problem: Problem) -> None:
        bar.hide()
        reporter.problem(problem)

    if not _pays(sources):
        for source in sources:
            yield source, checks.of(source, bar.advance, on_problem, reporter.notes)
        return
    for source, found in _found(sources, partial(_find, checks, reporter.max_problems), bar):
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


def _found(
    sources: Sequence[Source | CannotRead],
    find: Callable[[Source], _Found],
    bar: Bar,
) -> Generator[tuple[Source | CannotRead, _Found | None]]:
    """Each source with what processes find in it; None where none of them can tell."""
    from concurrent.futures.process import BrokenProcessPool

    with _processes(min(_processors(), len(sources), _MOST_PROCESSES)) as pool:

        def begun(source: Source | CannotRead) -> Future[_Found] | None:
            if pool is not None and isinstance(source, Source):
                with suppress(BrokenProcessPool, OSError):
                    return pool.executor.submit(find, source)
            return None

        waiting = deque([(source, begun(source)) for source in sources])
        while waiting:
            source, future = waiting.popleft()
            found = None
            # One of them may have been ended, for want of memory say.
            with suppress(BrokenProcessPool):
                if pool is not None and future is not None:
                    found = _awaited(future, pool.read, bar)
            yield source, found


@contextmanager
def _processes(workers: int) -> Generator[_Pool | None]:
    """So many processes, or None if the system has no means for them.

    They are ended when nobody waits for what they find any more.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context: BaseContext = multiprocessing.get_context(_START)
    others = multiprocessing.active_children()
    try:
        read = context.Value("q", 0)
        pool = ProcessPoolExecutor(workers, context, _begin_worker, (read,))
    except (ImportError, NotImplementedError, OSError):
        yield None
        return
    try:
        yield _Pool(pool, read)
    finally:
        # First, for nobody to wait for what is not wanted any more.
        for process in multiprocessing.active_children():
            if process not in others:
                process.terminate()
        pool.shutdown(cancel_futures=True)


def _awaited(future: Future[_Found], read: Synchronized[int], bar: Bar) -> _Found:
    """The result of a process; meanwhile the bar shows how far all of them are."""
    from concurrent.futures import wait

    is_done = False
    while not is_done:
        is_done = bool(wait([future], _LOOK_SECONDS).done)
        bar.advance(read.value - bar.read)
    return future.result()


_read: Any = None
"""In a worker: how many bytes all of them have read."""


def _begin_worker(read: Synchronized[int]) -> None:
    import signal
    from multiprocessing import parent_process
    from threading import Thread

    global _read
    _read = read
    # Who presses Ctrl-C wants no word from each process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    Thread(target=end_with_parent, daemon=True).start()


def _find(checks: Checks, max_problems: int, source: Source) -> _Found:
    """What is found in a file, by a worker."""
    found = _Found(max_problems)

    def on_read(count: int) -> None:
        with _read.get_lock():
            _read.value += count

    found.verdict = checks.of(source, on_read, found.problem, found.notes.extend)
    return found
