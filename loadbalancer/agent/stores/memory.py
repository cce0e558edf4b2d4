"""A store in memory: nothing outlives the process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from .base import Transaction, View
from .tables import Changes, Tables

__all__ = ["MemoryStore"]

T = TypeVar("T")


class MemoryStore:
    """Keeps services in this process.

    Writers go one after the other. Readers wait for none of them while its function runs,
    only for the moment in which what it wrote becomes visible, all at once.
    """

    blocks = False

    def __init__(self) -> None:
        self._write_lock = Lock()
        self._lock = Lock()
        self._tables = Tables()

    def read(self, function: Callable[[View], T]) -> T:
        """What the function makes of a consistent view."""
        with self._lock:
            return function(self._tables)

    def service_json_at_once(self, id: int) -> bytes | None:
        """The service of that id as it is listed: it never waits."""
        with self._lock:
            return self._tables.service_json(id)

    def write(self, function: Callable[[Transaction], T]) -> T:
        """What the function returns; if it raises, nothing of what it wrote is stored."""
        with self._write_lock:
            changes = Changes(self._tables)
            result = function(changes)
            with self._lock:
                changes.apply()
            return result

    def close(self) -> None:
        """Nothing to do."""
