"""The operations of the service API as an ASGI application: method and path, nothing in the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from .api import Answer, ServiceAPI, refusal
from .bodies import BodyReader
from .requests import RequestError

__all__ = ["Operation", "Reply", "ServiceFirst", "operations", "refused_method", "send_reply"]

_log = logging.getLogger(__name__)

# A body that takes long enough to convert for others to notice: some 200 backends.
_LARGE_BODY = 16 * 1024
_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")
_RETRY = (b"retry-after", b"1")

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and the headers that go with it, beside type and length."""

    answer: Answer
    headers: tuple[Header, ...] = ()


Operation = Callable[[str, Scope, Receive], Awaitable[Reply]]
"""Replies to a request, given the id in its path; empty where the path has none."""


def operations(api: ServiceAPI) -> dict[str, dict[str, Operation]]:
    """The operations of the API, by path and method, as the OpenAPI document lists them."""
    bodies = BodyReader(api.limits)

    async def get_services(id: str, scope: Scope, receive: Receive) -> Reply:
        return await _call(api, api.get_services)

    async def get_service(id: str, scope: Scope, receive: Receive) -> Reply:
        return await _call(api, partial(api.get_service, id))

    async def put_service(id: str, scope: Scope, receive: Receive) -> Reply:
        content_type = next((v for k, v in scope["headers"] if k == b"content-type"), None)
        media_type = None if content_type is None else content_type.decode("latin-1")
        try:
            async with bodies.read(scope, receive) as body:
                is_long = len(body) > _LARGE_BODY
                put = partial(api.put_service, id, media_type, body)
                return await _call(api, put, is_long=is_long)
        except RequestError as error:
            return _reply(refusal(error), _CLOSE)
        except ClientDisconnect:
            # Half a body is no body; nobody is there to read the answer.
            return Reply(refusal(RequestError(400, "the body ended too early")))

    async def delete_service(id: str, scope: Scope, receive: Receive) -> Reply:
        return await _call(api, partial(api.delete_service, id))

    async def get_lrp(id: str, scope: Scope, receive: Receive) -> Reply:
        return Reply(api.get_lrp())

    async def get_config(id: str, scope: Scope, receive: Receive) -> Reply:
        return Reply(api.get_config())

    return {
        "/service": {"GET": get_services},
        "/service/{id}": {"GET": get_service, "PUT": put_service, "DELETE": delete_service},
        "/lrp": {"GET": get_lrp},
        "/config": {"GET": get_config},
    }


class ServiceFirst:
    """Replies to the operations of the API itself; everything else is the application's."""

    def __init__(self, app: ASGIApp, api: ServiceAPI, prefix: str = "/v1") -> None:
        self._app = app
        self._prefix = prefix + "/"
        self._operations = operations(api)
        self._of_one = self._operations["/service/{id}"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if root := scope.get("root_path"):
            path = path.removeprefix(root)
        found = self._find(path) if path.startswith(self._prefix) else None
        if found is None:
            await self._app(scope, receive, send)
            return
        methods, id = found
        operation = methods.get(scope["method"])
        if operation is None:
            reply = refused_method(scope["method"], ",".join(methods))
        else:
            try:
                reply = await operation(id, scope, receive)
            except Exception:
                _log.exception("a request could not be answered")
                reply = Reply(refusal(RequestError(500, "internal error")))
        await send_reply(reply, send)

    def _find(self, path: str) -> tuple[dict[str, Operation], str] | None:
        """The operations of a path, with or without a slash at its end, and the id in it."""
        rest = path[len(self._prefix) - 1 :]
        rest = rest.removesuffix("/")
        if rest.startswith("/service/"):
            id = rest[len("/service/") :]
            return None if not id or "/" in id else (self._of_one, id)
        methods = self._operations.get(rest)
        return None if methods is None else (methods, "")


async def send_reply(reply: Reply, send: Send) -> None:
    """Send a reply to whoever asked."""
    body = reply.answer.body
    headers: list[Header] = [(b"content-length", b"%d" % len(body)), *reply.headers]
    if body:
        headers.append(_JSON)
    await send({"type": "http.response.start", "status": reply.answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def refused_method(method: str, allowed: str) -> Reply:
    """The reply to a method that a path does not have."""
    message = f"method {method[:40]} is not allowed, but [{allowed}] are"
    answer = refusal(RequestError(405, message))
    if method == "HEAD":
        answer = Answer(answer.status)
    return Reply(answer, ((b"allow", allowed.encode()),))


def _reply(answer: Answer, *headers: Header) -> Reply:
    """A reply; a client that is to come later learns when."""
    return Reply(answer, (*headers, _RETRY) if answer.status == 503 else headers)


async def _call(api: ServiceAPI, call: Callable[[], Answer], *, is_long: bool = False) -> Reply:
    """Make a call, in a thread if others would have to wait for it.

    Long bodies become many objects: few of them are converted at a time.
    """
    if is_long:
        return _reply(await to_thread.run_sync(call, limiter=_limiter("long", 2)))
    if api.store.blocks:
        return _reply(await to_thread.run_sync(call, limiter=_limiter("short", 8)))
    return _reply(call())


_limiters: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, CapacityLimiter]] = (
    WeakKeyDictionary()
)


def _limiter(name: str, threads: int) -> CapacityLimiter:
    """Limits the threads of a kind; it belongs to the event loop."""
    limiters = _limiters.setdefault(asyncio.get_running_loop(), {})
    return limiters.setdefault(name, CapacityLimiter(threads))
