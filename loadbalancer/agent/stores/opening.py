"""Opening a store by its URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from .base import Store, StoreError
from .memory import MemoryStore
from .sqlite import SQLiteStore

__all__ = ["MEMORY_URL", "open_store", "store_file"]

MEMORY_URL = "memory:"
"""The URL of a store in memory: each opening makes an empty one."""


def store_file(url: str) -> Path | None:
    """The database file that a store's URL names, or None for `memory:`.

    `sqlite:///var/lib/services.db` is the file `/var/lib/services.db`: the path is absolute, and
    characters may be percent-encoded, as in every URL.

    Raises:
        StoreError: the URL is neither.
    """
    if url == MEMORY_URL:
        return None
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise StoreError(f"{url!r} cannot be read as a URL: {error}") from None
    name = unquote(parts.path)
    is_file = parts.scheme == "sqlite" and not (parts.netloc or parts.query or parts.fragment)
    if not is_file or not name.startswith("/") or name.endswith("/") or "\0" in name:
        raise StoreError(f"{url!r} does not name a store: memory: or sqlite:///PATH")
    return Path(name)


def open_store(url: str) -> Store:
    """Open the store that a URL names: `memory:` or `sqlite:///PATH`.

    Raises:
        StoreError: the URL is neither, or the store cannot be opened.
    """
    path = store_file(url)
    return MemoryStore() if path is None else SQLiteStore(path)
