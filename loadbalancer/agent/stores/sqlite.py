"""A store in one SQLite file, for one machine and any number of processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from ...domain.backend_state import BackendState
from ...domain.identity import identity
from ...domain.service import SVC
from ...wire.services import dump_service
from .base import (
    RETIRED_BACKENDS_KEPT,
    KnownBackend,
    StoreBusyError,
    StoreError,
    Transaction,
    View,
)
from .codec import decode_service, encode_service
from .sqlite_file import DatabaseFile, is_busy, translated, translated_errors
from .sqlite_schema import connect, make_file, prepare, sealed, unsealed
from .tables import joined

__all__ = ["SQLiteStore"]

T = TypeVar("T")

_ANSWER = "SELECT answer FROM services WHERE id = ?"


class _Idle(NamedTuple):
    """Unused connections, by whether they wait for locks of others."""

    patient: list[sqlite3.Connection]
    impatient: list[sqlite3.Connection]


class SQLiteStore:
    """Keeps services in a database file.

    A write is on the disk when `write` returns, and whole: whatever happens to the process,
    all of a transaction is there or nothing. Writers, of other processes too, go one after
    the other; readers see the last write and do not wait.
    """

    blocks = True

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        """Open the database, or make it, with the directories above it.

        Args:
            create: Whether to make a file that is not there. If not, calls raise StoreError
                until it is.

        Raises:
            StoreError: it cannot be opened, or is not one of ours.
        """
        self.path = Path(path)
        self._write_lock = Lock()
        self._idle_lock = Lock()
        self._idle = _Idle([], [])
        self._closed = False
        self._listed = _Listed()
        with translated_errors(self.path):
            if create:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                make_file(self.path)
            self._file = DatabaseFile(self.path)
            if self._file.is_there:
                self._open()

    def read(self, function: Callable[[View], T]) -> T:
        """What the function makes of a snapshot."""
        with translated_errors(self.path), self._connection() as connection:
            return _transact(connection, "BEGIN", function, self._listed)

    def service_json_at_once(self, id: int) -> bytes | None:
        """The service of that id as it is listed, or StoreBusyError if others are waited for.

        In as few steps as may be, since that takes as long as all the rest of a GET.
        """
        try:
            connection, file = self._take(self._idle.impatient, waits=False)
            is_usable = False
            try:
                # A statement by itself sees one moment.
                row = connection.execute(_ANSWER, (id,)).fetchone()
                is_usable = True
            finally:
                self._give_back(connection, file, self._idle.impatient, is_usable=is_usable)
        except (sqlite3.Error, OSError) as error:
            raise translated(self.path, error) from error
        return None if row is None else unsealed(id, row[0])

    def write(self, function: Callable[[Transaction], T]) -> T:
        """What the function returns, once all that it wrote is on the disk."""
        # Threads wait here in line; SQLite makes processes try again and again.
        with translated_errors(self.path), self._write_lock, self._connection() as connection:
            result = _transact(connection, "BEGIN IMMEDIATE", function, self._listed)
            # Into a file that has been deleted, SQLite writes without a word.
            self._file.check()
            return result

    def close(self) -> None:
        """Close the database, once the calls under way have returned."""
        with self._write_lock, self._idle_lock:
            self._closed = True
            self._close_idle()

    def _open(self) -> None:
        connection = connect(self.path)
        try:
            prepare(connection, self.path)
            self._file = DatabaseFile(self.path)
        except BaseException:
            connection.close()
            raise
        self._listed = _Listed()
        self._close_idle()
        self._idle.patient.append(connection)

    def _close_idle(self) -> None:
        for connections in self._idle:
            while connections:
                connections.pop().close()

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        """Yield a connection that is not shared meanwhile."""
        connection, file = self._take(self._idle.patient)
        is_usable = True
        try:
            yield connection
        except sqlite3.Error as error:
            # What it remembers of a damaged file is not to be trusted when the file is mended.
            is_usable = is_busy(error)
            raise
        finally:
            self._give_back(connection, file, self._idle.patient, is_usable=is_usable)

    def _take(
        self, idle: list[sqlite3.Connection], *, waits: bool = True
    ) -> tuple[sqlite3.Connection, DatabaseFile]:
        # Who opens another file holds the lock for as long as that takes.
        if not self._idle_lock.acquire(blocking=waits):
            raise StoreBusyError(f"{self.path} is being opened")
        try:
            if self._closed:
                raise StoreError(f"{self.path} is closed")
            if self._file.is_replaced():
                if not waits:
                    raise StoreBusyError(f"{self.path} has to be opened")
                self._open()
            file = self._file
            connection = idle.pop() if idle else None
        finally:
            self._idle_lock.release()
        return connection or self._connect(waits=waits), file

    def _give_back(
        self,
        connection: sqlite3.Connection,
        file: DatabaseFile,
        idle: list[sqlite3.Connection],
        *,
        is_usable: bool,
    ) -> None:
        with self._idle_lock:
            if is_usable and file is self._file and not self._closed:
                idle.append(connection)
            else:
                connection.close()

    def _connect(self, *, waits: bool) -> sqlite3.Connection:
        try:
            return connect(self.path, waits=waits)
        except sqlite3.Error:
            if waits:
                raise
            # There may be another one, of those that wait.
            raise StoreBusyError(f"{self.path} cannot be opened at once") from None


def _transact(
    connection: sqlite3.Connection,
    begin: str,
    function: Callable[[_Tables], T],
    listed: _Listed,
) -> T:
    connection.execute(begin)
    try:
        result = function(_Tables(connection, listed))
        connection.execute("COMMIT")
    except BaseException:
        # A failed commit may have ended the transaction by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


@dataclass(slots=True)
class _Listed:
    """The last list of all services that was put together, and of which revision it is."""

    last: tuple[int, bytes] = (-1, b"")


class _Tables:
    """The tables within one transaction."""

    def __init__(self, connection: sqlite3.Connection, listed: _Listed) -> None:
        self._listed = listed
        self._has_written = False
        self._execute = connection.execute
        self._executemany = connection.executemany
        # A rule that updates a service has read it before.
        self._decoded: dict[int, SVC] = {}
        self._backends_of: dict[int, tuple[bytes, ...]] = {}

    def service(self, id: int) -> SVC | None:
        if id in self._decoded:
            return self._decoded[id]
        return self._service(self._row("SELECT id, service FROM services WHERE id = ?", id))

    def service_at(self, frontend: bytes) -> SVC | None:
        select = "SELECT id, service FROM services WHERE frontend = ?"
        return self._service(self._row(select, frontend))

    def backends_of(self, id: int) -> tuple[bytes, ...]:
        known = self._backends_of.get(id)
        if known is None:
            svc = self.service(id)
            known = tuple(map(identity, svc.backends)) if svc else ()
            self._backends_of[id] = known
        return known

    def service_json(self, id: int) -> bytes | None:
        row = self._row(_ANSWER, id)
        return None if row is None else unsealed(id, row[0])

    def services_json(self) -> bytes:
        if self._has_written:
            # What is not committed yet is not cached for others.
            return joined(self.service_texts().values())
        revision: int = self._row("SELECT value FROM facts WHERE name = ?", "revision")[0]
        last, text = self._listed.last
        if last != revision:
            text = joined(self.service_texts().values())
            self._listed.last = (revision, text)
        return text

    def service_texts(self) -> dict[int, bytes]:
        rows = self._execute("SELECT id, answer FROM services ORDER BY id")
        return {id: unsealed(id, answer) for id, answer in rows}

    def service_count(self) -> int:
        count: int = self._execute("SELECT count(*) FROM services").fetchone()[0]
        return count

    def services_with(self, backend: bytes) -> list[SVC]:
        rows = self._execute(
            "SELECT id, services.service FROM users JOIN services ON id = users.service "
            "WHERE backend = ? ORDER BY id",
            (backend,),
        ).fetchall()
        return [svc for row in rows if (svc := self._service(row)) is not None]

    def is_used(self, backend: bytes) -> bool:
        return self._row("SELECT 1 FROM users WHERE backend = ? LIMIT 1", backend) is not None

    def backend(self, backend: bytes) -> KnownBackend | None:
        row = self._row("SELECT id, state, owner FROM backends WHERE hash = ?", backend)
        return row and KnownBackend(row[0], BackendState(row[1]), row[2])

    def retired_state(self, backend: bytes) -> BackendState | None:
        row = self._row("SELECT state FROM retired WHERE backend = ?", backend)
        return row and BackendState(row[0])

    def next_backend_id(self) -> int:
        row = self._row("SELECT value FROM facts WHERE name = ?", "next_backend_id")
        return row[0] if row else 1

    def is_backend_id_used(self, id: int) -> bool:
        return self._row("SELECT 1 FROM backends WHERE id = ?", id) is not None

    def put_service(self, svc: SVC, backends: tuple[bytes, ...]) -> None:
        self._note_change()
        id = svc.frontend.id
        old, new = set(self.backends_of(id)), set(backends)
        self._execute(
            "INSERT OR REPLACE INTO services VALUES (?, ?, ?, ?)",
            (id, identity(svc.frontend), sealed(encode_service(svc)), sealed(dump_service(svc))),
        )
        self._decoded[id] = svc
        self._backends_of[id] = backends
        self._unlink(old - new, id)
        self._executemany(
            "INSERT INTO users VALUES (?, ?)", [(backend, id) for backend in new - old]
        )

    def delete_service(self, id: int) -> None:
        self._note_change()
        self._unlink(set(self.backends_of(id)), id)
        self._decoded.pop(id, None)
        self._backends_of.pop(id)
        self._execute("DELETE FROM services WHERE id = ?", (id,))

    def put_backend(self, backend: bytes, known: KnownBackend) -> None:
        self._execute("DELETE FROM retired WHERE backend = ?", (backend,))
        self._execute(
            "INSERT OR REPLACE INTO backends VALUES (?, ?, ?, ?)",
            (backend, known.id, int(known.state), known.owner),
        )

    def delete_backend(self, backend: bytes) -> None:
        self._execute("DELETE FROM backends WHERE hash = ?", (backend,))

    def retire_backend(self, backend: bytes, state: BackendState) -> None:
        self.delete_backend(backend)
        self._execute("DELETE FROM retired WHERE backend = ?", (backend,))
        cursor = self._execute(
            "INSERT INTO retired (backend, state) VALUES (?, ?)", (backend, int(state))
        )
        oldest_kept = (cursor.lastrowid or 0) - RETIRED_BACKENDS_KEPT
        self._execute("DELETE FROM retired WHERE age <= ?", (oldest_kept,))

    def set_next_backend_id(self, id: int) -> None:
        self._execute("UPDATE facts SET value = ? WHERE name = 'next_backend_id'", (id,))

    def _note_change(self) -> None:
        if not self._has_written:
            self._has_written = True
            self._execute("UPDATE facts SET value = value + 1 WHERE name = 'revision'")

    def _row(self, select: str, key: object) -> Any:
        return self._execute(select, (key,)).fetchone()

    def _service(self, row: tuple[int, bytes] | None) -> SVC | None:
        if row is None:
            return None
        id, data = row
        if id not in self._decoded:
            self._decoded[id] = decode_service(unsealed(id, data))
        return self._decoded[id]

    def _unlink(self, backends: set[bytes], id: int) -> None:
        self._executemany(
            "DELETE FROM users WHERE backend = ? AND service = ?",
            [(backend, id) for backend in backends],
        )
