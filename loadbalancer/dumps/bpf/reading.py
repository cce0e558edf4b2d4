"""Reads `cilium bpf lb list`: the table of each release from 1.7 on, and `-o json`.

Every row is a slot of the service map. Slot 0 holds the flags of the frontend, the others a
backend each. The frontend stands in front of the row, up to 1.13 only in its first row; from
1.14 on with the slot, so that each row has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import Any, NamedTuple, cast

from ...domain.l3n4 import L3n4Addr, L3n4AddrID
from ...domain.scalars import UINT16_MAX
from ...domain.service_flags import ServiceFlags, parse_service_flags
from ...errors import LoadBalancerError
from ..json_text.positions import pointer
from .entry import DatapathEntry, DatapathError, parse_entry_address
from .maps_dump import is_maps_dump, read_maps_dump

__all__ = ["read_bpf"]

_HEADER = re.compile(r"SERVICE ADDRESS\s+BACKEND ADDRESS\b.*")
# What the client prints if the maps are empty.
_NOTHING = re.compile(r"No entries found\.?")
# Parts of the maps, whose rows do not say which backends a frontend has.
_PARTS = re.compile(r"(?:ID\s+)?(?:BACKEND|FRONTEND) ADDRESS\b.*|ID\s+SERVICE ADDRESS\b.*")
_WANTED = (
    "a part of the kernel's maps: use `cilium bpf lb list` without --frontends, --backends or "
    "--revnat"
)
# What may be a row: an address with its port, and something in parentheses.
_PORT_IN_ROW = re.compile(r"\S:[0-9]")
_LINE = re.compile(r"(?P<key>\S+(?: \([0-9]+\))?)?\s{2,}(?P<value>\S.*)")
_KEY_START = re.compile(r"\s*\S+:[0-9]+")
_JSON_START = re.compile(r"^\s*\{\s*(?:\"|\}|$)", re.MULTILINE)
_KEY = re.compile(r"(?P<address>\S+)(?: \((?P<slot>[0-9]{1,5})\))?")
_FRONTEND_SLOT = re.compile(
    r"(?:0\.0\.0\.0|\[::\]):0 \((?P<id>[0-9]{1,5})\)(?: \((?P<slot>0)\))? \[(?P<flags>[^\]]*)\]"
    r"(?: \(L7LB Proxy Port: (?P<proxy_port>[0-9]{1,5})\))?"
)
# Up to 1.6 slot 0 has no flags.
_PLAIN_SLOT = re.compile(r"(?:0\.0\.0\.0|\[::\]):0 \((?P<id>[0-9]{1,5})\)")
_BACKEND_SLOT = re.compile(r"(?P<address>\S+) \((?P<id>[0-9]{1,5})\)(?: \((?P<slot>[0-9]{1,5})\))?")
_NOT_FOUND = re.compile(r"backend (?P<backend>[0-9]{1,10}) not found")


class _Row(NamedTuple):
    """A slot of the map as text: where it stands, its key and its value."""

    place: str
    key: str
    value: str


@dataclass(slots=True)
class _Slots:
    """What the rows of one frontend say, as far as they have been read."""

    address: L3n4Addr
    id: int = 0
    flags: ServiceFlags | None = None
    has_slot_0: bool = False
    later_words: tuple[str, ...] = ()
    proxy_port: int = 0
    numbered: dict[int, L3n4Addr | int] = field(default_factory=dict[int, L3n4Addr | int])
    others: list[L3n4Addr | int] = field(default_factory=list[L3n4Addr | int])
    """Backends whose row does not say the slot: those up to 1.11, and what is not found."""

    def entry(self) -> DatapathEntry:
        address = self.address
        frontend = L3n4AddrID(
            addr_cluster=address.addr_cluster,
            protocol=address.protocol,
            port=address.port,
            scope=address.scope,
            id=self.id,
        )
        return DatapathEntry(
            frontend,
            self.flags,
            self.later_words,
            tuple(self._backends()),
            self.proxy_port,
            has_slot_0=self.has_slot_0,
        )

    def _backends(self) -> Iterator[L3n4Addr | int]:
        """Backends in the order of slots; what says no slot takes those that are free."""
        others = list(reversed(self.others))
        for slot in range(1, max(self.numbered, default=0) + 1):
            if slot in self.numbered:
                yield self.numbered[slot]
            elif others:
                yield others.pop()
        yield from reversed(others)


def read_bpf(text: str) -> list[DatapathEntry]:
    """Return the frontends of `cilium bpf lb list`, in the order of their first rows.

    Any release, as a table or with `-o json`, or the output of `lb/maps-dump`; rows may come in
    any order, and prompts, headings and the like around them are skipped. Wildcard entries (1.19
    on) are among them, see `DatapathEntry.is_wildcard`. The protocol `ANY` is read as NONE.

    Raises:
        DatapathError: a row cannot be read, or the text is something else; the error has the
            line, or for JSON the JSON Pointer.
    """
    text = text.removeprefix("\ufeff").replace("\t", "    ")
    if is_maps_dump(text):
        return read_maps_dump(text)
    start = _JSON_START.search(text)
    rows = _rows_of_json(text[start.start() :]) if start else _rows_of_table(text)
    slots: dict[str, _Slots] = {}
    for row in rows:
        try:
            _read_row(row, slots)
        except DatapathError:
            raise
        except LoadBalancerError as error:
            raise DatapathError(str(error), row.place) from None
    return [each.entry() for each in slots.values()]


def _rows_of_table(text: str) -> Iterator[_Row]:
    key, has_header, is_table = "", False, False
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.rstrip()
        place = f"line {number}"
        if _HEADER.fullmatch(line.strip()) or _NOTHING.fullmatch(line.strip()):
            key, has_header = "", True
        elif _PARTS.fullmatch(line.strip()):
            raise DatapathError(_WANTED, place)
        elif match := _LINE.fullmatch(line):
            if not (_KEY_START.match(line) or _may_be_row(line)):
                continue
            key = match["key"] or key
            if not key:
                raise DatapathError("there is no frontend in front of the row or above it", place)
            is_table = True
            yield _Row(place, key, match["value"])
        elif has_header and _may_be_row(line):
            raise DatapathError("this is not a row of `cilium bpf lb list`", place)
    if not (has_header or is_table):
        raise DatapathError("this is not the output of `cilium bpf lb list`", "")


def _may_be_row(line: str) -> bool:
    port = _PORT_IN_ROW.search(line)
    return bool(port and "(" in line[port.end() :]) or _NOT_FOUND.search(line) is not None


def _rows_of_json(text: str) -> Iterator[_Row]:
    try:
        value: Any = JSONDecoder().raw_decode(text)[0]
    except JSONDecodeError as error:
        raise DatapathError(f"invalid JSON: {error.msg}", f"line {error.lineno}") from None
    except RecursionError:
        raise DatapathError("invalid JSON: it is nested too deeply", "") from None
    for key, values in value.items():
        if not isinstance(values, list):
            raise DatapathError("this is not a list of texts", pointer((key,)))
        rows = cast("list[object]", values)
        for index, row in enumerate(rows):
            place = pointer((key, index))
            if not isinstance(row, str):
                raise DatapathError("this is not a text", place)
            yield _Row(place, key, row.rstrip())


def _read_row(row: _Row, slots: dict[str, _Slots]) -> None:
    key = _KEY.fullmatch(row.key)
    if key is None:
        raise DatapathError("this is not a frontend", row.place)
    if key["address"] not in slots:
        slots[key["address"]] = _Slots(parse_entry_address(key["address"]))
    known = slots[key["address"]]
    if match := _FRONTEND_SLOT.fullmatch(row.value):
        if known.flags is not None:
            raise DatapathError("slot 0 is there twice", row.place)
        known.id = _uint16(match["id"])
        known.has_slot_0 = True
        known.flags, known.later_words = parse_service_flags(match["flags"])
        known.proxy_port = _uint16(match["proxy_port"] or "0")
        return
    if _PLAIN_SLOT.fullmatch(row.value):
        known.has_slot_0 = True
        return
    backend: L3n4Addr | int
    if match := _NOT_FOUND.fullmatch(row.value):
        backend, slot = int(match["backend"]), key["slot"]
    elif match := _BACKEND_SLOT.fullmatch(row.value):
        backend, slot = parse_entry_address(match["address"]), match["slot"]
        known.id = known.id or _uint16(match["id"])
    else:
        raise DatapathError("this is neither a backend nor the flags of a frontend", row.place)
    if slot is None:
        known.others.append(backend)
    elif int(slot) in known.numbered:
        raise DatapathError(f"slot {slot} is there twice", row.place)
    else:
        known.numbered[int(slot)] = backend


def _uint16(digits: str) -> int:
    number = int(digits)
    if number > UINT16_MAX:
        raise LoadBalancerError(f"{number} is beyond {UINT16_MAX}")
    return number
