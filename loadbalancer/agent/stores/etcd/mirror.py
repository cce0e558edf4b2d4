"""The tables of one replica, and up to which change they are."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from ..base import View
from ..tables import Changes, Tables
from .entries import Change, Head

__all__ = ["DivergedError", "Mirror"]

T = TypeVar("T")

_IDS_KEPT = 10_000


class DivergedError(Exception):
    """What is stored is not what follows on what the mirror has: it has to be loaded afresh."""


class Mirror:
    """What is stored, up to a change. It moves forward one change after the other.

    Two locks, always taken in this order: `_moving` for as long as a rule reads the tables or
    while a change is put in, `_lock` for the moment in which readers may not look.
    """

    def __init__(self) -> None:
        self._moving = Lock()
        self._lock = Lock()
        self._tables = Tables()
        self._head = Head()
        self._ids: dict[int, str] = {0: ""}

    @property
    def head(self) -> Head:
        """The last change that the tables hold."""
        return self._head

    def id_of(self, number: int) -> str | None:
        """The id of a change that was put in, if it is remembered."""
        return self._ids.get(number)

    def read(self, function: Callable[[View], T]) -> T:
        """What the function makes of the tables."""
        with self._lock:
            return function(self._tables)

    @contextmanager
    def transaction(self) -> Generator[tuple[Head, Changes]]:
        """A transaction on the tables, which stay as they are as long as it is used."""
        with self._moving:
            yield self._head, Changes(self._tables)

    def put_in(self, changes: Iterable[tuple[Head, Change]]) -> None:
        """Put in what follows on the last change; what is there already is left out.

        Raises:
            DivergedError: one of them does not follow on what was put in before.
        """
        for head, change in changes:
            with self._moving:
                if self._is_there(head):
                    continue
                if (head.number, change.after) != (self._head.number + 1, self._head.id):
                    raise DivergedError
                self._apply(head, change.onto(self._tables))

    def put_in_own(self, after: Head, head: Head, changes: Changes) -> None:
        """Put in a transaction that was made here, unless a reader has come first."""
        with self._moving:
            if self._head is after:
                self._apply(head, changes)

    def check(self, head: Head) -> None:
        """Check that what was put in as the change of that number is that change.

        Raises:
            DivergedError: it is not.
        """
        if self._ids.get(head.number, head.id) != head.id:
            raise DivergedError

    def start_over(self, head: Head, tables: Tables) -> None:
        """Take other tables."""
        with self._moving, self._lock:
            self._tables, self._head = tables, head
            self._ids = {head.number: head.id}

    def everything(self) -> tuple[Head, Changes]:
        """A copy of the tables, as the transaction that makes them of empty ones."""
        with self._moving:
            return self._head, self._tables.everything()

    def _is_there(self, head: Head) -> bool:
        self.check(head)
        return head.number <= self._head.number

    def _apply(self, head: Head, changes: Changes) -> None:
        with self._lock:
            changes.apply()
            self._head = head
        self._ids[head.number] = head.id
        self._ids.pop(head.number - _IDS_KEPT, None)
