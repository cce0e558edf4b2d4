"""The tables of the SQLite store, and how a database becomes one of ours."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from contextlib import suppress
from pathlib import Path

from ... import __version__
from ...wire.services import dump_service
from .base import StoreError
from .codec import decode_service
from .sqlite_file import is_busy

__all__ = ["BUSY_TIMEOUT", "connect", "make_file", "prepare", "sealed", "unsealed"]

BUSY_TIMEOUT = 15.0
"""How many seconds to wait for other processes that write to the database."""

_APPLICATION_ID = 0x6C_62_73_76  # "lbsv"
_SCHEMA_VERSION = 2
_TABLES = """
CREATE TABLE services (
    id INTEGER PRIMARY KEY,
    frontend BLOB NOT NULL UNIQUE,
    service BLOB NOT NULL,
    answer BLOB NOT NULL
) STRICT;
CREATE TABLE users (
    backend BLOB NOT NULL,
    service INTEGER NOT NULL,
    PRIMARY KEY (backend, service)
) STRICT, WITHOUT ROWID;
CREATE TABLE backends (
    hash BLOB PRIMARY KEY,
    id INTEGER NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    owner INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE retired (
    age INTEGER PRIMARY KEY AUTOINCREMENT,
    backend BLOB NOT NULL UNIQUE,
    state INTEGER NOT NULL
) STRICT;
CREATE TABLE facts (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO facts VALUES ('next_backend_id', 1), ('revision', 0);
"""


def connect(path: Path, *, waits: bool = True) -> sqlite3.Connection:
    """A connection on which a commit is on the disk when it returns.

    `waits` is whether it waits for those that hold the database, or tells at once that they do.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT if waits else 0,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def make_file(path: Path) -> None:
    """Make an empty file that only its owner may read; one that is there is left as it is.

    Where that cannot be done, opening it says why.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new database, check those of an old one.

    Nothing is changed before it is known that the file is ours.

    Raises:
        StoreError: it is the file of something else, or of a later version.
    """
    # If another process makes the tables, it has made all of them when this begins.
    connection.execute("BEGIN IMMEDIATE")
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION_ID:
            if path.stat().st_size:
                raise StoreError(f"{path} is the file of another program")
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        elif version == 1:
            _seal_services(connection)
        elif version != _SCHEMA_VERSION:
            raise StoreError(f"{path} has tables of version {version}, not {_SCHEMA_VERSION}")
        _renew_json(connection)
        connection.execute("COMMIT")
    except BaseException:
        # An error may have ended it by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    _use_write_ahead_log(connection)


def sealed(text: bytes) -> bytes:
    """Return a text behind its checksum: SQLite has none."""
    return zlib.crc32(text).to_bytes(4) + text


def unsealed(id: int, data: bytes) -> bytes:
    """Return the text of a service behind its checksum.

    Raises:
        StoreError: it is damaged.
    """
    text = data[4:]
    if zlib.crc32(text).to_bytes(4) != data[:4]:
        raise StoreError(f"the database is damaged: service {id} is not what was written")
    return text


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # This one statement does not wait for a lock of others.
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # The log is there from the first look on.
            connection.execute("SELECT 1 FROM facts").fetchone()
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _seal_services(connection: sqlite3.Connection) -> None:
    """Give the services of version 1 checksums; the answers are written anew in any case."""
    for id, service in connection.execute("SELECT id, service FROM services").fetchall():
        statement = "UPDATE services SET service = ? WHERE id = ?"
        connection.execute(statement, (sealed(service), id))
    connection.execute("DELETE FROM facts WHERE name = 'version'")
    connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _renew_json(connection: sqlite3.Connection) -> None:
    """Write the answers anew if another version of this package wrote them."""
    row = connection.execute("SELECT value FROM facts WHERE name = 'version'").fetchone()
    if row == (__version__,):
        return
    for id, service in connection.execute("SELECT id, service FROM services").fetchall():
        answer = dump_service(decode_service(unsealed(id, service)))
        connection.execute("UPDATE services SET answer = ? WHERE id = ?", (sealed(answer), id))
    connection.execute("UPDATE facts SET value = value + 1 WHERE name = 'revision'")
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('version', ?)", (__version__,))
