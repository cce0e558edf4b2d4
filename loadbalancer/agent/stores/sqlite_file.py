"""The file of a SQLite store: whether it is still there, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .base import StoreBusyError, StoreError

__all__ = ["DatabaseFile", "is_busy", "translated", "translated_errors"]

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class DatabaseFile:
    """The file that a store has opened, to notice when another one takes its place, or none.

    SQLite does not: it goes on with a deleted file, which is gone for good when it is closed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._identity = _identity(path)
        # The log of a file that is not there is for that file, should it come back.
        self._log_identity = _identity(self._log) if self.is_there else None

    @property
    def is_there(self) -> bool:
        """Whether there was a file."""
        return self._identity is not None

    def check(self) -> None:
        """Make sure that it is there.

        Raises:
            StoreError: it is not.
        """
        if _identity(self._path) != self._identity:
            raise StoreError(f"{self._path} was deleted while it was written to")

    def is_replaced(self) -> bool:
        """Whether another file is in its place, which can be opened.

        Raises:
            StoreError: there is none, or it stands beside the log of the file before it.
        """
        found = _identity(self._path)
        if found is not None and found == self._identity:
            return False
        if found is None:
            raise StoreError(
                f"{self._path} has been deleted: put it back, or start anew without services"
            )
        if self._log_identity is not None and _identity(self._log) == self._log_identity:
            raise StoreError(
                f"{self._path} has been replaced, but {self._log.name} belongs to the file "
                "before it: move that away"
            )
        return True


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def is_busy(error: sqlite3.Error) -> bool:
    """Whether others hold a lock: the same may succeed later."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


@contextmanager
def translated_errors(path: Path) -> Generator[None]:
    """Raise what goes wrong with the database as a StoreError, in words of its own."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise translated(path, error) from error


def translated(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """What went wrong with the database, in words of its own."""
    if isinstance(error, OSError):
        return StoreError(f"{path}: {error.filename or path}: {error.strerror or error}")
    if is_busy(error):
        return StoreBusyError(f"{path} is in use by others: {error}")
    return StoreError(f"{path}: {error}{_more(path, error)}")


def _more(path: Path, error: sqlite3.Error) -> str:
    """Why a file cannot be opened: SQLite does not say."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CANTOPEN:
        return ""
    if path.is_dir():
        return " (it is a directory)"
    for each in (path, path.parent):
        if each.exists() and not os.access(each, os.W_OK):
            return f" ({each} cannot be written to)"
    return ""
