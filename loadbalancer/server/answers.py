"""What the service API answers, before it becomes HTTP."""

from __future__ import annotations

import json
from typing import NamedTuple

from .requests import RequestError

__all__ = ["CLOSE", "NO_SNIFFING", "Answer", "Header", "failure", "reason", "refusal"]

Header = tuple[bytes, bytes]

CLOSE: Header = (b"connection", b"close")
"""The header of answers after which the connection is closed."""

NO_SNIFFING: Header = (b"x-content-type-options", b"nosniff")
"""The header that keeps browsers from guessing a type other than the one that is given."""

_RETRY: Header = (b"retry-after", b"1")


class Answer(NamedTuple):
    """A status, a body of JSON unless it is empty, and headers beside its type and length."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()


def refusal(error: RequestError, *headers: Header) -> Answer:
    """The answer to a request that this API does not know, or that it cannot answer now.

    A 503 says when to try again.
    """
    if error.status == 503:
        headers = (*headers, _RETRY)
    return Answer(error.status, _json({"code": error.code, "message": str(error)}), headers)


def failure(status: int, text: str) -> Answer:
    """The answer to a request that cannot be carried out: an Error, which is a JSON string."""
    return Answer(status, _json(text))


def reason(body: bytes) -> str:
    """The reason for a refusal, from the body of the answer; empty if it gives none."""
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
