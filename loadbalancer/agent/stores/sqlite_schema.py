"""The tables of the SQLite store, and how a database becomes one of ours."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from ... import __version__
from ...wire.services import dump_service
from .base import StoreError
from .codec import decode_service
from .sqlite_file import is_busy

__all__ = ["BUSY_TIMEOUT", "connect", "prepare"]

BUSY_TIMEOUT = 15.0
"""How many seconds to wait for other processes that write to the database."""

_APPLICATION_ID = 0x6C_62_73_76  # "lbsv"
_SCHEMA_VERSION = 1
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


def connect(path: Path, *, makes_file: bool = False, waits: bool = True) -> sqlite3.Connection:
    """A connection on which a commit is on the disk when it returns.

    `waits` is whether it waits for those that hold the database, or tells at once that they do.
    """
    mode = "rwc" if makes_file else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
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


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new database, check those of an old one.

    Raises:
        StoreError: it is the database of something else, or of a later version.
    """
    if _is_foreign(connection):
        raise StoreError(f"{path} is the database of another program")
    _use_write_ahead_log(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _has_tables(connection):
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _SCHEMA_VERSION:
            raise StoreError(f"{path} has tables of version {version}, not {_SCHEMA_VERSION}")
        _renew_json(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _is_foreign(connection: sqlite3.Connection) -> bool:
    # Both at one moment: another process may be making the tables.
    connection.execute("BEGIN")
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        return application != _APPLICATION_ID and _has_tables(connection)
    finally:
        # An error may have ended it by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # This one statement does not wait for a lock of others.
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _renew_json(connection: sqlite3.Connection) -> None:
    """Write the answers anew if another version of this package wrote them."""
    row = connection.execute("SELECT value FROM facts WHERE name = 'version'").fetchone()
    if row == (__version__,):
        return
    for id, service in connection.execute("SELECT id, service FROM services").fetchall():
        answer = dump_service(decode_service(service))
        connection.execute("UPDATE services SET answer = ? WHERE id = ?", (answer, id))
    connection.execute("UPDATE facts SET value = value + 1 WHERE name = 'revision'")
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('version', ?)", (__version__,))
