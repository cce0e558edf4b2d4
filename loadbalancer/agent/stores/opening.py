"""Opening a store by its URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..settings import Settings
from .base import Store, StoreError
from .etcd.address import StoreTLS, parse_etcd_url, shown_url
from .memory import MemoryStore
from .sqlite import SQLiteStore

__all__ = ["MEMORY_URL", "StoreTLS", "open_store", "store_file", "store_place"]

MEMORY_URL = "memory:"
"""The URL of a store in memory: each opening makes an empty one."""

_FORMS = "memory:, sqlite:///PATH or etcd://HOST:PORT[,HOST:PORT]/PREFIX"


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
        raise StoreError(f"{shown_url(url)} cannot be read as a URL: {error}") from None
    name = unquote(parts.path)
    is_file = parts.scheme == "sqlite" and not (parts.netloc or parts.query or parts.fragment)
    if not is_file or not name.startswith("/") or name.endswith("/") or "\0" in name:
        raise StoreError(f"{shown_url(url)} does not name a store: {_FORMS}")
    return Path(name)


def open_store(
    url: str,
    *,
    settings: Settings | None = None,
    tls: StoreTLS | None = None,
    create: bool = True,
) -> Store:
    """Open the store that a URL names.

    That is `memory:`, `sqlite:///PATH`, or a prefix in an etcd cluster:
    `etcd://HOST:PORT[,HOST:PORT]/PREFIX`, with TLS `etcds://`. User and password for etcd are
    taken from the environment: LOADBALANCER_STORE_USER and LOADBALANCER_STORE_PASSWORD.

    Args:
        settings: What the rules are called with: servers that share a cluster have to agree.
        tls: The files for `etcds://`.
        create: Whether to make a database file that is not there. If not, calls of the store
            raise StoreError until it is.

    Raises:
        StoreError: the URL is none of these, the store cannot be opened, or it belongs to
            servers with other settings.
    """
    if _is_etcd(url):
        return _open_etcd(url, settings, tls)
    if tls is not None:
        raise StoreError("files for TLS need a store with TLS: etcds://")
    path = store_file(url)
    return MemoryStore() if path is None else SQLiteStore(path, create=create)


def store_place(url: str) -> str | None:
    """Where the store that a URL names keeps services, for people; None if in memory only.

    Raises:
        StoreError: the URL is not that of a store.
    """
    if _is_etcd(url):
        return str(parse_etcd_url(url))
    path = store_file(url)
    return None if path is None else str(path)


def _is_etcd(url: str) -> bool:
    return url.partition(":")[0] in ("etcd", "etcds")


def _open_etcd(url: str, settings: Settings | None, tls: StoreTLS | None) -> Store:
    try:
        from .etcd.store import EtcdStore
    except ModuleNotFoundError as error:
        extra = "pip install 'cilium-loadbalancer[etcd]'"
        raise StoreError(f"{error.name} is missing: {extra}") from None
    return EtcdStore(parse_etcd_url(url, tls), settings)
