"""Where a cluster is, how it is reached, and under which prefix the services are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..base import StoreError

__all__ = ["EtcdAddress", "StoreTLS", "parse_etcd_url", "shown_url"]

_PORT = 2379
_USER, _PASSWORD = "LOADBALANCER_STORE_USER", "LOADBALANCER_STORE_PASSWORD"
_NODE = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class StoreTLS:
    """The files that TLS to a store needs."""

    ca: Path | None = None
    """The authorities that the servers' certificates are from; those of the system if not given."""
    cert: Path | None = None
    """The certificate that the servers ask for."""
    key: Path | None = None
    """The key of the certificate, if it does not stand in the same file."""


@dataclass(frozen=True, slots=True)
class EtcdAddress:
    """A cluster and a prefix in it."""

    endpoints: tuple[str, ...]
    """The members' client URLs."""
    prefix: str
    """What all keys begin with, a slash at its end included."""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: StoreTLS | None = None
    """None without TLS."""

    def __str__(self) -> str:
        scheme = "etcd" if self.tls is None else "etcds"
        nodes = ",".join(each.partition("//")[2] for each in self.endpoints)
        return f"{scheme}://{nodes}{self.prefix.rstrip('/')}"


def parse_etcd_url(
    url: str, tls: StoreTLS | None = None, environment: Mapping[str, str] = os.environ
) -> EtcdAddress:
    """The address that `etcd://HOST:PORT[,HOST:PORT]/PREFIX` names; `etcds://` is with TLS.

    User and password are taken from the environment: LOADBALANCER_STORE_USER and
    LOADBALANCER_STORE_PASSWORD.

    Raises:
        StoreError: the URL is not of this form, or there are files for TLS without TLS.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise StoreError(f"{shown_url(url)} cannot be read as a URL") from None
    if "@" in parts.netloc:
        raise StoreError(f"the URL of a store has no user and password: use {_USER}, {_PASSWORD}")
    scheme = {"etcd": "http", "etcds": "https"}.get(parts.scheme)
    nodes = [_NODE.fullmatch(each) for each in parts.netloc.split(",")]
    path = unquote(parts.path).rstrip("/")
    if scheme is None or parts.query or parts.fragment or None in nodes or not path.isprintable():
        raise _unusable(url)
    if not path:
        raise StoreError(f"{shown_url(url)} has no prefix: etcd://HOST:PORT[,HOST:PORT]/PREFIX")
    endpoints: list[str] = []
    for node in nodes:
        host, port = (node[1], int(node[2] or _PORT)) if node else ("", 0)
        if not 0 < port < 65536:
            raise _unusable(url)
        endpoints.append(f"{scheme}://{host}:{port}")
    if scheme == "http" and tls not in (None, StoreTLS()):
        raise StoreError("files for TLS need a store with TLS: etcds://")
    return EtcdAddress(
        endpoints=tuple(endpoints),
        prefix=path + "/",
        user=environment.get(_USER, ""),
        password=environment.get(_PASSWORD, ""),
        tls=None if scheme == "http" else tls or StoreTLS(),
    )


def shown_url(url: str) -> str:
    """Return a URL to show, without the password in it."""
    return repr(re.sub("//.*@", "//...@", url))


def _unusable(url: str) -> StoreError:
    return StoreError(
        f"{shown_url(url)} does not name a store: etcd://HOST:PORT[,HOST:PORT]/PREFIX"
    )
