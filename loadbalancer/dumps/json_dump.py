"""Dumps in JSON: an array, one object or several, with text behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..domain.service import SVC
from .dump import Dump, DumpProblem, Look
from .inspection import ServiceLook, specs_of
from .json_text.positions import pointer as pointer_of
from .json_text.splitting import read_batches
from .json_text.values import is_object
from .service_schema import read_services, read_spec

__all__ = ["Text", "Value", "Values", "problem_of", "read_json", "read_service", "values_of"]

Text = bytes | str


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
            rest = batch.text[broken.at :]
            line, _ = batch.place(broken.at)
            has_values = batch.is_list or values
            if has_values and not broken.pointer and rest[:1] not in ("", "{", "["):
                trailing = rest.strip().splitlines()[0]
                break
            problems.append(DumpProblem(broken.pointer, broken.reason, line))
    wholes = [each for each in values if not each.pointer]
    if len(wholes) > 1:
        # Objects one behind the other have no pointers of their own: count them.
        values = [Value(each.value, f"/{i}", each.line) for i, each in enumerate(values)]
    return Values(values, trailing, problems)


def read_json(data: Text) -> Dump:
    """Read the services of a JSON dump."""
    quickly = _read_quickly(data)
    if quickly is not None:
        return Dump(quickly, "json", [], lambda: _look_at(values_of(data)))
    values = values_of(data)
    services: list[SVC] = []
    problems: list[DumpProblem] = []
    good: list[Value] = []
    for each in values.values:
        read = read_service(each)
        if isinstance(read, DumpProblem):
            problems.append(read)
        elif read:
            services.append(read)
            good.append(each)
    problems += values.problems
    rest = Values(good, values.trailing)
    return Dump(services, "json", problems, lambda: _look_at(rest))


def read_service(each: Value) -> SVC | DumpProblem | None:
    """The service of a Service object; None for null, which a client prints for no services."""
    if each.value is None:
        return None
    specs = specs_of(each.value)
    if not specs:
        reason = (
            "neither spec nor status.realized is there"
            if is_object(each.value)
            else "expected a service, which is an object"
        )
        return DumpProblem(each.pointer, reason, each.line)
    services: list[SVC] = []
    for part, spec in specs:
        try:
            services.append(read_spec().validate_python(spec))
        except ValidationError as error:
            return problem_of(error, each.pointer + part, each.line)
    return services[0]


def problem_of(error: ValidationError, pointer: str, line: int | None) -> DumpProblem:
    """The first thing that is wrong with a value."""
    first = error.errors(include_url=False)[0]
    reason = first["msg"].removeprefix("Value error, ")
    return DumpProblem(pointer + pointer_of(first["loc"]), reason, line)


def _read_quickly(data: Text) -> list[SVC] | None:
    """The services of a JSON array, with text behind it or not, unless something is odd."""
    try:
        return read_services(_without_text_behind(data))
    except ValidationError:
        return None


def _without_text_behind(data: Text) -> Text:
    """The data up to the last bracket: if that is not the end of the JSON, it does not parse."""
    end = data.rfind("]") if isinstance(data, str) else data.rfind(b"]")
    return data[: end + 1] if end > 0 and data[end + 1 :].strip() else data


def _look_at(values: Values) -> Look:
    look = Look()
    services = ServiceLook(look)
    for each in values.values:
        services.service(each.value, each.pointer)
    if values.trailing:
        look.note("", "trailing-text", f"not read: {values.trailing[:80]!r}")
    return look
