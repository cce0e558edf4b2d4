"""Whole dumps and single requests: JSON to services and back, without wire models between.

What these functions accept and refuse, and what they return, is what the wire models and
the converters do; see `reading` for how a step is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import CoreSchema, ValidationError, core_schema

from .. import models
from ..domain.pydantic_inside import validator
from ..domain.service import SVC
from ..errors import ConversionError
from .converters import new_svc_from_model, new_svc_from_service
from .gc_pause import gc_paused
from .reading import Reading
from .writing import spec_json

__all__ = [
    "dump_service",
    "dump_services",
    "equal_specs",
    "last_between",
    "load_service",
    "load_service_spec",
    "load_services",
    "read_service_spec",
    "read_services",
]

Text = bytes | str

# What is before, between and behind the two specs of a Service, and between two of these.
_COMPACT = (b'{"spec":', b',"status":{"realized":', b"}}", b",")
_SPACED = (b'{"spec": ', b', "status": {"realized": ', b"}}", b", ")


def load_services(data: bytes | str, *, pause_gc: bool = True) -> list[SVC]:
    """The services of a JSON list of Service objects, as `GET /v1/service` answers.

    Python's cyclic garbage collector is paused meanwhile, for all threads, unless
    `pause_gc` is false: it would look through all objects again and again.

    Raises:
        pydantic.ValidationError: the JSON is not a list of services.
        ConversionError: a service has neither spec nor status.realized, or one of its addresses,
            states or scopes cannot be read; the pointer starts with its index.
    """
    with gc_paused(pause_gc):
        services = _read_quickly(data)
        return _load_plainly(data) if services is None else services


def read_services(data: bytes | str) -> list[SVC] | None:
    """The same, but None if anything is wrong, at no cost for finding out what."""
    with gc_paused():
        return _read_quickly(data)


def load_service(data: bytes | str) -> SVC:
    """The service of the JSON of a Service, as `GET /v1/service/{id}` answers.

    Raises:
        pydantic.ValidationError: the JSON is not a service.
        ConversionError: it has neither spec nor status.realized, or an address, state or
            scope in it cannot be read.
    """
    svc = _read_service(data)
    if svc is not None:
        return svc
    return new_svc_from_service(models.Service.model_validate_json(data))


def load_service_spec(data: bytes | str) -> SVC:
    """The service of the JSON of a ServiceSpec, the body of `PUT /v1/service/{id}`.

    Raises:
        pydantic.ValidationError: the JSON is not a ServiceSpec.
        ConversionError: an address, state, scope or id in it cannot be read.
    """
    svc = _read_spec(data)
    if svc is not None:
        return svc
    return new_svc_from_model(models.ServiceSpec.model_validate_json(data))


def read_service_spec(data: bytes | str) -> SVC | None:
    """The same, but None if anything is wrong, at no cost for finding out what."""
    return _read_spec(data)


def dump_services(
    services: Iterable[SVC], *, include_protocol: bool = True, pause_gc: bool = True
) -> bytes:
    """The JSON list of the Service objects of services, as compact wire JSON."""
    opening, middle, closing, comma = _COMPACT
    pieces = [b"["]
    with gc_paused(pause_gc):
        for svc in services:
            # What is realized is what was asked for: the text of it is made once.
            spec = spec_json(svc, include_protocol=include_protocol).encode()
            pieces += (opening, spec, middle, spec, closing, comma)
        # The last comma gives way to the bracket.
        pieces[max(1, len(pieces) - 1) :] = [b"]"]
        return b"".join(pieces)


def dump_service(svc: SVC, *, include_protocol: bool = True) -> bytes:
    """The JSON of the Service of a service: that of `SVC.get_model`."""
    spec = spec_json(svc, include_protocol=include_protocol)
    return f'{{"spec":{spec},"status":{{"realized":{spec}}}}}'.encode()


def _read_quickly(data: Text) -> list[SVC] | None:
    """The services, unless something is wrong."""
    specs = equal_specs(data)
    if specs is None:
        return _read_services(data)
    services: list[SVC] = []
    for spec in specs:
        nested = _read_nested_spec(spec)
        if nested is None:
            return None
        services.append(nested[0][0][0])
    return services


def _load_plainly(data: Text) -> list[SVC]:
    """The same by way of the wire models, which say what is wrong."""
    services: list[SVC] = []
    for index, service in enumerate(_list_adapter().validate_json(data)):
        try:
            services.append(new_svc_from_service(service))
        except ConversionError as error:
            raise error.below(f"/{index}") from None
    return services


# An agent sends every spec twice. Where the two texts are equal, one is checked for both.
_STYLES = (_COMPACT, _SPACED)
# The text between two services of a list: the end of one, a comma, the beginning of another.
_BETWEEN_SERVICES = (
    *(
        (closing.decode(), comma.decode(), opening.decode())
        for opening, _, closing, comma in _STYLES
    ),
    # As clients print lists, indented by two.
    ("\n  }", ",", '\n  {\n    "spec": {'),
)


def last_between(text: str, start: int = 0) -> tuple[int, int]:
    """The end of the last service but one, and the beginning of the last; -1 if there is none.

    It is where the text looks so: whether it is so, is for the parser to say, of what is before.
    """
    for closing, comma, opening in _BETWEEN_SERVICES:
        end = text.rfind(closing + comma + opening, start)
        if end >= 0:
            end += len(closing)
            return end, end + len(comma)
    return -1, -1


def equal_specs(data: Text) -> list[bytes] | None:
    """The spec of each service, as `[[[spec]]]`, if they all equal what is realized.

    The text is taken apart by nothing but the marks of a style between two equal texts. If
    each of these is one JSON value, which the parser decides, then the whole is what it
    was taken for. The brackets keep a value as deep as it was in the whole, for the
    parser's limit.
    """
    if isinstance(data, str):
        # Half a surrogate pair is not a character: the parser is to stumble on it.
        data = data.encode(errors="surrogatepass")
    for style in _STYLES:
        opening, middle, closing, comma = style
        if data.startswith(b"[" + opening):
            return _split_equal_specs(data, opening, middle, closing, comma)
    return None


def _split_equal_specs(
    data: bytes, opening: bytes, middle: bytes, closing: bytes, comma: bytes
) -> list[bytes] | None:
    specs: list[bytes] = []
    find = data.find
    start = 1
    while True:
        start += len(opening)
        end = find(middle, start)
        if end < 0:
            return None
        spec = data[start:end]
        again = end + len(middle)
        after = again + len(spec)
        if not (data.startswith(spec, again) and data.startswith(closing, after)):
            return None
        specs.append(b"[[[%b]]]" % spec)
        after += len(closing)
        if not data.startswith(comma + opening, after):
            return specs if data[after:].strip(b" \t\r\n") == b"]" else None
        start = after + len(comma)


class _Reader:
    """Reads JSON by a schema; None if anything is wrong.

    Why something is refused is not for this to say, but for the wire models and the converters.
    """

    def __init__(self, schema_of: Callable[[Reading], CoreSchema]) -> None:
        self._schema_of = schema_of

    def read(self, data: Text) -> Any:
        try:
            return self._validate(data)
        except ValidationError:
            return None

    @cached_property
    def _validate(self) -> Callable[[Text], Any]:
        # It takes milliseconds to make, and most programs need one of them.
        return validator(self._schema_of(Reading())).validate_json


def _nested_spec(reading: Reading) -> CoreSchema:
    schema = reading.spec()
    for _ in range(3):
        schema = core_schema.list_schema(schema, min_length=1, max_length=1)
    return schema


_read_spec: Callable[[Text], SVC | None] = _Reader(Reading.spec).read
_read_service: Callable[[Text], SVC | None] = _Reader(Reading.service).read
_read_services: Callable[[Text], list[SVC] | None] = _Reader(
    lambda reading: core_schema.list_schema(reading.service(), fail_fast=True)
).read
_read_nested_spec: Callable[[Text], list[list[list[SVC]]] | None] = _Reader(_nested_spec).read


@lru_cache(maxsize=1)
def _list_adapter() -> TypeAdapter[list[models.Service]]:
    return TypeAdapter(list[models.Service])
