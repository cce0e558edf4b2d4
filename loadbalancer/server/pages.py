"""The pages for people: the services at a glance, and the documentation of the API.

All they need is in this package; nothing is fetched from elsewhere, and a policy makes the
browser refuse it. What the list of services needs to stay up to date is here as well: it is not a
part of the service API.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from importlib.resources import files
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..agent.stores.base import Store, StoreError
from .answers import Answer, refusal
from .api import store_failure
from .digests import Digests, services_by_id
from .listing import Listing, preferences
from .requests import RequestError

__all__ = ["data_routes", "page_routes"]

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_PATHS = {
    "/": "services.html",
    "/docs": "docs.html",
    "/static/checker.js": "checker.js",
    "/static/docs.js": "docs.js",
    "/static/dom.js": "dom.js",
    "/static/rows.js": "rows.js",
    "/static/services.js": "services.js",
    "/static/style.css": "style.css",
    "/static/icon.svg": "icon.svg",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; "
        "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def page_routes() -> list[Route]:
    """The routes of the pages and of what they load."""
    return [Route(path, _page(name), name=name) for path, name in _PATHS.items()]


def _page(name: str) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    content = (files(__package__ or "") / "static" / name).read_bytes()
    media_type = _TYPES[name.rpartition(".")[2]]
    listing = Listing()

    async def page(request: Request) -> Response:
        wanted = preferences(request.scope["headers"])
        return _response(listing.answer(content, wanted), media_type, _HEADERS)

    return page


def data_routes(store: Store) -> list[Route]:
    """The routes of what the list of services shows: what has changed, and the services."""
    digests = Digests(store)
    listing = Listing()

    async def get_digests(request: Request) -> Response:
        wanted = preferences(request.scope["headers"])
        return await _answered(lambda: listing.answer(digests.read(), wanted))

    async def get_services(request: Request) -> Response:
        wanted = preferences(request.scope["headers"])
        asked = request.query_params.get("ids", "")
        return await _answered(lambda: Listing().answer(services_by_id(store, asked), wanted))

    return [Route("/services/digests", get_digests), Route("/services", get_services)]


async def _answered(work: Callable[[], Answer]) -> Response:
    try:
        answer = await run_in_threadpool(work)
    except RequestError as error:
        answer = refusal(error)
    except StoreError as error:
        answer = store_failure(error)
    return _response(answer, "application/json")


def _response(
    answer: Answer, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    own = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, {**(headers or {}), **own}, media_type)
