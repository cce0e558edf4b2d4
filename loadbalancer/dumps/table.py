"""The text that `cilium service list` prints, of every release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..domain.backend import Backend
from ..domain.backend_state import BackendState
from ..domain.l3n4 import L3n4Addr, L3n4AddrID
from ..domain.l4 import L4Type
from ..domain.service import SVC
from ..domain.service_type import SVCTrafficPolicy, SVCType
from .addresses import printed_address
from .dump import Dump, DumpProblem, Look
from .vocabulary import (
    BACKEND_KEYS,
    FLAG_KEYS,
    FRONTEND_KEYS,
    LATER_STATES,
    LATER_STATES_SINCE,
    ONLY_SELECTED_SINCE,
    PROTOCOL_SINCE,
    STATES,
    TYPES,
    TYPES_SINCE,
    UNKNOWN_TYPE_UNTIL,
    no_protocol_word,
)

__all__ = ["is_table", "read_table", "write_table"]

_HEADER = re.compile(r"\s*ID\s+Frontend\s+(Service Type\s+)?Backend\s*")
_SERVICE = re.compile(
    r"\s*(?P<id>\d+)\s+(?P<frontend>\S+)"
    r"(?:\s+(?P<type>[A-Za-z]+)(?P<remote> \(Remote\))?)?(?:\s+(?P<backend>\d+ => .*?))?\s*",
    re.ASCII,
)
_BACKEND = re.compile(
    r"\s*\d+ => (?P<address>\S+)(?: \((?P<state>(?!preferred\))[\w-]+)\))?"
    r"(?P<preferred> \(preferred\))?\s*",
    re.ASCII,
)
_MIN_WIDTH, _PADDING = 5, 3
_CLUSTER = SVCTrafficPolicy.Cluster


def is_table(text: str) -> bool:
    """Whether a text begins with the header of the table."""
    return _HEADER.fullmatch(text.lstrip().partition("\n")[0]) is not None


class _TableReader:
    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._look = Look()
        self._services: list[SVC] = []
        self._problems: list[DumpProblem] = []
        self._count = 0
        self._in_bad_service = False

    def dump(self) -> Dump:
        span = self._look.span
        for number, line in enumerate(self._lines, 1):
            if not line.strip():
                continue
            if header := _HEADER.fullmatch(line):
                if header[1]:
                    span.since(FLAG_KEYS["type"])
                else:
                    span.until(UNKNOWN_TYPE_UNTIL)
            elif line.lstrip().startswith("> "):
                rest = line.strip()[:80]
                self._look.note("", "trailing-text", f"not read: {rest!r}")
                break
            else:
                self._line(line, number)
        return Dump(self._services, "text", self._problems, lambda: self._look)

    def _line(self, line: str, number: int) -> None:
        pointer = f"/{self._count}"
        try:
            if match := _SERVICE.fullmatch(line):
                self._count += 1
                self._in_bad_service = True
                self._services.append(self._service(match, pointer))
                self._in_bad_service = False
            elif _BACKEND.fullmatch(line) and self._count:
                if not self._in_bad_service:
                    backends = self._services[-1].backends
                    pointer = f"/{self._count - 1}"
                    backends.append(self._backend(line, f"{pointer}/backends/{len(backends)}"))
            else:
                raise ValueError("neither a service nor a backend of one")
        except ValueError as error:
            if _BACKEND.fullmatch(line) and self._services:
                self._services.pop()
                self._in_bad_service = True
            self._problems.append(DumpProblem(pointer, str(error), number))

    def _service(self, match: re.Match[str], pointer: str) -> SVC:
        span = self._look.span
        addr = self._address(match["frontend"])
        if addr.scope:
            span.since(FRONTEND_KEYS["scope"])
        kind = self._type(match["type"])
        if match["remote"]:
            span.since(FLAG_KEYS["cluster"])
        id = int(match["id"])
        if not id:
            span.since(ONLY_SELECTED_SINCE)
        backends: list[Backend] = []
        if match["backend"]:
            backends.append(self._backend(match["backend"], f"{pointer}/backends/0"))
        frontend = L3n4AddrID(
            protocol=addr.protocol,
            addr_cluster=addr.addr_cluster,
            port=addr.port,
            scope=addr.scope,
            id=id,
        )
        return SVC(
            frontend=frontend,
            backends=backends,
            type=kind,
            ext_traffic_policy=_CLUSTER,
            int_traffic_policy=_CLUSTER,
        )

    def _type(self, word: str | None) -> SVCType:
        if word is None:
            return SVCType.ClusterIP
        if word == SVCType.NONE.value:
            return SVCType.NONE
        if word not in TYPES:
            raise ValueError(f"unknown type {word!r}, expected one of {', '.join(TYPES)}")
        self._look.span.since(TYPES_SINCE[TYPES[word]])
        return TYPES[word]

    def _backend(self, text: str, pointer: str) -> Backend:
        match = _BACKEND.fullmatch(text)
        if not match:
            raise ValueError(f"not a backend: {text.strip()!r}")
        addr = self._address(match["address"])
        state, span = BackendState.ACTIVE, self._look.span
        if word := match["state"]:
            if word not in STATES:
                raise ValueError(f"unknown state {word!r}, expected one of {', '.join(STATES)}")
            state = STATES[word]
            span.since(BACKEND_KEYS["state"])
            if word in LATER_STATES:
                span.since(LATER_STATES_SINCE)
                self._look.note(f"{pointer}/state", "state-later", f"{word}: read as {state}")
        else:
            span.until(BACKEND_KEYS["state"] - 1)
        return Backend(
            protocol=addr.protocol,
            addr_cluster=addr.addr_cluster,
            port=addr.port,
            state=state,
            preferred=bool(match["preferred"]),
        )

    def _address(self, text: str) -> L3n4Addr:
        span = self._look.span
        if "/" in text.removesuffix("/i"):
            span.since(PROTOCOL_SINCE)
        else:
            span.until(PROTOCOL_SINCE - 1)
        return printed_address(text)


def read_table(text: str) -> Dump:
    """Read the services of a table; what it has no column for has its default."""
    return _TableReader(text).dump()


def write_table(services: Iterable[SVC], minor: int) -> bytes:
    """The table that the client of a release prints, sorted by id."""
    rows = [["ID", "Frontend", "Service Type", "Backend"]]
    for svc in sorted(services, key=lambda svc: svc.frontend.id):
        kind = svc.type.value
        if svc.name.cluster and minor >= FLAG_KEYS["cluster"]:
            kind += " (Remote)"
        frontend = _text_of(svc.frontend, minor)
        backends = [
            f"{i} => {_backend_text(each, minor)}" for i, each in enumerate(svc.backends, 1)
        ]
        rows.append([str(svc.frontend.id), frontend, kind, backends[0] if backends else ""])
        rows += [["", "", "", each] for each in backends[1:]]
    if minor <= UNKNOWN_TYPE_UNTIL:
        for row in rows:
            del row[2]
    return _aligned(rows).encode()


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as Go's `tabwriter` lays them out: each cell padded to its column, the last as well."""
    columns = zip(*rows, strict=True)
    widths = [max(_MIN_WIDTH, *(len(cell) + _PADDING for cell in column)) for column in columns]
    lines = ["".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _text_of(addr: L3n4Addr, minor: int) -> str:
    text = L3n4Addr.__str__(addr).removesuffix("/i")
    if minor >= PROTOCOL_SINCE:
        text += f"/{no_protocol_word(minor) if addr.protocol is L4Type.NONE else addr.protocol}"
    return text + "/i" if addr.scope and minor >= FRONTEND_KEYS["scope"] else text


def _backend_text(backend: Backend, minor: int) -> str:
    text = _text_of(backend, minor)
    if minor >= BACKEND_KEYS["state"]:
        text += f" ({backend.state})"
        if backend.preferred:
            text += " (preferred)"
    return text
