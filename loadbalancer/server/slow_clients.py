"""HTTP with clients that take their time."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEADER_SECONDS", "IMPATIENT_ANSWER", "STALLED_SECONDS", "ImpatientProtocol"]

HEADER_SECONDS = 10.0
"""How long a client may take to send the head of a request, from its first byte on."""
STALLED_SECONDS = 60.0
"""How long a client may leave an answer unread."""

IMPATIENT_ANSWER = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class ImpatientProtocol(H11Protocol):
    """Ends connections whose clients neither send nor read.

    uvicorn itself waits for ever for the rest of a request's head, and for an answer to be
    read. (The time for a body is limited where the body is read.)
    """

    _head_timer: asyncio.TimerHandle | None = None
    _stalled_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
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
        is_waiting = self.conn.their_state is h11.IDLE
        if is_waiting and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADER_SECONDS, self._give_up)
        elif not is_waiting and self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.write(IMPATIENT_ANSWER)
            self.transport.close()
