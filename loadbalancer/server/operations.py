"""The operations of the service API over ASGI: given an id and a request, an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from .answers import CLOSE, NO_SNIFFING, Answer, Header, refusal
from .api import ServiceAPI
from .bodies import BodyReader
from .listing import Listing, preferences
from .requests import RequestError

__all__ = ["Operation", "operations", "refused_method", "send_answer"]

T = TypeVar("T")

# A text that takes long enough to work on for others to notice: some 200 backends.
_LARGE = 16 * 1024
# Long bodies become many objects: few of them are converted at a time.
_THREADS = ThreadPoolExecutor(8, "loadbalancer")
_THREADS_OF_LARGE = ThreadPoolExecutor(2, "loadbalancer-large")
_JSON: Header = (b"content-type", b"application/json")
_PIECE = 256 * 1024

Operation = Callable[[str, Scope, Receive], Awaitable[Answer]]
"""Answers a request, given the id in its path; empty where the path has none."""


def operations(api: ServiceAPI) -> dict[str, dict[str, Operation]]:
    """The operations of the API, by path and method, as the OpenAPI document lists them.

    Where GET is, so is HEAD, of which the document says nothing.
    """
    bodies = BodyReader(api.limits)
    listing = Listing()
    blocks = api.store.blocks

    async def get_services(id: str, scope: Scope, receive: Receive) -> Answer:
        wanted = preferences(scope["headers"])
        found = await _in_thread(api.get_services) if blocks else api.get_services()
        if found.status != 200:
            return found
        answer = partial(listing.answer, found.body, wanted)
        if len(found.body) > _LARGE and not listing.is_prepared(found.body, wanted):
            return await _in_thread(answer)
        return answer()

    async def get_service(id: str, scope: Scope, receive: Receive) -> Answer:
        answer = api.get_service_at_once(id)
        if answer is None:
            return await _in_thread(partial(api.get_service, id))
        return answer

    async def put_service(id: str, scope: Scope, receive: Receive) -> Answer:
        media_type = None
        for name, value in scope["headers"]:
            if name == b"content-type":
                media_type = value.decode("latin-1")
        try:
            body = await bodies.receive(scope, receive)
        except RequestError as error:
            return refusal(error, CLOSE)
        except ClientDisconnect:
            # Half a body is not a body, and no client is there to read an answer.
            return refusal(RequestError(400, "the body ended too early"))
        try:
            if len(body) > _LARGE:
                put = partial(api.put_service, id, media_type, body)
                return await _in_thread(put, _THREADS_OF_LARGE)
            if blocks:
                return await _in_thread(partial(api.put_service, id, media_type, body))
            return api.put_service(id, media_type, body)
        finally:
            bodies.release(body)

    async def delete_service(id: str, scope: Scope, receive: Receive) -> Answer:
        if blocks:
            return await _in_thread(partial(api.delete_service, id))
        return api.delete_service(id)

    async def get_lrp(id: str, scope: Scope, receive: Receive) -> Answer:
        return api.get_lrp()

    async def get_config(id: str, scope: Scope, receive: Receive) -> Answer:
        return api.get_config()

    async def get_debuginfo(id: str, scope: Scope, receive: Receive) -> Answer:
        return api.get_debuginfo()

    async def get_healthz(id: str, scope: Scope, receive: Receive) -> Answer:
        return await _in_thread(api.get_healthz) if blocks else api.get_healthz()

    return {
        "/service": _read(get_services),
        "/service/{id}": {**_read(get_service), "PUT": put_service, "DELETE": delete_service},
        "/lrp": _read(get_lrp),
        "/config": _read(get_config),
        "/healthz": _read(get_healthz),
        "/debuginfo": _read(get_debuginfo),
    }


def _read(operation: Operation) -> dict[str, Operation]:
    return {"GET": operation, "HEAD": operation}


async def send_answer(answer: Answer, method: str, send: Send) -> None:
    """Send an answer to the client."""
    status, body, further = answer
    headers: list[Header] = [*further]
    if status != 304:
        headers.append((b"content-length", b"%d" % len(body)))
    if body:
        headers.append(_JSON)
    headers.append(NO_SNIFFING)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if method == "HEAD":
        body = b""
    # A long list goes in pieces, and others are answered between them.
    for start in range(0, len(body) - _PIECE, _PIECE):
        piece = body[start : start + _PIECE]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": body[-(len(body) % _PIECE or _PIECE) :]})


def refused_method(method: str, allowed: str) -> Answer:
    """The answer to a method that a path does not have."""
    message = f"method {method[:40]} is not allowed, but [{allowed}] are"
    return refusal(RequestError(405, message), (b"allow", allowed.encode()))


async def _in_thread(call: Callable[[], T], threads: ThreadPoolExecutor = _THREADS) -> T:
    """Make a call for which others would have to wait."""
    return await asyncio.get_running_loop().run_in_executor(threads, call)
