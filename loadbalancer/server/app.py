"""The complete application: the service API, pages for people, health and metrics."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from .. import __version__, schemas
from ..agent.settings import Settings
from ..agent.stores.base import Store, StoreError
from ..agent.stores.memory import MemoryStore
from .answers import refusal
from .api import ServiceAPI
from .checks import check_route
from .guard import Guard
from .metrics import Metrics
from .operations import refused_method
from .pages import page_routes
from .process.access_log import AccessLog
from .process.entrance import Entrance
from .process.faults import Faults
from .requests import Limits, RequestError
from .router import answer_response

__all__ = ["create_app", "create_server"]


class _Application(FastAPI):
    """Serves the project's own OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        return schemas.openapi()


def create_app(
    store: Store | None = None,
    *,
    settings: Settings | None = None,
    limits: Limits | None = None,
    closes_store: bool = False,
) -> FastAPI:
    """The service API over a store, by default one in memory, with pages, health and metrics.

    `/v1` is the API, `/` and `/docs` are for people, `/check` says what is wrong with a
    payload, `/healthz` and `/metrics` are for monitors. `closes_store` closes the store when
    the application ends.
    """
    store = store or MemoryStore()
    limits = limits or Limits()
    metrics = Metrics(store)
    app = _framework(store, limits, metrics, closes_store)
    # The framework is not asked about `/v1`. Middleware that is added later is: it comes before.
    app.add_middleware(Entrance, api=ServiceAPI(store, settings, limits), metrics=metrics)
    return app


def create_server(
    store: Store,
    *,
    settings: Settings,
    limits: Limits,
    guard: Guard | None = None,
    access_log: AccessLog | None = None,
    faults: Faults | None = None,
) -> ASGIApp:
    """The same application, guarded and with nothing before the entrance; it closes the store."""
    metrics = Metrics(store)
    app = _framework(store, limits, metrics, closes_store=True)
    api = ServiceAPI(store, settings, limits)
    return Entrance(app, api, metrics, guard, access_log, faults)


def _framework(store: Store, limits: Limits, metrics: Metrics, closes_store: bool) -> FastAPI:
    """All but the service API."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        yield
        if closes_store:
            store.close()

    app = _Application(
        title="Cilium load-balancer service API",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        exception_handlers={HTTPException: _http_error, Exception: _unforeseen_error},
    )
    app.router.routes.extend(page_routes())
    app.router.routes.extend(_monitor_routes(store, metrics))
    app.router.routes.append(check_route(limits))
    return app


def _monitor_routes(store: Store, metrics: Metrics) -> list[Route]:
    async def healthz(request: Request) -> Response:
        try:
            await run_in_threadpool(store.read, lambda view: view.service_count())
        except StoreError as error:
            return JSONResponse({"status": "failing", "reason": str(error)}, 503)
        return JSONResponse({"status": "ok"})

    async def scrape(request: Request) -> Response:
        return await run_in_threadpool(metrics.response)

    return [Route("/healthz", healthz), Route("/metrics", scrape)]


async def _http_error(request: Request, error: Exception) -> Response:
    """Requests that the framework itself refuses, answered in the form of this API."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "").replace(" ", "")
        return answer_response(refused_method(request.method, allowed))
    message = error.detail
    if error.status_code == 404:
        message = f"path {request.url.path[:200]} was not found"
    headers = ((k.encode(), v.encode()) for k, v in (error.headers or {}).items())
    return answer_response(refusal(RequestError(error.status_code, message), *headers))


async def _unforeseen_error(request: Request, error: Exception) -> Response:
    """A bug in the server: it is logged, and the client gets no details."""
    return answer_response(refusal(RequestError(500, "internal error")))
