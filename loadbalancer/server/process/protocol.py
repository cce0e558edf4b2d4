"""HTTP as uvicorn and h11 speak it, with a limit to how long a client may take."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..answers import CLOSE, refusal
from ..operations import send_answer
from ..requests import RequestError

__all__ = ["HEADER_SECONDS", "IMPATIENT_ANSWER", "STALLED_SECONDS", "server_config"]

_log = logging.getLogger(__name__)

HEADER_SECONDS = 10.0
"""How many seconds a client may take for the head of a request, from its first byte on."""
STALLED_SECONDS = 60.0
"""How many seconds a client may leave an answer unread."""
_HEAD_BYTES = 64 * 1024

IMPATIENT_ANSWER = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def server_config(app: Any, **options: Any) -> Config:
    """Return the configuration of uvicorn for an application, with this protocol."""
    return Config(
        app,
        http=_Protocol,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        **options,
    )


class _Protocol(H11Protocol):
    """Ends connections whose clients neither send nor read.

    uvicorn itself waits without end for the rest of a request's head, and for an answer to be
    read. (The time for a body is limited where the body is read.)
    """

    _head_timer: asyncio.TimerHandle | None = None
    _stalled_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # uvicorn's answer to one connection too many is text, and does not say when to come.
        most, self.limit_concurrency = self.limit_concurrency, None
        super().connection_made(transport)
        if most is not None and len(self.connections) > most:
            _log.warning("There are more than %d connections: one is told to come later", most)
            self.app = _come_later
        _send_at_once(transport)
        self._watch_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_request()

    def _should_upgrade(self) -> bool:
        # Nothing is offered, so the request is answered as it is; uvicorn would log it twice.
        return False

    def send_400_response(self, msg: str) -> None:
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            # The request before it is being answered.
            self.transport.close()

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

    def _awaits_request(self) -> bool:
        """Whether it waits for a head, or for the end of a body that has been answered."""
        theirs = self.conn.their_state
        return theirs is h11.IDLE or (theirs is h11.SEND_BODY and self.conn.our_state is h11.DONE)

    def _watch_request(self) -> None:
        is_waiting = self._awaits_request()
        if is_waiting and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADER_SECONDS, self._give_up)
        elif not is_waiting and self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        if self.transport.is_closing() or not self._awaits_request():
            return
        if self.conn.our_state is h11.IDLE:
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
