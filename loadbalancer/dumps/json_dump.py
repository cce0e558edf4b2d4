"""Dumps in JSON: an array, one object or several, with text behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..domain.service import SVC
from .dump import Dump
from .formats import KUBERNETES, STATE_FILE
from .inspection import ServiceLook, specs_of
from .json_text.positions import pointer as pointer_of
from .json_text.splitting import read_batches
from .json_text.values import NOT_A_CHARACTER, has_surrogates, is_array, is_object
from .notes import DumpProblem, Look
from .service_schema import read_services, read_spec

__all__ = [
    "Text",
    "Value",
    "Values",
    "problem_of",
    "read_json",
    "read_quickly",
    "read_service",
    "values_of",
]

Text = bytes | str
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value of a dump with its place."""

    value: Any
    pointer: str
    line: int


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a text, and what else is in it."""

    values: list[Value]
    trailing: str = ""
    """The beginning of text behind the JSON."""
    problems: Sequence[DumpProblem] = ()


def values_of(data: Text) -> Values:
    """Take a JSON text apart: the elements of its arrays, and the objects that are in none."""
    values: list[Value] = []
    problems: list[DumpProblem] = []
    trailing = ""
    text = data.encode(errors="surrogatepass") if isinstance(data, str) else data
    for batch in read_batches([text]):
        for element in batch.elements:
            line, _ = batch.place(element.start)
            values.append(Value(element.value, element.pointer, line))
        if broken := batch.broken:
            line, _ = batch.place(broken.at)
            if (batch.is_list or values) and batch.text_behind:
                trailing = batch.text_behind.strip().splitlines()[0]
                break
            problems.append(DumpProblem(broken.pointer, broken.reason, line))
    if _SURROGATE.search(text):
        problems += [
            DumpProblem(each.pointer, NOT_A_CHARACTER, each.line)
            for each in values
            if has_surrogates(each.value)
        ]
        values = [each for each in values if not has_surrogates(each.value)]
    wholes = [each for each in values if not each.pointer]
    if len(wholes) > 1:
        # Objects one behind the other have no pointers of their own: count them.
        values = [Value(each.value, f"/{i}", each.line) for i, each in enumerate(values)]
    return Values(values, trailing, problems)


def read_quickly(data: Text) -> Dump | None:
    """Read the services of a JSON array that has no fault; None if it has."""
    try:
        services = read_services(data)
    except ValidationError:
        return None
    return Dump(services, "json", [], look=lambda: _look_at(values_of(data)))


def read_json(data: Text, values: Values) -> Dump:
    """Read the services of a JSON dump, given with its values."""
    quickly = read_quickly(data)
    if quickly is not None:
        return quickly
    services: list[SVC] = []
    problems: list[DumpProblem] = []
    good: list[Value] = []
    for each in values.values:
        svc, found = read_service(each)
        problems += found
        if svc is not None:
            services.append(svc)
            good.append(each)
    problems += values.problems
    rest = Values(good, values.trailing)
    return Dump(services, "json", problems, look=lambda: _look_at(rest))


def read_service(each: Value) -> tuple[SVC | None, list[DumpProblem]]:
    """Return the service of a Service object, and what is wrong with it.

    Null is no service: a client prints it for an empty list. A backend whose state is unknown is
    left out, and reported.
    """
    if each.value is None:
        return None, []
    specs = specs_of(each.value)
    if not specs or _is_kubernetes(each.value):
        return None, [DumpProblem(each.pointer, _what_it_is(each.value), each.line)]
    found: list[SVC] = []
    problems: list[DumpProblem] = []
    for part, spec in specs:
        svc, refused = _read_spec(spec, each.pointer + part, each.line)
        # What is realized and what is wished have the same faults.
        problems = problems or refused
        if svc is None:
            return None, refused
        found.append(svc)
    return found[0], problems


def _is_kubernetes(value: object) -> bool:
    return is_object(value) and "kind" in value and "apiVersion" in value


def _what_it_is(value: object) -> str:
    if not is_object(value):
        return "expected a service, which is an object"
    if _is_kubernetes(value):
        return KUBERNETES
    if any(is_array(value.get(each)) for each in ("services", "endpoints")):
        return STATE_FILE
    return "neither spec nor status.realized is there"


def _read_spec(spec: Any, pointer: str, line: int) -> tuple[SVC | None, list[DumpProblem]]:
    try:
        return read_spec().validate_python(spec), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    frontend = _frontend_of(spec)
    problems: list[DumpProblem] = []
    left_out: set[int] = set()
    for each in errors:
        reason = each["msg"].removeprefix("Value error, ")
        problem = DumpProblem(pointer + pointer_of(each["loc"]), reason, line, frontend)
        match each["loc"]:
            case ("backend-addresses", int(index), "state"):
                problems.append(problem)
                left_out.add(index)
            case _:
                return None, [problem]
    # All at once: validating anew for each backend took minutes for some thousand.
    backends = [each for i, each in enumerate(spec["backend-addresses"]) if i not in left_out]
    svc, refused = _read_spec({**spec, "backend-addresses": backends}, pointer, line)
    return (None, refused) if svc is None else (svc, problems)


def _frontend_of(spec: Any) -> str:
    """Return the frontend of a spec as text, as far as it can be read."""
    address = spec.get("frontend-address") if is_object(spec) else None
    ip, port = (address.get("ip"), address.get("port", 0)) if is_object(address) else (None, None)
    if not isinstance(ip, str) or type(port) is not int:
        return ""
    host = f"[{ip}]" if ":" in ip else ip
    scope = "/i" if is_object(address) and address.get("scope") == "internal" else ""
    return f"{host}:{port}{scope}"


def problem_of(error: ValidationError, pointer: str, line: int | None) -> DumpProblem:
    """The first thing that is wrong with a value."""
    first = error.errors(include_url=False)[0]
    reason = first["msg"].removeprefix("Value error, ")
    return DumpProblem(pointer + pointer_of(first["loc"]), reason, line)


def _look_at(values: Values) -> Look:
    look = Look()
    services = ServiceLook(look)
    for each in values.values:
        services.service(each.value, each.pointer)
    if values.trailing:
        look.note("", "trailing-text", f"not read: {values.trailing[:80]!r}")
    return look
