"""Measuring fairly: contenders take turns, so that a busy moment hits them alike."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

__all__ = ["Work", "command_seconds", "in_a_new_process", "peak_megabytes", "ratio", "seconds"]

Work = Callable[[], object]
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def ratio(work: Work, base: Work, *, rounds: int = 9, loops: int = 1) -> float:
    """Return how many times its base a piece of work takes: the median over rounds by turns."""
    work()
    base()
    return statistics.median(seconds(work, loops) / seconds(base, loops) for _ in range(rounds))


def seconds(work: Work, loops: int = 1) -> float:
    """Return the processor time of some runs. Freeing the last result is no part of it."""
    # What the work before has left behind is not this one's to pay for.
    gc.collect()
    result: object = None
    start = time.process_time()
    for _ in range(loops):
        result = work()
    taken = time.process_time() - start
    del result
    return taken


def command_seconds(arguments: Sequence[str], folder: Path, *, rounds: int = 5) -> float:
    """Return the processor time of a command and its processes: the median."""
    times: list[float] = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{arguments}: exit code {done.returncode}")
    return statistics.median(times)


def peak_megabytes() -> float:
    """Return how much memory this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_a_new_process(
    work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Call a function where nothing has been done before.

    What has been, and what of it is alive, shows for long in how a heap is laid out and in how
    often the garbage collector looks at it.
    """
    sys.stdout.flush()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()
