"""HTTP with clients that take their time: for httptools, and for h11 where that is missing."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, cast

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..answers import CLOSE, refusal
from ..operations import send_answer
from ..requests import RequestError

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ModuleNotFoundError:  # There is no wheel for every platform.
    HttpToolsProtocol = None  # type: ignore[assignment, misc]

__all__ = [
    "HEADER_SECONDS",
    "IMPATIENT_ANSWER",
    "PROTOCOLS",
    "STALLED_SECONDS",
    "best_protocol",
]

_log = logging.getLogger(__name__)

HEADER_SECONDS = 10.0
"""How many seconds a client may take for the head of a request, from its first byte on."""
STALLED_SECONDS = 60.0
"""How many seconds a client may leave an answer unread."""
_HEAD_BYTES = 64 * 1024

IMPATIENT_ANSWER = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    class _Protocol(asyncio.Protocol):
        """The common part of uvicorn's protocols."""

        app: ASGIApp
        connections: set[Any]
        limit_concurrency: int | None
        loop: asyncio.AbstractEventLoop
        transport: asyncio.Transport

else:
    _Protocol = object


class _Impatient(_Protocol):
    """Ends connections whose clients neither send nor read.

    uvicorn itself waits for ever for the rest of a request's head, and for an answer to be
    read. (The time for a body is limited where the body is read.)
    """

    _head_timer: asyncio.TimerHandle | None = None
    _stalled_timer: asyncio.TimerHandle | None = None

    def awaits_head(self) -> bool:
        """Whether the server waits for the head of a request, or for the rest of it."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # uvicorn's answer to one connection too many is text, and does not say when to come.
        most, self.limit_concurrency = self.limit_concurrency, None
        super().connection_made(transport)
        if most is not None and len(self.connections) > most:
            _log.warning("There are more than %d connections: one is told to come later", most)
            self.app = _come_later
        _send_at_once(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_timer is not None or self.awaits_head():
            self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._stalled_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled_timer = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled_timer is not None:
            self._stalled_timer.cancel()
            self._stalled_timer = None

    def _watch_head(self) -> None:
        is_waiting = self.awaits_head()
        if is_waiting and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADER_SECONDS, self._give_up)
        elif not is_waiting and self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        if self.awaits_head() and not self.transport.is_closing():
            self.transport.write(IMPATIENT_ANSWER)
            self.transport.close()


async def _come_later(scope: Scope, receive: Receive, send: Send) -> None:
    answer = refusal(RequestError(503, "there are too many connections"), CLOSE)
    await send_answer(answer, scope["method"], send)


def _send_at_once(transport: asyncio.Transport) -> None:
    """Switch Nagle's algorithm off: with keep-alive it costs 40 ms an answer.

    asyncio does so only for sockets that were made with the protocol's number.
    """
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _ImpatientH11(_Impatient, H11Protocol):
    def awaits_head(self) -> bool:
        return self.conn.their_state is h11.IDLE


PROTOCOLS: dict[str, type[asyncio.Protocol]] = {"h11": _ImpatientH11}
"""The available protocols, by the library that reads HTTP; the last one is the fastest."""

if HttpToolsProtocol is not None:

    class _ImpatientHttpTools(_Impatient, HttpToolsProtocol):
        """Refuses heads that httptools accepts: those too large, and those without a host."""

        _is_in_head = False
        # How much has come of the head before the present chunk, and how large that is.
        _head_bytes = 0
        _chunk_bytes = 0

        def awaits_head(self) -> bool:
            # The annotation is wrong: before the first request it is None.
            cycle = cast("RequestResponseCycle | None", self.cycle)
            return self._is_in_head or cycle is None or cycle.response_complete

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            self._chunk_bytes = len(data)
            super().data_received(data)
            if self._is_in_head and not self.transport.is_closing():
                self._head_bytes += len(data)
                if self._head_bytes > _HEAD_BYTES:
                    self.send_400_response("The head of the request is too long.")

        def on_message_begin(self) -> None:
            self._is_in_head = True
            self._head_bytes = 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._is_in_head = False
            # An exception raised here becomes a 400.
            if self._head_bytes + self._chunk_bytes > _HEAD_BYTES and self._is_head_too_long():
                raise ValueError("the head is too long")
            assert self.parser is not None
            hosts = [name for name, _ in self.headers if name == b"host"]
            if len(hosts) > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
                raise ValueError("there has to be one host")
            super().on_headers_complete()

        def _is_head_too_long(self) -> bool:
            # What has come together with it may be the body, or other requests.
            return len(self.url) + sum(len(k) + len(v) + 4 for k, v in self.headers) > _HEAD_BYTES

    PROTOCOLS["httptools"] = _ImpatientHttpTools


def best_protocol() -> type[asyncio.Protocol]:
    """The fastest protocol that is installed."""
    return list(PROTOCOLS.values())[-1]
