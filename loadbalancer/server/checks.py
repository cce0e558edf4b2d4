"""`POST /check`: what is wrong with a payload, within limits of time, findings and requests."""

from __future__ import annotations

import asyncio
import json
import time
from threading import Event
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..checking.checker import Checker
from ..checking.problems import Problem
from ..checking.verdict import Verdict
from .answers import CLOSE, Answer, refusal
from .bodies import BodyReader
from .requests import Limits, RequestError

__all__ = ["check_route"]

_PROBLEMS_TOLD = 100
_MOST_PROBLEMS = 10_000
_MOST_SECONDS = 10.0
_AT_ONCE = 2
# The limits are looked at between these.
_PIECE = 64 * 1024


def check_route(limits: Limits) -> Route:
    """Return the route of `/check`."""
    bodies = BodyReader(limits)
    running = 0

    async def check(request: Request) -> Response:
        nonlocal running
        try:
            body = await bodies.receive(request.scope, request.receive)
        except RequestError as error:
            return _refused(refusal(error, CLOSE))
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            if running >= _AT_ONCE:
                busy = RequestError(503, f"{_AT_ONCE} payloads are being checked already")
                return _refused(refusal(busy))
            running += 1
            try:
                found = await _checked(request, body)
            finally:
                running -= 1
        finally:
            bodies.release(body)
        # Half of a surrogate pair, which a payload may have, is written as an escape.
        return Response(json.dumps(found), media_type="application/json")

    return Route("/check", check, methods=["POST"])


def _refused(answer: Answer) -> Response:
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers, "application/json")


async def _checked(request: Request, body: bytes) -> dict[str, Any]:
    """Check a body in a thread, which stops when the client goes or the server ends."""
    stop = Event()
    work = asyncio.ensure_future(run_in_threadpool(_check, body, stop))
    # All of the body has come, so what comes next is that the client has gone.
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        return await work
    finally:
        stop.set()
        gone.cancel()


def _check(body: bytes, stop: Event) -> dict[str, Any]:
    """What `loadbalancer validate --format json` says about a file with this content.

    It leaves out the releases that the content can be from, which take a second look. `stopped`
    is why the check did not come to the end, or null.
    """
    deadline = time.monotonic() + _MOST_SECONDS
    verdict = Verdict()
    told: list[Problem] = []
    stopped = None
    pieces = (body[start : start + _PIECE] for start in range(0, len(body), _PIECE))
    for checked in Checker(most_diagnosed=_MOST_PROBLEMS).check(pieces):
        if stopped is not None:
            break
        verdict.add(checked)
        told += checked.problems[: _PROBLEMS_TOLD - len(told)]
        if verdict.errors + verdict.warnings > _MOST_PROBLEMS:
            stopped = f"more than {_MOST_PROBLEMS:,} problems were found"
        elif stop.is_set() or time.monotonic() > deadline:
            stopped = f"it takes longer than {_MOST_SECONDS:g} seconds"
    problems = [each.as_json() for each in told]
    for problem in problems:
        del problem["file"]
    return {
        **verdict.as_json(),
        "contents": verdict.contents(),
        "problems": problems,
        "stopped": stopped,
    }
