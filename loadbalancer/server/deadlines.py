"""A time limit that all tasks of an event loop share."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["Deadlines"]

Loop = asyncio.AbstractEventLoop
Task = asyncio.Task[Any]


class Deadlines:
    """Cancels what takes longer than so many seconds, as `asyncio.timeout` does.

    The time is the same for all: who began first is late first, and one timer is enough. To set
    a timer for each takes a twentieth of a PUT. An application may be used from several loops:
    each has its own.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loops: WeakKeyDictionary[Loop, _OfLoop] = WeakKeyDictionary()
        # Mostly it is the same as before, and found quicker.
        self._last: tuple[Loop | None, _OfLoop] = None, _OfLoop(seconds)

    def here(self) -> _OfLoop:
        """Those of the event loop that runs."""
        loop = asyncio.get_running_loop()
        last, found = self._last
        if loop is not last:
            found = self._loops.setdefault(loop, _OfLoop(self._seconds))
            self._last = loop, found
        return found


class _OfLoop:
    """The tasks of one event loop, which alone calls this."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # When, and how often others had asked the task to end by then.
        self._begun: dict[Task, tuple[float, int]] = {}
        self._late: dict[Task, int] = {}
        self._is_watching = False

    def begin(self) -> Task:
        """The current task's time runs from now on, until its `end`."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        if not self._is_watching:
            self._watch(loop, self._seconds)
        self._begun[task] = loop.time(), task.cancelling()
        return task

    def end(self, task: Task) -> bool:
        """Its time runs no longer. Returns whether it was late, and cancelled for that alone."""
        if self._begun.pop(task, None) is not None:
            return False
        cancelling = self._late.pop(task, None)
        return cancelling is not None and task.uncancel() <= cancelling

    def _watch(self, loop: Loop, seconds: float) -> None:
        self._is_watching = True
        loop.call_later(seconds, self._look, loop)

    def _look(self, loop: Loop) -> None:
        """Cancel those who are late, and come again when the next one may be."""
        self._is_watching = False
        while self._begun:
            task, (at, cancelling) = next(iter(self._begun.items()))
            left = at + self._seconds - loop.time()
            if left > 0:
                self._watch(loop, left)
                return
            del self._begun[task]
            self._late[task] = cancelling
            task.cancel()
