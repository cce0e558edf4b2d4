"""Reading the bodies of requests, within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

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
            RequestError: it is too large, compressed or slow, or too many others are held.
            ClientDisconnect: the client has gone.
        """
        self._check_declared(scope["headers"])
        body: bytes | bytearray = b""
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                received, more = 0, True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientDisconnect
                    more = message.get("more_body", False)
                    chunk: bytes = message.get("body", b"")
                    received += len(chunk)
                    if received > self._limits.body_bytes:
                        # The rest is thrown away.
                        self.release(body)
                        body = b""
                        if not more or received > _DISCARDED_BYTES:
                            raise self._too_large()
                    else:
                        self._hold(chunk)
                        body = _joined(body, chunk)
            _check_coding(scope["headers"])
        except TimeoutError:
            self.release(body)
            seconds = f"{self._limits.body_seconds:g} seconds"
            raise RequestError(408, f"the body did not come within {seconds}") from None
        except BaseException:
            self.release(body)
            raise
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

    def _hold(self, chunk: bytes) -> None:
        if self._held + len(chunk) > self._limits.held_bytes:
            raise RequestError(503, "too many bodies are being received")
        self._held += len(chunk)

    def _too_large(self) -> RequestError:
        return RequestError(413, f"the body is larger than {self._limits.body_bytes} bytes")


def _check_coding(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a body that is compressed."""
    for name, value in headers:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            coding = ascii(value.decode("latin-1"))[:80]
            raise RequestError(415, f"the content coding {coding} is not supported")


def _joined(body: bytes | bytearray, chunk: bytes) -> bytes | bytearray:
    """A body with one more chunk; nearly all bodies come in one."""
    if not body:
        return chunk
    if isinstance(body, bytes):
        body = bytearray(body)
    body += chunk
    return body
