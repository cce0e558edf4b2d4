"""The pages for people: the services at a glance, and the documentation of the API.

All they need is in this package; nothing is fetched from elsewhere, and a policy makes the
browser refuse it. The list of services reads `/v1/service`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .listing import Listing, preferences

__all__ = ["page_routes"]

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
        answer = listing.answer(content, preferences(request.scope["headers"]))
        own = {name.decode(): value.decode() for name, value in answer.headers}
        return Response(answer.body, answer.status, {**_HEADERS, **own}, media_type)

    return page
