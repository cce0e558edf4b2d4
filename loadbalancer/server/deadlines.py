"""A time limit that all tasks of an event loop share."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["Deadlines"]

Task = asyncio.Task[Any]
Begun = tuple[float, int]


class Deadlines:
    """Cancels what takes longer than so many seconds, as `asyncio.timeout` does.

    The time is the same for all: who began first is late first, and one timer is enough. To set
    a timer for each takes a twentieth of a PUT.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # When, and how often others had asked the task to end by then.
        self._begun: dict[Task, Begun] = {}
        self._late: dict[Task, Begun] = {}
        self._watched: asyncio.AbstractEventLoop | None = None

    def begin(self) -> Task:
        """The current task's time runs from now on, until its `end`."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        if loop is not self._watched:
            # Of a loop that has been closed nobody will come any more.
            self._begun.clear()
            self._watch(loop, self._seconds)
        self._begun[task] = loop.time(), task.cancelling()
        return task

    def end(self, task: Task) -> bool:
        """Its time runs no longer. Returns whether it was late, and cancelled for that alone."""
        if self._begun.pop(task, None) is not None:
            return False
        late = self._late.pop(task, None)
        return late is not None and task.uncancel() <= late[1]

    def _watch(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._watched = loop
        loop.call_later(seconds, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel those who are late, and come again when the next one may be."""
        if loop is not self._watched:
            return
        self._watched = None
        while self._begun:
            task, begun = next(iter(self._begun.items()))
            left = begun[0] + self._seconds - loop.time()
            if left > 0:
                self._watch(loop, left)
                return
            self._late[task] = self._begun.pop(task)
            task.cancel()
