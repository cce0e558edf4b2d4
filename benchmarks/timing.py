"""Measuring fairly: all contenders take turns, so that a busy moment hits them alike."""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

Work = Callable[[], object]
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Measured:
    """Seconds for one run of a piece of work, and how it compares with the first one."""

    name: str
    seconds: float
    ratio: float


def compare(works: Mapping[str, Work], *, rounds: int, loops: int = 1) -> list[Measured]:
    """Run each piece of work `loops` times in each of `rounds`, by turns; medians of both.

    The ratio is the median over the rounds of the ratio to the first piece in that round.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(_time(work, loops))
    first = next(iter(times.values()))
    return [
        Measured(
            name,
            statistics.median(each) / loops,
            statistics.median(a / b for a, b in zip(each, first, strict=True)),
        )
        for name, each in times.items()
    ]


def _time(work: Work, loops: int) -> float:
    # What the work before has left behind is not this one's to pay for.
    gc.collect()
    result: object = None
    start = time.perf_counter()
    for _ in range(loops):
        result = work()
    seconds = time.perf_counter() - start
    # Freeing the result is part of nothing that is measured.
    del result
    return seconds


def in_a_new_process(
    work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Call a function where nothing has been done before.

    What has been, and what of it is alive, shows for long in how a heap is laid out and in how
    often the garbage collector looks at it: `json.loads` may take a third less time, and what
    walks through many objects half as much more.
    """
    sys.stdout.flush()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()
