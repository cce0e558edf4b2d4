"""What the service API answers, before it becomes HTTP."""

from __future__ import annotations

import json
from typing import NamedTuple

from .requests import RequestError

__all__ = ["CLOSE", "Answer", "Header", "failure", "reason", "refusal"]

Header = tuple[bytes, bytes]

CLOSE: Header = (b"connection", b"close")
"""After this answer nothing more is read from the connection."""

_RETRY: Header = (b"retry-after", b"1")


class Answer(NamedTuple):
    """A status, a body of JSON unless it is empty, and headers beside its type and length."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()


def refusal(error: RequestError, *headers: Header) -> Answer:
    """The answer to a request that is not one of this API, or that cannot be answered now.

    A client that is to come later learns when.
    """
    if error.status == 503:
        headers = (*headers, _RETRY)
    return Answer(error.status, _json({"code": error.code, "message": str(error)}), headers)


def failure(status: int, text: str) -> Answer:
    """The answer to a request that cannot be carried out: an Error, which is a JSON string."""
    return Answer(status, _json(text))


def reason(body: bytes) -> str:
    """Why a request was refused, out of the body of either answer; empty if it does not say."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    if isinstance(told, dict):
        told = told.get("message") or told.get("reason")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return told if isinstance(told, str) else ""


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half of a surrogate pair, which the name of a file may have, becomes an escape of JSON.
    return text.encode(errors="backslashreplace")
