"""The tables of the agent's StateDB: `db/show frontends`, `statedb dump` and streams of changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from pydantic import ValidationError

from ..domain.backend import DEFAULT_BACKEND_WEIGHT, Backend
from ..domain.backend_state import BackendState
from ..domain.l3n4 import L3n4AddrID
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType
from ..releases import Release
from .addresses import printed_address
from .dump import Dump, DumpProblem, Look
from .json_dump import Value, Values, problem_of
from .json_text.values import is_array, is_object
from .vocabulary import LATER_STATES_SINCE

__all__ = ["is_statedb", "read_statedb"]

_Object = Mapping[str, Any]

STATEDB_SINCE = 18
_SERVICE_NAME_IN_BACKEND_SINCE = 20
_NANOSECONDS = 1_000_000_000

_ACTIVE, _TERMINATING, _QUARANTINED, _MAINTENANCE = list(BackendState)[:4]
# What the number of a state means: it moved when a state was put in between.
_STATES_OF_1_18 = (_ACTIVE, _TERMINATING, _QUARANTINED, _MAINTENANCE)
_STATES = (_ACTIVE, _TERMINATING, _TERMINATING, _QUARANTINED, _MAINTENANCE)
_LATER_STATE = 2


def is_statedb(value: object) -> bool:
    """Whether a JSON value is of StateDB: a row, a change or a whole dump."""
    if not is_object(value):
        return False
    is_row = "Address" in value and "Backends" in value
    return is_row or "frontends" in value or ("obj" in value and "rev" in value)


@dataclass(frozen=True, slots=True)
class _Row:
    """A frontend with its place."""

    value: _Object
    pointer: str
    line: int


def read_statedb(values: Values, release: str | None) -> Dump:
    """Read the frontends of a StateDB dump; the release decides what their states mean."""
    return _Reader(values, release).dump()


class _Reader:
    def __init__(self, values: Values, release: str | None) -> None:
        self._problems = list(values.problems)
        self._look = Look()
        self._look.span.since(STATEDB_SINCE)
        self._services: dict[str, _Object] = {}
        self._rows = list(self._current(values.values))
        if values.trailing:
            self._look.note("", "trailing-text", f"not read: {values.trailing[:80]!r}")
        self._narrow()
        found = Release.parse(release) if release else self._look.span.latest
        self._is_1_18 = not found.since(LATER_STATES_SINCE)

    def dump(self) -> Dump:
        services: list[SVC] = []
        for row in self._rows:
            try:
                services.append(self._service(row))
            except ValidationError as error:
                self._problems.append(problem_of(error, row.pointer, row.line))
            except (ValueError, TypeError) as error:
                self._problems.append(DumpProblem(row.pointer, str(error), row.line))
        return Dump(services, "statedb", self._problems, lambda: self._look)

    def _current(self, values: list[Value]) -> Iterator[_Row]:
        """The frontends that are there in the end: changes come one behind the other."""
        current: dict[str, _Row] = {}
        for each in values:
            for row in self._rows_of(each):
                value, pointer, is_deleted = row.value, row.pointer, False
                if "obj" in value:
                    is_deleted = value.get("deleted") is True
                    value, pointer = value["obj"], f"{pointer}/obj"
                    if value is None:
                        continue
                key = value.get("Address") if is_object(value) else None
                if not isinstance(key, str):
                    self._problem(row, "expected a frontend, which has an Address")
                elif is_deleted:
                    current.pop(key, None)
                else:
                    current[key] = _Row(value, pointer, row.line)
        return iter(current.values())

    def _rows_of(self, each: Value) -> Iterator[_Row]:
        if not is_object(each.value):
            self._problems.append(DumpProblem(each.pointer, "expected an object", each.line))
        elif "frontends" in each.value:
            for service in _objects(each.value.get("services")):
                if isinstance(name := service.get("Name"), str):
                    self._services[name] = service
            for index, frontend in enumerate(each.value["frontends"] or ()):
                yield _Row(frontend, f"{each.pointer}/frontends/{index}", each.line)
        else:
            yield _Row(each.value, each.pointer, each.line)

    def _narrow(self) -> None:
        span = self._look.span
        for row in self._rows:
            for backend in _objects(row.value.get("Backends")):
                if "ForZones" in backend or isinstance(backend.get("Zone"), str):
                    span.until(LATER_STATES_SINCE - 1)
                elif "Zone" in backend:
                    span.since(LATER_STATES_SINCE)
                if "ServiceName" in backend:
                    span.since(_SERVICE_NAME_IN_BACKEND_SINCE)
                else:
                    span.until(_SERVICE_NAME_IN_BACKEND_SINCE - 1)

    def _service(self, row: _Row) -> SVC:
        value = row.value
        addr = printed_address(_text(value, "Address"))
        backends = value.get("Backends")
        full_name = _text(value, "ServiceName")
        return SVC(
            frontend=L3n4AddrID(
                protocol=addr.protocol,
                addr_cluster=addr.addr_cluster,
                port=addr.port,
                scope=addr.scope,
                id=value.get("ID") or 0,
            ),
            backends=[
                self._backend(each, f"{row.pointer}/Backends/{index}")
                for index, each in enumerate(_objects(backends))
            ],
            type=SVCType.LocalRedirect if value.get("RedirectTo") else _type(value),
            name=_service_name(full_name),
            **_facts_of(self._services.get(full_name, {})),
        )

    def _backend(self, value: _Object, pointer: str) -> Backend:
        addr = printed_address(_text(value, "Address"))
        number = value.get("State") or 0
        states = _STATES_OF_1_18 if self._is_1_18 else _STATES
        if type(number) is not int or not 0 <= number < len(states):
            raise ValueError(f"{pointer}/State: unknown state {number!r}")
        if number == _LATER_STATE and not self._is_1_18:
            message = "terminating-not-serving: read as terminating"
            self._look.note(f"{pointer}/State", "state-later", message)
        zone = value.get("Zone")
        weight = value.get("Weight")
        return Backend(
            protocol=addr.protocol,
            addr_cluster=addr.addr_cluster,
            port=addr.port,
            scope=addr.scope,
            weight=DEFAULT_BACKEND_WEIGHT if weight is None else weight,
            node_name=value.get("NodeName") or "",
            zone=(zone.get("Zone") if is_object(zone) else zone) or "",
            state=_QUARANTINED if value.get("Unhealthy") is True else states[number],
        )

    def _problem(self, row: _Row, reason: str) -> None:
        self._problems.append(DumpProblem(row.pointer, reason, row.line))


def _facts_of(service: _Object) -> dict[str, Any]:
    """What a row of the services' table adds; without one policies are Cluster."""
    timeout = service.get("SessionAffinityTimeout") or 0
    return {
        "ext_traffic_policy": SVCTrafficPolicy(service.get("ExtTrafficPolicy") or "Cluster"),
        "int_traffic_policy": SVCTrafficPolicy(service.get("IntTrafficPolicy") or "Cluster"),
        "nat_policy": _nat_policy(service.get("NatPolicy")),
        "session_affinity": service.get("SessionAffinity") or False,
        "session_affinity_timeout_sec": timeout // _NANOSECONDS,
        "health_check_node_port": service.get("HealthCheckNodePort") or 0,
        "loopback_hostport": service.get("LoopbackHostPort") or False,
        "load_balancer_source_ranges": [
            ip_network(each, strict=False) for each in service.get("SourceRanges") or ()
        ],
    }


def _nat_policy(word: str | None) -> SVCNatPolicy:
    return SVCNatPolicy.NONE if word in (None, "", "None") else SVCNatPolicy(word)


def _type(value: _Object) -> SVCType:
    word = value.get("Type")
    try:
        return SVCType(word or "ClusterIP")
    except ValueError:
        raise ValueError(f"unknown type {word!r}") from None


def _service_name(text: str) -> ServiceName:
    """The name that is written `[cluster/]namespace/name`."""
    *clusters, namespace, name = text.split("/") if "/" in text else ("", text)
    return ServiceName(cluster="/".join(clusters), namespace=namespace, name=name)


def _text(value: _Object, key: str) -> str:
    text = value.get(key)
    if text is not None and not isinstance(text, str):
        raise TypeError(f"{key}: expected text")
    return text or ""


def _objects(values: object) -> list[_Object]:
    return [each for each in values if is_object(each)] if is_array(values) else []
