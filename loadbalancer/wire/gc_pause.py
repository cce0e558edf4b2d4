"""Pausing Python's cyclic garbage collector while very many objects are made.

The collector looks through new objects again and again as they become more; none of ours is
garbage. This is the one place of the package that touches state of the whole process.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["gc_paused"]

_lock = threading.Lock()
_pauses = 0
_was_enabled = True


@contextmanager
def gc_paused(wanted: bool = True) -> Generator[None]:
    """Pause the collector for all threads, if wanted.

    Pauses may overlap, in one thread or several: the collector goes on when the last one
    ends, however it ends, and stays off if it was off before.
    """
    if not wanted:
        yield
        return
    _pause()
    try:
        yield
    finally:
        _resume()


def _pause() -> None:
    global _pauses, _was_enabled
    with _lock:
        if not _pauses:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1


def _resume() -> None:
    global _pauses
    with _lock:
        _pauses -= 1
        if _pauses or not _was_enabled:
            return
        # The collector would begin with a look through all that has been made meanwhile. In
        # and out of the permanent generation it comes to be among the oldest objects at once;
        # unless the program keeps objects there, which would be lost.
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        gc.enable()
