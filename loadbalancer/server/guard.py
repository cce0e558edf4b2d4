"""Who may ask over TCP: web pages of other sites may not, and changes need the token."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from starlette.types import Scope

from .answers import CLOSE, Answer, refusal
from .requests import RequestError

__all__ = ["Guard", "is_loopback"]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Refuses requests over TCP for other hosts (421), and changes without the token (401).

    A web page can make the name of its own site point to this server. The browser of a reader
    then sends the page's requests here, with that name as their host. On a unix socket its
    file mode decides who may connect.
    """

    def __init__(self, hosts: Iterable[str] = (), token: bytes | None = None) -> None:
        self._hosts = frozenset(host.lower().strip("[]").rstrip(".") for host in hosts)
        self.token = token
        # Clients send the same text again and again.
        self._is_allowed = lru_cache(maxsize=256)(self._allows)

    def refused(self, scope: Scope) -> Answer | None:
        """Why a request is refused, or None if it is not."""
        server = scope.get("server")
        if server is not None and server[1] is None:
            return None  # A unix socket.
        host = authorization = b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"authorization":
                authorization = value
        if not self._is_allowed(host):
            told = ascii(host.decode("latin-1"))[:80]
            message = f"the host {told} is not served here: see the option --allow-host"
            return refusal(RequestError(421, message), CLOSE)
        if self.token is None or not _changes(scope):
            return None
        scheme, _, given = authorization.partition(b" ")
        if scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), self.token):
            return None
        message = "changes need the token: Authorization: Bearer TOKEN"
        challenge = (b"www-authenticate", b"Bearer")
        return refusal(RequestError(401, message), challenge, CLOSE)

    def _allows(self, host: bytes) -> bool:
        name = _name(host.decode("latin-1").lower())
        return name == "localhost" or name in self._hosts or is_loopback(name)


def is_loopback(name: str) -> bool:
    """Whether a text is a loopback address."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _changes(scope: Scope) -> bool:
    """Whether a request may change services. A POST to the checker does not."""
    return scope["method"] not in _READING and scope["path"] != "/check"


def _name(host: str) -> str:
    """A Host header without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")
