"""Several processes for the nodes of a large cluster, where the system has processors for them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

__all__ = ["in_processes"]

Part = TypeVar("Part")

# With fewer nodes, processes take longer to start than they save.
_WORTH_PROCESSES = 8
# Each holds a node at a time: a hundred megabytes and more.
_MOST_PROCESSES = 4
# Nodes that one process audits at a time: results come often enough for a progress bar.
_CHUNK = 4
# What a process calls: it is a copy of the command, with all that has been read by then.
_work: Callable[[Sequence[str]], Any] | None = None


def in_processes(
    names: Sequence[str], work: Callable[[Sequence[str]], Part], begin: Callable[[], None]
) -> Iterator[Part]:
    """Yield what `work` returns for the names, in their order and a few at a time.

    Args:
        names: what there is to do.
        work: called with some of the names, perhaps in a copy of this process.
        begin: called first in each copy.
    """
    global _work
    chunks = [names[at : at + _CHUNK] for at in range(0, len(names), _CHUNK)]
    workers = min(_processors(), len(chunks), _MOST_PROCESSES)
    if len(names) < _WORTH_PROCESSES or workers < 2:
        yield from map(work, chunks)
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    _work = work
    pool = ProcessPoolExecutor(workers, get_context("fork"), begin)
    try:
        futures: list[Future[Part]] = [pool.submit(_call, chunk) for chunk in chunks]
        for chunk, future in zip(chunks, futures, strict=True):
            # What went wrong goes wrong here as well, and is reported from here.
            yield work(chunk) if future.exception() else future.result()
    finally:
        _work = None
        pool.shutdown(wait=False, cancel_futures=True)
        for process in active_children():
            process.terminate()


def _call(chunk: Sequence[str]) -> Any:
    assert _work is not None
    return _work(chunk)


def _processors() -> int:
    """Return how many processors this process may use; copies are made on Linux alone."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
