"""Where every request comes in: who may ask, what is asked for, and what is logged.

The framework stands behind it and is asked only for what is not the service API's.
"""

from __future__ import annotations

import logging
from asyncio import CancelledError
from posixpath import normpath
from time import perf_counter
from typing import NamedTuple
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ... import schemas
from ..answers import CLOSE, NO_SNIFFING, refusal
from ..api import ServiceAPI
from ..guard import Guard
from ..metrics import Metrics
from ..operations import Operation, operations, refused_method, send_answer
from ..requests import RequestError
from .access_log import AccessLog
from .faults import Faults

__all__ = ["Entrance"]

_log = logging.getLogger(__name__)

# How much of the framework's answer is kept, to log why it refused.
_KEPT_BYTES = 4096
# The answer to a request that is still under way when the time for stopping is over.
_STOPPING = refusal(RequestError(503, "the server stops before the request is finished"), CLOSE)
_PAGES = {"/check": "check", "/healthz": "healthz", "/metrics": "metrics"}


class _Found(NamedTuple):
    """An operation, and the name that metrics have for it."""

    name: str
    operation: Operation


class Entrance:
    """Answers the operations of the API itself; everything else is the application's."""

    def __init__(
        self,
        app: ASGIApp,
        api: ServiceAPI,
        metrics: Metrics,
        guard: Guard | None = None,
        access_log: AccessLog | None = None,
        faults: Faults | None = None,
        prefix: str = "/v1",
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._guard = guard
        self._access_log = access_log
        self._faults = faults
        self._prefix = prefix
        self._paths = _named_operations(api)
        self._of_one = self._paths["/service/{id}"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()
        metrics = self._metrics
        metrics.in_flight += 1
        name, status, size, told = "other", 500, 0, b""
        try:
            methods, id = self._find(scope)
            found = methods.get(scope["method"]) if methods else None
            answer = self._guard.refused(scope) if self._guard else None
            if answer is None and not scope["path"].startswith("/"):
                # The target of a request to a proxy names another host than the Host header may.
                answer = refusal(RequestError(400, "the target has to be a path"), CLOSE)
            if found is not None:
                name = found.name
            if answer is None and found is not None:
                try:
                    if self._faults is not None:
                        answer = await self._faults.answer()
                    if answer is None:
                        answer = await found.operation(id, scope, receive)
                except CancelledError:
                    answer = _STOPPING
                except Exception:
                    _log.exception("a request could not be answered")
                    answer = refusal(RequestError(500, "internal error"))
            elif answer is None and methods is not None:
                answer = refused_method(scope["method"], ",".join(methods))
            if answer is not None:
                status, told, size = answer.status, answer.body, len(answer.body)
                await send_answer(answer, scope["method"], send)
            else:
                name = _PAGES.get(scope["path"], "page")
                watch = _Watch(send)
                try:
                    await self._app(scope, receive, watch)
                except CancelledError:
                    if watch.has_started:
                        raise
                    await send_answer(_STOPPING, scope["method"], watch)
                finally:
                    status, told, size = watch.status, watch.told, watch.size
        finally:
            seconds = perf_counter() - start
            metrics.in_flight -= 1
            metrics.count(name, status, seconds)
            if self._access_log is not None:
                size = 0 if scope["method"] == "HEAD" else size
                self._access_log.write(scope, status, size, seconds, told)

    def _find(self, scope: Scope) -> tuple[dict[str, _Found] | None, str]:
        """The operations of a path, with or without a slash at its end, and the id in it."""
        path = _clean_path(scope)
        if not path.startswith(self._prefix):
            return None, ""
        rest = path[len(self._prefix) :].removesuffix("/")
        if rest.startswith("/service/"):
            id = rest[len("/service/") :]
            return (None, "") if not id or "/" in id else (self._of_one, unquote(id))
        return self._paths.get(rest), ""


def _clean_path(scope: Scope) -> str:
    """Return the path as the agent's router looks it up: `path.Clean(url.EscapedPath())`."""
    raw: bytes = scope.get("raw_path") or b""
    root: str = scope.get("root_path") or ""
    path: str = scope["path"]
    if b"%" in raw:
        path, root = raw.decode("latin-1"), quote(root)
    path = path.removeprefix(root)
    if "//" in path or "/." in path:
        path = "/" + normpath(path).lstrip("/")
    return path


class _Watch:
    """Passes on what the framework sends, and notes status, size and reason."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_started = False
        self.status = 500
        self.size = 0
        self.told = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            self.status = message["status"]
            headers = [*message.get("headers", ())]
            if NO_SNIFFING not in headers:
                message = {**message, "headers": [*headers, NO_SNIFFING]}
        else:
            body = message.get("body", b"")
            self.size += len(body)
            if self.status >= 400 and len(self.told) < _KEPT_BYTES:
                self.told += body
        await self._send(message)


def _named_operations(api: ServiceAPI) -> dict[str, dict[str, _Found]]:
    """The operations by path and method; their names are those of the OpenAPI document."""
    documented = schemas.openapi()["paths"]

    def name(path: str, method: str) -> str:
        described: str = documented[path]["get" if method == "HEAD" else method.lower()][
            "operationId"
        ]
        return described

    return {
        path: {method: _Found(name(path, method), each) for method, each in methods.items()}
        for path, methods in operations(api).items()
    }
