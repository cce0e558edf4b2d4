"""Reading the bodies of requests, within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterable
from types import coroutine
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from .requests import Limits, RequestError

__all__ = ["BodyReader"]

# Up to here a body over the limit is read and thrown away, so that the client sees the answer.
_DISCARDED_BYTES = 128 * 1024 * 1024


class BodyReader:
    """Reads the bodies of one application's requests."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    async def receive(self, scope: Scope, receive: Receive) -> bytes:
        """The body of a request, which counts as held until it is released.

        Raises:
            RequestError: it is too large, comes too slowly, or too many others are held.
            ClientDisconnect: the client has gone.
        """
        self._check_declared(scope["headers"])
        body = bytearray()
        try:
            await _in_time(self._limits.body_seconds, self._receive(receive, body))
        except BaseException as error:
            self.release(body)
            if not isinstance(error, TimeoutError):
                raise
            message = f"the body did not come within {self._limits.body_seconds:g} seconds"
            raise RequestError(408, message) from None
        return bytes(body)

    def release(self, body: bytes | bytearray) -> None:
        """What has been received is not held any longer."""
        self._held -= len(body)

    def _check_declared(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        size, most = 0, _DISCARDED_BYTES
        for name, value in headers:
            if name == b"content-length" and value.isdigit() and len(value) < 20:
                size = int(value)
            elif name == b"expect" and value.lower() == b"100-continue":
                most = self._limits.body_bytes
        if size > most:
            raise self._too_large()

    async def _receive(self, receive: Receive, body: bytearray) -> None:
        limits = self._limits
        received = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            more = message.get("more_body", False)
            chunk = message.get("body", b"")
            received += len(chunk)
            if received > _DISCARDED_BYTES:
                raise self._too_large()
            if received > limits.body_bytes:
                self.release(body)
                body.clear()
                continue
            if self._held + len(chunk) > limits.held_bytes:
                raise RequestError(503, "too many bodies are being received")
            self._held += len(chunk)
            body += chunk
        if received > limits.body_bytes:
            raise self._too_large()

    def _too_large(self) -> RequestError:
        return RequestError(413, f"the body is larger than {self._limits.body_bytes} bytes")


@coroutine
def _in_time(seconds: float, work: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    """Await work that may take so long, else raise TimeoutError.

    A timer is set when the work has to wait for something, not before: nearly all bodies are
    there already, and uvloop's timer takes a twentieth of a PUT.
    """
    try:
        awaited = work.send(None)
    except StopIteration:
        return
    with _Deadline(seconds):
        yield from _continue(work, awaited)


def _continue(work: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """What `await` does, for work that waits for something already."""
    while True:
        try:
            try:
                sent = yield awaited
            except BaseException as error:
                awaited = work.throw(error)
            else:
                awaited = work.send(sent)
        except StopIteration:
            return


class _Deadline:
    """What `asyncio.timeout` does, in half of the time."""

    __slots__ = ("_cancelling", "_expired", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._timer = task.get_loop().call_later(self._seconds, self._expire)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        is_own = self._expired and self._task.uncancel() <= self._cancelling
        if is_own and kind is asyncio.CancelledError:
            raise TimeoutError

    def _expire(self) -> None:
        self._expired = True
        self._task.cancel()
