"""The service API as a FastAPI router, to be mounted in any application."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .. import schemas
from ..agent.settings import Settings
from ..agent.stores.base import Store
from .answers import NO_SNIFFING, Answer
from .api import ServiceAPI
from .components import Component, component_of
from .operations import Operation, operations, refused_method, send_answer
from .requests import Limits

__all__ = ["answer_response", "create_router"]

_PREFIX = "/v1"
_JSON = "application/json"
_SCHEMAS = "#/components/schemas/"
# The parts of an operation for which FastAPI has arguments of its own; who may call it is up to
# the application.
_GIVEN = {"operationId", "responses", "security", "summary", "tags"}


def create_router(
    store: Store,
    *,
    prefix: str = _PREFIX,
    settings: Settings | None = None,
    limits: Limits | None = None,
) -> APIRouter:
    """The agent's service API over a store.

    `prefix` is the base path. The operations are documented in the OpenAPI document of the
    application as they are in this project's own one, with the same named components, which
    are renamed where the application has others of the same names. Under another base path the
    ids of the operations end in it, so that one application may have several routers.
    """
    api = ServiceAPI(store, settings, limits)
    router = APIRouter(prefix=prefix)
    documented = schemas.openapi()["paths"]
    for path, methods in operations(api).items():
        _add_path(router, prefix, path, documented[path], methods)
    return router


def _add_path(
    router: APIRouter,
    prefix: str,
    path: str,
    documented: Mapping[str, Any],
    methods: Mapping[str, Operation],
) -> None:
    # The agent takes a path with a slash at its end for the same path.
    for each in (path, f"{path}/"):
        for method, operation in methods.items():
            router.add_api_route(
                each, _endpoint(operation), methods=[method], include_in_schema=False
            )
        # Other methods are refused in words of the API.
        refuse = Route(f"{prefix}{each}", _Refusal(methods), methods=None, include_in_schema=False)
        router.routes.append(refuse)
    parameters = documented.get("parameters", [])
    for method in methods.keys() - {"HEAD"}:
        described = {"parameters": parameters, **documented[method.lower()]}
        described["operationId"] += _id_suffix(prefix)
        _add_description(router, path, method, described)


def _endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        id = request.path_params.get("id", "")
        return answer_response(await operation(id, request.scope, request.receive))

    return endpoint


class _Refusal:
    """Refuses all methods but those that a path has, as an ASGI application."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = ",".join(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        await send_answer(refused_method(method, self._allowed), method, send)


def _add_description(
    router: APIRouter, path: str, method: str, described: Mapping[str, Any]
) -> None:
    """Document an operation that stands in the router already.

    It is a route of its own, behind the one that answers, which therefore never gets a request:
    the framework would read and judge the body that it knows the type of.
    """
    document = schemas.openapi()
    extra = _resolved(document, {key: described[key] for key in described.keys() - _GIVEN})
    body = extra.get("requestBody")
    router.add_api_route(
        path,
        _never_called(body and component_of(body.pop("content")[_JSON]["schema"]["$ref"])),
        methods=[method],
        operation_id=described["operationId"],
        summary=described["summary"],
        tags=described["tags"],
        response_class=Response,
        responses={
            int(status): _documented_response(_resolved(document, response))
            for status, response in described["responses"].items()
        },
        openapi_extra=extra,
    )


def _never_called(body: type[Component] | None) -> Callable[..., Awaitable[None]]:
    async def bare() -> None: ...

    async def with_body(body: Any) -> None: ...

    if body is None:
        return bare
    with_body.__annotations__["body"] = Annotated[body, Body()]
    return with_body


def _documented_response(response: dict[str, Any]) -> dict[str, Any]:
    """A response as FastAPI takes it, with the type of its body in place of the schema."""
    content = response.pop("content", None)
    if content is None:
        return response
    return {**response, "model": component_of(content[_JSON]["schema"]["$ref"])}


def _id_suffix(prefix: str) -> str:
    return "" if prefix == _PREFIX else re.sub(r"\W+", "_", prefix)


def answer_response(answer: Answer) -> Response:
    """An answer as the framework's response."""
    response = Response(
        answer.body, answer.status, media_type="application/json" if answer.body else None
    )
    response.raw_headers += (*answer.headers, NO_SNIFFING)
    return response


def _resolved(document: Mapping[str, Any], node: Any) -> Any:
    """A part of the document with its parameters and responses written out, but not its schemas."""
    if isinstance(node, list):
        return [_resolved(document, each) for each in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    values: dict[str, Any] = dict(node)  # pyright: ignore[reportUnknownArgumentType]
    reference: str = values.get("$ref", _SCHEMAS)
    if not reference.startswith(_SCHEMAS):
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        return _resolved(document, target)
    return {key: _resolved(document, value) for key, value in values.items()}
