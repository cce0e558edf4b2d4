"""StateDB as text: `db/show`, `statedb dump` and streams of changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ...domain.service import SVC
from ...releases import Release
from ..dump import Dump
from ..json_dump import Value, Values, problem_of
from ..json_text.values import is_array, is_object
from ..notes import DumpProblem, Look
from .tables import Backend, Frontend, Service, Tables

__all__ = ["is_statedb", "read_statedb"]

_Object = Mapping[str, Any]
_Model = TypeVar("_Model", bound=BaseModel)
_TABLES = ("frontends", "services", "backends")
_SINCE = 18
# When the form of a row changed: the minor release, and the patch.
_ZONE_IS_OBJECT = (19, 0)
_LATER_STATES = (18, 5)
_NAMES_ITS_SERVICE = (19, 5)


def is_statedb(value: object) -> bool:
    """Return whether a JSON value is from StateDB: a row, a change or a whole dump."""
    if not is_object(value):
        return False
    return (
        any(_is_table(value.get(each)) for each in _TABLES)
        or "obj" in value
        or _table_of(value) != ""
    )


def _is_table(rows: object) -> bool:
    """Return whether rows may be those of a table, not the objects of a state file."""
    return is_array(rows) and not any("metadata" in each for each in _objects(rows[:1]))


def _table_of(row: _Object) -> str:
    """Return the table to which a row belongs; empty if it is not a row."""
    if "Address" in row:
        is_frontend = "Type" in row or "Backends" in row
        return "frontends" if is_frontend else "backends"
    is_service = "Name" in row and ("ExtTrafficPolicy" in row or "NatPolicy" in row)
    return "services" if is_service else ""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with its place."""

    value: _Object
    pointer: str
    line: int


def read_statedb(values: Values, release: Release | None) -> Dump:
    """Read the tables of a StateDB dump; the release decides what the states mean."""
    return _Reader(values, release).dump()


