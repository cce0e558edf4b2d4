"""Reading the body of a request, within limits of size and time."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from .requests import Limits, RequestError

__all__ = ["read_body"]

# What a client sends beyond the limit is thrown away up to here, so that it sees the answer.
_DISCARDED_BYTES = 128 * 1024 * 1024


async def read_body(request: Request, limits: Limits) -> bytes:
    """The body of a request, within the limits of size and time.

    Raises:
        RequestError: it is too large, or comes too slowly.
        ClientDisconnect: the client has gone.
    """
    too_large = RequestError(413, f"the body is larger than {limits.body_bytes} bytes")
    declared = request.headers.get("content-length", "0")
    size = int(declared) if declared.isdecimal() and len(declared) < 20 else 0
    waits = request.headers.get("expect", "").lower() == "100-continue"
    if size > (limits.body_bytes if waits else _DISCARDED_BYTES):
        raise too_large
    body = bytearray()
    received = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                received += len(chunk)
                if received <= limits.body_bytes:
                    body += chunk
                elif received > _DISCARDED_BYTES:
                    raise too_large
                else:
                    body.clear()
    except TimeoutError:
        message = f"the body did not come within {limits.body_seconds:g} seconds"
        raise RequestError(408, message) from None
    if received > limits.body_bytes:
        raise too_large
    return bytes(body)
