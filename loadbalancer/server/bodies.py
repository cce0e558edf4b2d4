"""Reading the bodies of requests, within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from .requests import Limits, RequestError

__all__ = ["BodyReader"]

# What a client sends beyond the limit is thrown away up to here, so that it sees the answer.
_DISCARDED_BYTES = 128 * 1024 * 1024


class BodyReader:
    """Reads the bodies of one application's requests."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    @asynccontextmanager
    async def read(self, scope: Scope, receive: Receive) -> AsyncGenerator[bytes]:
        """The body of a request, which counts as held as long as the context lasts.

        Raises:
            RequestError: it is too large, comes too slowly, or too many others are held.
            ClientDisconnect: the client has gone.
        """
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(self._limits.body_seconds):
                    await self._receive(scope, receive, body)
            except TimeoutError:
                message = f"the body did not come within {self._limits.body_seconds:g} seconds"
                raise RequestError(408, message) from None
            yield bytes(body)
        finally:
            self._held -= len(body)

    async def _receive(self, scope: Scope, receive: Receive, body: bytearray) -> None:
        limits = self._limits
        too_large = RequestError(413, f"the body is larger than {limits.body_bytes} bytes")
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        size = int(declared) if declared.isdigit() and len(declared) < 20 else 0
        waits = headers.get(b"expect", b"").lower() == b"100-continue"
        if size > (limits.body_bytes if waits else _DISCARDED_BYTES):
            raise too_large
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
                raise too_large
            if received > limits.body_bytes:
                self._held -= len(body)
                body.clear()
                continue
            if self._held + len(chunk) > limits.held_bytes:
                raise RequestError(503, "too many bodies are being received")
            self._held += len(chunk)
            body += chunk
        if received > limits.body_bytes:
            raise too_large
