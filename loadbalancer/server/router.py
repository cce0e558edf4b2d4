"""The service API as a FastAPI router, to be mounted in any application."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .. import schemas
from ..agent.settings import Settings
from ..agent.stores.base import Store
from .api import ServiceAPI
from .operations import Operation, Reply, operations, refused_method, send_reply
from .requests import Limits

__all__ = ["create_router", "reply_response"]

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
    documented = schemas.openapi()["paths"]
    for path, methods in operations(api).items():
        _add_path(router, prefix, path, documented[path], methods)
    return router


def _endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        id = request.path_params.get("id", "")
        return reply_response(await operation(id, request.scope, request.receive))

    return endpoint


def _add_path(
    router: APIRouter,
    prefix: str,
    path: str,
    documented: Mapping[str, Any],
    methods: Mapping[str, Operation],
) -> None:
    document = schemas.openapi()
    parameters = documented.get("parameters", [])
    for method, operation in methods.items():
        described = {"parameters": parameters, **documented[method.lower()]}
        described["operationId"] += _id_suffix(prefix)
        router.add_api_route(
            path,
            _endpoint(operation),
            methods=[method],
            operation_id=described["operationId"],
            summary=described["summary"],
            tags=described["tags"],
            response_class=Response,
            openapi_extra=_inlined(document, described),
        )
    # Other methods are refused in words of the API. The agent takes a path with a slash at its
    # end for the same path.
    for each in (f"{prefix}{path}", f"{prefix}{path}/"):
        router.routes.append(Route(each, _ByMethod(methods), methods=None, include_in_schema=False))


def _id_suffix(prefix: str) -> str:
    return "" if prefix == _PREFIX else re.sub(r"\W+", "_", prefix)


class _ByMethod:
    """The operations of a path, as an ASGI application for all methods."""

    def __init__(self, methods: Mapping[str, Operation]) -> None:
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._methods.get(scope["method"])
        if operation is None:
            reply = refused_method(scope["method"], ",".join(self._methods))
        else:
            reply = await operation(scope["path_params"].get("id", ""), scope, receive)
        await send_reply(reply, send)


def reply_response(reply: Reply) -> Response:
    """A reply as the framework's response."""
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    media_type = "application/json" if reply.answer.body else None
    return Response(reply.answer.body, reply.answer.status, headers, media_type)


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