class _Reader:
    def __init__(self, values: Values, release: Release | None) -> None:
        self._problems = list(values.problems)
        self._look = Look()
        self._look.span.since(_SINCE)
        self._rows = self._sorted(values.values)
        if values.trailing:
            self._look.note("", "trailing-text", f"not read: {values.trailing[:80]!r}")
        self._forms: set[str] = set()
        for row in self._rows["frontends"]:
            self._narrow(row)
        self._tables = Tables(numbers_until_1_18_4=self._has_old_numbers(release))

    def dump(self) -> Dump:
        tables = self._tables
        for row in self._rows["services"]:
            if (service := self._model(Service, row)) is not None:
                tables.services[service.name] = service
        for row in self._rows["backends"]:
            tables.backends += self._backends(row)
        services: list[SVC] = []
        for row in self._rows["frontends"]:
            frontend = self._model(Frontend, row)
            if frontend is not None:
                tables.frontends.append(frontend)
                services += self._service(frontend, row)
        return Dump(services, "statedb", self._problems, look=lambda: self._look, tables=tables)

    def _sorted(self, values: list[Value]) -> dict[str, list[_Row]]:
        """Return the rows that are there in the end, by table: changes come one after another."""
        current: dict[str, dict[str, _Row]] = {each: {} for each in _TABLES}
        for each in values:
            for row in self._rows_of(each):
                value, pointer, is_deleted = row.value, row.pointer, False
                if is_object(value) and "obj" in value:
                    is_deleted = value.get("deleted") is True
                    value, pointer = value["obj"], f"{pointer}/obj"
                    if value is None:
                        continue
                table = _table_of(value) if is_object(value) else ""
                if not table:
                    reason = "expected a row of frontends, services or backends"
                    self._problems.append(DumpProblem(row.pointer, reason, row.line))
                    continue
                key = str(value.get("Address", "")) + str(value.get("Name", ""))
                if table == "backends":
                    key += str(value.get("ServiceName"))
                if is_deleted:
                    current[table].pop(key, None)
                else:
                    current[table][key] = _Row(value, pointer, row.line)
        return {table: [*rows.values()] for table, rows in current.items()}

    def _rows_of(self, each: Value) -> Iterator[_Row]:
        value = each.value
        if not is_object(value):
            self._problems.append(DumpProblem(each.pointer, "expected an object", each.line))
        elif "obj" in value or _table_of(value):
            yield _Row(value, each.pointer, each.line)
        else:
            for table in _TABLES:
                rows = value.get(table)
                for index, row in enumerate(rows if is_array(rows) else ()):
                    yield _Row(row, f"{each.pointer}/{table}/{index}", each.line)

    def _narrow(self, row: _Row) -> None:
        """Narrow the releases by the form of a frontend's backends."""
        span = self._look.span
        for backend in _objects(row.value.get("Backends")):
            zone = backend.get("Zone").__class__.__name__
            form = repr([*backend, zone, backend.get("State"), backend.get("Unhealthy")])
            if form in self._forms:
                continue
            self._forms.add(form)
            if "ForZones" in backend or isinstance(backend.get("Zone"), str):
                span.until(_ZONE_IS_OBJECT[0] - 1)
                if backend.get("State") in (2, 3, 4) and backend.get("Unhealthy") is not True:
                    span.since(*_LATER_STATES)
            elif "Zone" in backend:
                span.since(*_ZONE_IS_OBJECT)
            if "ServiceName" in backend:
                span.since(*_NAMES_ITS_SERVICE)
            else:
                span.until(_NAMES_ITS_SERVICE[0], _NAMES_ITS_SERVICE[1] - 1)

    def _has_old_numbers(self, release: Release | None) -> bool:
        """Return whether states have the numbers of 1.18.0 to 1.18.4."""
        if release is not None:
            return not release.since(*_LATER_STATES)
        return False

    def _model(self, model: type[_Model], row: _Row) -> _Model | None:
        try:
            return model.model_validate(row.value)
        except ValidationError as error:
            self._problem(problem_of(error, row.pointer, row.line), row)
            return None

    def _service(self, frontend: Frontend, row: _Row) -> Iterator[SVC]:
        service = self._tables.services.get(frontend.service_name)
        old = self._tables.numbers_until_1_18_4
        known = [*(frontend.backends or ())]
        frontend = frontend.model_copy(update={"backends": []})
        try:
            svc = frontend.to_svc(service, numbers_until_1_18_4=old)
        except ValueError as error:
            self._problem(DumpProblem(row.pointer, str(error), row.line), row)
            return
        for index, each in enumerate(known):
            place = f"{row.pointer}/Backends/{index}"
            try:
                backend = each.to_backend(numbers_until_1_18_4=old)
            except ValueError as error:
                self._problem(DumpProblem(place, str(error), row.line), row)
                continue
            if not backend.serving:
                message = "terminating-not-serving: read as terminating, not serving"
                self._look.note(f"{place}/State", "state-later", message)
            svc.backends.append(backend)
        yield svc

    def _backends(self, row: _Row) -> Iterator[Backend]:
        instances = row.value.get("Instances")
        if not is_array(instances):
            if (backend := self._model(Backend, row)) is not None:
                yield backend
            return
        for index, each in enumerate(_objects(instances)):
            key, value = each.get("k"), each.get("v")
            if is_object(key) and is_object(value):
                named = {"ServiceName": key.get("ServiceName"), **value}
                place = f"{row.pointer}/Instances/{index}/v"
                if (backend := self._model(Backend, _Row(named, place, row.line))) is not None:
                    yield backend

    def _problem(self, problem: DumpProblem, row: _Row) -> None:
        address = row.value.get("Address")
        frontend = address if isinstance(address, str) else ""
        self._problems.append(DumpProblem(problem.pointer, problem.reason, problem.line, frontend))


def _objects(values: object) -> list[_Object]:
    return [each for each in values if is_object(each)] if is_array(values) else []
