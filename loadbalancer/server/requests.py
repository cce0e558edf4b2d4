"""What a request has to be before the rules look at it: id, media type, body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from pydantic import ValidationError
from pydantic_core import ErrorDetails, SchemaValidator, core_schema

from ..domain.service import SVC
from ..dumps.json_text.positions import pointer
from ..errors import LoadBalancerError
from ..models import ServiceSpec
from ..wire.services import read_service_spec

__all__ = [
    "Limits",
    "RequestError",
    "check_media_type",
    "parse_id",
    "parse_spec",
    "read_upsert",
    "unknown_keys",
]

# The codes with which an agent says which rule of the schema was broken.
WRONG_TYPE = 601
MISSING = 602
NOT_IN_ENUM = 606
TOO_MANY_ITEMS = 611

# How agents from 1.17 on write the protocols of 1.13.
_LATER_PROTOCOLS = ("TCP", "UDP", "ANY")
_PROBLEMS_TOLD = 10
# Nineteen digits hold every int64; a longer text need not become a number.
_int_of_text = re.compile("([+-]?)0*([0-9]{1,19})").fullmatch


class RequestError(LoadBalancerError):
    """A request is refused before any service is looked at."""

    def __init__(self, status: int, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = status if code is None else code
        """The `code` of the answer's body: the status, or which rule was broken."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may ask for."""

    body_bytes: int = 2 * 1024 * 1024
    """How large a body may be, in bytes."""
    body_seconds: float = 30.0
    """How long a client may take to send a body, in seconds."""
    backends: int = 10_000
    """How many backends a service may have."""
    strict_keys: bool = False
    """Whether unknown keys in a body are refused (422); else a `Warning` header names them."""
    held_bytes: int = 64 * 1024 * 1024
    """How large the bodies of all requests under way may be together, in bytes."""


def parse_id(text: str) -> int:
    """The id in a path, any int64.

    Raises:
        RequestError: the text is not an int64.
    """
    found = _int_of_text(text)
    if found is not None:
        id = int("".join(found.groups()))
        if -(2**63) <= id < 2**63:
            return id
    message = f"id in path must be of type int64: {json.dumps(text[:80])}"
    raise RequestError(422, message, WRONG_TYPE)


def check_media_type(content_type: str | None) -> None:
    """A body is JSON unless it is declared as something else.

    Raises:
        RequestError: it is declared as something else.
    """
    if content_type is None or content_type == "application/json":
        return
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise RequestError(
            415,
            f"unsupported media type {json.dumps(media_type[:80])}, "
            "only [application/json] are allowed",
        )


def parse_spec(body: bytes, limits: Limits) -> ServiceSpec:
    """The wire model of a body.

    Raises:
        RequestError: the body is not JSON or has a wrong type (400), which is looked at first,
            or it lacks a required key or has a value outside an enum (422).
    """
    if not body.strip(b" \t\r\n"):
        raise RequestError(422, "config in body is required", MISSING)
    _check_count(body, limits.backends)
    try:
        spec = ServiceSpec.model_validate_json(body)
    except ValidationError as error:
        _refuse(error)
    _check_constants(body)
    return spec


def unknown_keys(body: bytes) -> list[str]:
    """Return what there is to say about the unknown keys of a body that is otherwise good."""
    from ..checking.diagnosis import diagnose_keys
    from ..checking.kinds import Kind, has_unknown_keys

    value = json.loads(body)
    if not has_unknown_keys(value, Kind.SPEC):
        return []
    found: list[str] = []
    for path, finding, _ in diagnose_keys(value, Kind.SPEC, strict_keys=True):
        meant = f", did you mean {finding.meant}?" if finding.meant else ""
        found.append(f"{pointer(path)}: {finding.reason}{meant}")
    return found


def read_upsert(body: bytes, limits: Limits) -> SVC | None:
    """The service that a body asks for, read without a wire model between.

    None if anything in the body is wrong or unusual: `parse_spec` decides then. An update of
    states is not a service, and a backslash may hide its key.

    Raises:
        RequestError: there are too many backends.
    """
    if b"updateServices" in body or b"\\" in body or b"NaN" in body or b"Infinity" in body:
        return None
    _check_count(body, limits.backends)
    return read_service_spec(body)


def _check_count(body: bytes, most: int) -> None:
    """Refuse too many backends before a model is made of each."""
    shortest = len('{"ip":""},')
    if len(body) < shortest * most:
        return
    try:
        _counted(most).validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        if [detail["type"] for detail in details] == ["too_long"]:
            message = f"backend-addresses in body should have at most {most} items"
            raise RequestError(422, message, TOO_MANY_ITEMS) from None
        # The real model says what is wrong.


@lru_cache(maxsize=4)
def _counted(most: int) -> SchemaValidator:
    """Validates only the number of backends of a ServiceSpec."""
    backends = core_schema.list_schema(core_schema.any_schema(), max_length=most)
    field = core_schema.model_field(
        core_schema.with_default_schema(core_schema.nullable_schema(backends), default=None),
        validation_alias="backend-addresses",
    )
    return SchemaValidator(core_schema.model_fields_schema({"backends": field}))


def _check_constants(body: bytes) -> None:
    """Refuse NaN and Infinity, which Pydantic accepts below unknown keys."""
    if b"NaN" not in body and b"Infinity" not in body:
        return
    try:
        json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        raise RequestError(400, f"Invalid JSON: {error}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _refuse(error: ValidationError) -> NoReturn:
    details = error.errors(include_url=False, include_context=False)
    codes = [_schema_code(detail) for detail in details]
    # An agent reads all of a body into its types before it looks at the rules of the schema.
    if None in codes:
        deciding = [d for d, code in zip(details, codes, strict=True) if code is None]
        raise RequestError(400, _told(deciding))
    raise RequestError(422, _told(details), codes[0])


def _schema_code(detail: ErrorDetails) -> int | None:
    """The code of a broken rule of the schema; None if the value has the wrong type."""
    if detail["type"] == "missing":
        return MISSING
    if detail["type"] == "literal_error" and isinstance(detail["input"], str):
        return NOT_IN_ENUM
    # Null means absent, but an element of a list cannot be absent.
    is_element = bool(detail["loc"]) and isinstance(detail["loc"][-1], int)
    if detail["input"] is None and not is_element and detail["type"] != "json_invalid":
        return MISSING
    return None


def _message(detail: ErrorDetails) -> str:
    """What is wrong, and what was probably meant by a protocol of a later release."""
    message, found = detail["msg"], detail["input"]
    if detail["loc"][-1:] == ("protocol",) and found in _LATER_PROTOCOLS:
        message += (
            f' (did you mean "{found.lower()}"? agents from 1.17 on write upper case, '
            "this API is that of 1.13)"
        )
    return message


def _told(details: list[ErrorDetails]) -> str:
    told = [
        f"{pointer(detail['loc'])}: {_message(detail)}" if detail["loc"] else _message(detail)
        for detail in details[:_PROBLEMS_TOLD]
    ]
    if len(details) > _PROBLEMS_TOLD:
        told.append(f"and {len(details) - _PROBLEMS_TOLD} more")
    return "; ".join(told)
