"""The service API as a FastAPI router, to be mounted in any application."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .. import schemas
from ..agent.settings import Settings
from ..agent.stores.base import Store
from .api import Answer, ServiceAPI, refusal
from .bodies import BodyReader
from .requests import Limits, RequestError

__all__ = ["answer_response", "create_router", "method_not_allowed"]

# A body that takes long enough to convert for others to notice.
_LARGE_BODY = 64 * 1024
_PREFIX = "/v1"


def create_router(
    store: Store,
    *,
    prefix: str = _PREFIX,
    settings: Settings | None = None,
    limits: Limits | None = None,
) -> APIRouter:
    """The agent's service API over a store.

    `prefix` is the base path. The operations are documented in the OpenAPI document of the
    application as they are in this project's own one; under another base path their ids end
    in it, so that one application may have several routers.
    """
    api = ServiceAPI(store, settings, limits)
    router = APIRouter(prefix=prefix)
    bodies = BodyReader(api.limits)
    for path, operations in schemas.openapi()["paths"].items():
        _add_path(router, prefix, path, operations, _endpoints(api, bodies)[path])
    return router


Endpoint = Callable[[Request], Any]


def _endpoints(api: ServiceAPI, bodies: BodyReader) -> dict[str, dict[str, Endpoint]]:
    """The functions behind the operations, by path and method."""

    async def get_services(request: Request) -> Response:
        return answer_response(await _call(api, api.get_services))

    async def get_service(request: Request) -> Response:
        id: str = request.path_params["id"]
        return answer_response(await _call(api, lambda: api.get_service(id)))

    async def put_service(request: Request) -> Response:
        id: str = request.path_params["id"]
        content_type = request.headers.get("content-type")
        try:
            async with bodies.read(request) as body:
                is_long = len(body) > _LARGE_BODY
                put = partial(api.put_service, id, content_type, body)
                return answer_response(await _call(api, put, is_long=is_long))
        except RequestError as error:
            return answer_response(refusal(error), {"Connection": "close"})
        except ClientDisconnect:
            # Half a body is no body; nobody is there to read the answer.
            return answer_response(refusal(RequestError(400, "the body ended too early")))

    async def delete_service(request: Request) -> Response:
        id: str = request.path_params["id"]
        return answer_response(await _call(api, lambda: api.delete_service(id)))

    async def get_lrp(request: Request) -> Response:
        return answer_response(api.get_lrp())

    async def get_config(request: Request) -> Response:
        return answer_response(api.get_config())

    return {
        "/service": {"get": get_services},
        "/service/{id}": {"get": get_service, "put": put_service, "delete": delete_service},
        "/lrp": {"get": get_lrp},
        "/config": {"get": get_config},
    }


def _add_path(
    router: APIRouter,
    prefix: str,
    path: str,
    operations: Mapping[str, Any],
    endpoints: Mapping[str, Endpoint],
) -> None:
    document = schemas.openapi()
    parameters = operations.get("parameters", [])
    for method, endpoint in endpoints.items():
        operation = {"parameters": parameters, **operations[method]}
        operation["operationId"] += _id_suffix(prefix)
        router.add_api_route(
            path,
            endpoint,
            methods=[method.upper()],
            operation_id=operation["operationId"],
            summary=operation["summary"],
            tags=operation["tags"],
            response_class=Response,
            openapi_extra=_inlined(document, operation),
        )
    allowed = ",".join(method.upper() for method in endpoints)
    # The agent takes a path with a slash at its end for the same path.
    slashed = _BySlash(endpoints)
    router.routes.append(Route(f"{prefix}{path}/", slashed, methods=None, include_in_schema=False))
    router.routes.append(
        Route(f"{prefix}{path}", _NotAllowed(allowed), methods=None, include_in_schema=False)
    )


def _id_suffix(prefix: str) -> str:
    return "" if prefix == _PREFIX else re.sub(r"\W+", "_", prefix)


class _BySlash:
    """The operations of a path, as an ASGI application for all methods."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = {method.upper(): endpoint for method, endpoint in endpoints.items()}
        self._not_allowed = _NotAllowed(",".join(self._endpoints))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get(scope["method"])
        if endpoint is None:
            await self._not_allowed(scope, receive, send)
            return
        response: Response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)


class _NotAllowed:
    """An ASGI application that refuses whatever method there is."""

    def __init__(self, allowed: str) -> None:
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = method_not_allowed(scope["method"], self._allowed)
        await response(scope, receive, send)


def method_not_allowed(method: str, allowed: str) -> Response:
    """The answer to a method that a path does not have."""
    message = f"method {method[:40]} is not allowed, but [{allowed}] are"
    answer = refusal(RequestError(405, message))
    body = b"" if method == "HEAD" else answer.body
    return answer_response(Answer(answer.status, body), {"Allow": allowed})


def answer_response(answer: Answer, headers: Mapping[str, str] | None = None) -> Response:
    media_type = "application/json" if answer.body else None
    return Response(answer.body, answer.status, headers, media_type)


async def _call(api: ServiceAPI, call: Callable[[], Answer], *, is_long: bool = False) -> Answer:
    """Make a call, in a thread if others would have to wait for it.

    Long bodies become many objects: few of them are converted at a time.
    """
    if is_long:
        return await to_thread.run_sync(call, limiter=_limiter("long", 2))
    if api.store.blocks:
        return await to_thread.run_sync(call, limiter=_limiter("short", 8))
    return call()


_limiters: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, CapacityLimiter]] = (
    WeakKeyDictionary()
)


def _limiter(name: str, threads: int) -> CapacityLimiter:
    """Limits the threads of a kind; it belongs to the event loop."""
    limiters = _limiters.setdefault(asyncio.get_running_loop(), {})
    return limiters.setdefault(name, CapacityLimiter(threads))


def _inlined(document: Mapping[str, Any], node: Any) -> Any:
    """A part of the document with all that it refers to written out in place."""
    if isinstance(node, list):
        return [_inlined(document, each) for each in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    values: dict[str, Any] = dict(node)  # pyright: ignore[reportUnknownArgumentType]
    reference = values.pop("$ref", None)
    if reference is not None:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        values = {**target, **values}
    return {key: _inlined(document, value) for key, value in values.items()}
