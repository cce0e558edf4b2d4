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
from ..releases import Release
from .addresses import printed_address
from .dump import Dump
from .formats import TABLE_HEADER
from .notes import DumpProblem, Look
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
    written_state,
)

__all__ = ["read_table", "write_table"]

_SERVICE = re.compile(
    r"\s*(?P<id>\d+)\s+(?P<frontend>\S+)"
    r"(?:\s+(?P<type>[A-Za-z]+)(?P<remote> \(Remote\))?(?=\s|\Z))?"
    r"(?:\s+(?P<backend>\d+ => .*)|\s+(?P<rest>\S.*))?\s*",
    re.ASCII,
)
_BACKEND = re.compile(
    r"\s*\d+ => (?P<address>\S+)(?: \((?P<state>(?!preferred\))[\w-]+)\))?"
    r"(?P<preferred> \(preferred\))?(?:\s+(?P<rest>\S.*?))?\s*",
    re.ASCII,
)
_is_backend = re.compile(r"\s*\d+ => .*", re.ASCII).fullmatch
_MIN_WIDTH, _PADDING = 5, 3
_CLUSTER = SVCTrafficPolicy.Cluster


class _TableReader:
    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._look = Look()
        self._services: list[SVC] = []
        self._problems: list[DumpProblem] = []
        self._count = 0
        self._frontend = ""
        self._current: SVC | None = None
        """The service of the last row that began one; None if that could not be read."""

    def dump(self) -> Dump:
        span = self._look.span
        for number, line in enumerate(self._lines, 1):
            if not line.strip():
                continue
            if header := TABLE_HEADER.fullmatch(line):
                if header[1]:
                    span.since(FLAG_KEYS["type"])
                else:
                    span.until(UNKNOWN_TYPE_UNTIL)
                continue
            try:
                self._line(line)
            except ValueError as error:
                pointer = f"/{max(0, self._count - 1)}"
                problem = DumpProblem(pointer, str(error), number, self._frontend)
                self._problems.append(problem)
        return Dump(self._services, "text", self._problems, look=lambda: self._look)

    def _line(self, line: str) -> None:
        if (match := _SERVICE.fullmatch(line)) and not _is_backend(line):
            self._begin(match)
            return
        if not _is_backend(line):
            raise ValueError("neither a service nor a backend of one")
        if not self._count:
            raise ValueError("a backend without the row of its service")
        self._add(line)

    def _begin(self, match: re.Match[str]) -> None:
        self._count += 1
        self._current, self._frontend = None, ""
        pointer = f"/{self._count - 1}"
        self._current = self._service(match)
        self._services.append(self._current)
        self._frontend = str(self._current.frontend)
        if rest := match["rest"]:
            self._look.note(pointer, "annotation", f"text behind the row: {rest.strip()!r}")
        if match["backend"]:
            self._add(match["backend"])

    def _add(self, text: str) -> None:
        """Add a backend to the service above it."""
        if self._current is not None:
            backends = self._current.backends
            place = f"/{self._count - 1}/backends/{len(backends)}"
            backends.append(self._backend(text, place))

    def _service(self, match: re.Match[str]) -> SVC:
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
        frontend = L3n4AddrID(
            protocol=addr.protocol,
            addr_cluster=addr.addr_cluster,
            port=addr.port,
            scope=addr.scope,
            id=id,
        )
        return SVC(
            frontend=frontend,
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
                span.since(*LATER_STATES_SINCE)
                self._look.note(f"{pointer}/state", "state-later", f"{word}: read as {state}")
        else:
            span.until(BACKEND_KEYS["state"] - 1)
        if rest := match["rest"]:
            self._look.note(pointer, "annotation", f"text behind the backend: {rest!r}")
        return Backend(
            protocol=addr.protocol,
            addr_cluster=addr.addr_cluster,
            port=addr.port,
            state=state,
            serving=word not in LATER_STATES,
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


def write_table(services: Iterable[SVC], release: Release) -> bytes:
    """The table that the client of a release prints, sorted by id."""
    rows = [["ID", "Frontend", "Service Type", "Backend"]]
    for svc in sorted(services, key=lambda svc: svc.frontend.id):
        kind = svc.type.value
        if svc.name.cluster and release.since(FLAG_KEYS["cluster"]):
            kind += " (Remote)"
        frontend = _text_of(svc.frontend, release)
        backends = [
            f"{i} => {_backend_text(each, release)}" for i, each in enumerate(svc.backends, 1)
        ]
        rows.append([str(svc.frontend.id), frontend, kind, backends[0] if backends else ""])
        rows += [["", "", "", each] for each in backends[1:]]
    if not release.since(UNKNOWN_TYPE_UNTIL + 1):
        for row in rows:
            del row[2]
    return _aligned(rows).encode()


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as Go's `tabwriter` lays them out: each cell padded to its column, the last as well."""
    columns = zip(*rows, strict=True)
    widths = [max(_MIN_WIDTH, *(len(cell) + _PADDING for cell in column)) for column in columns]
    lines = ["".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _text_of(addr: L3n4Addr, release: Release) -> str:
    text = L3n4Addr.__str__(addr).removesuffix("/i")
    if release.since(PROTOCOL_SINCE):
        text += f"/{no_protocol_word(release) if addr.protocol is L4Type.NONE else addr.protocol}"
    return text + "/i" if addr.scope and release.since(FRONTEND_KEYS["scope"]) else text


def _backend_text(backend: Backend, release: Release) -> str:
    text = _text_of(backend, release)
    if release.since(BACKEND_KEYS["state"]):
        text += f" ({written_state(backend, release)})"
        if backend.preferred:
            text += " (preferred)"
    return text
