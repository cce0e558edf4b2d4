"""Measuring fairly: all contenders take turns, so that a busy moment hits them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]


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
