"""What was called when, and whether one order of all calls explains what they returned.

Of a variable to which no value is written twice this can be seen from the zones of its values
(Gibbons and Korach, Testing Shared Memories, 1997).
"""

from __future__ import annotations

import threading
import time
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import inf

__all__ = ["Call", "History"]


@dataclass(frozen=True)
class Call:
    """A write of a value, or a read that returned it."""

    is_write: bool
    value: Hashable
    start: float
    end: float
    """Infinite for a write that was not acknowledged: it may take place at any time."""


class History:
    """Calls of many threads on many variables."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[Hashable, list[Call]] = defaultdict(list)

    def add(self, name: Hashable, call: Call) -> None:
        with self._lock:
            self._calls[name].append(call)

    def write(self, name: Hashable, value: Hashable, call: Callable[[], bool | None]) -> bool:
        """Make a call that writes: True if it was acknowledged, None if that is not known."""
        start = time.monotonic()
        done: bool | None = None
        try:
            done = call()
        finally:
            if done is not False:
                end = time.monotonic() if done else inf
                self.add(name, Call(True, value, start, end))
        return bool(done)

    def __len__(self) -> int:
        return sum(map(len, self._calls.values()))

    def problems(self) -> list[str]:
        """What no order explains; empty if the history is linearizable."""
        return [
            f"{name}: {problem}"
            for name, calls in self._calls.items()
            for problem in _problems(calls)
        ]


@dataclass(frozen=True)
class Zone:
    """All calls on one value: when the first of them had ended, and the last had begun.

    If the first end is before the last start, the value was there all that time. Else there is
    a moment in between at which all of the calls may have taken place.
    """

    value: Hashable
    first_end: float
    last_start: float


def _problems(calls: Iterable[Call]) -> Iterable[str]:
    calls_on: dict[Hashable, list[Call]] = defaultdict(list)
    # What was there before the first call.
    calls_on[None].append(Call(True, None, -inf, -inf))
    for each in calls:
        calls_on[each.value].append(each)
    forward: list[Zone] = []
    backward: list[Zone] = []
    for value, found in calls_on.items():
        write = next((each for each in found if each.is_write), None)
        if write is None:
            yield f"{value!r} was read and never written"
            continue
        first_end = min(each.end for each in found)
        if first_end < write.start:
            yield f"{value!r} was read before it was written"
        last_start = max(each.start for each in found)
        zones = forward if first_end < last_start else backward
        zones.append(Zone(value, first_end, last_start))
    forward.sort(key=lambda zone: zone.first_end)
    for one, other in pairwise(forward):
        if other.first_end < one.last_start:
            yield f"{one} and {other} were there in turns"
    for zone in backward:
        at = bisect(forward, zone.last_start, key=lambda each: each.first_end) - 1
        if at >= 0 and zone.first_end < forward[at].last_start:
            yield f"{zone} was there in the middle of {forward[at]}"
