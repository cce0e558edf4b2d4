"""`lb/maps-dump`: the maps as the agent's shell prints them, one entry a line (1.18 on)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ...domain.l3n4 import L3n4Addr, L3n4AddrID
from ...domain.service_flags import parse_service_flags
from ...errors import LoadBalancerError
from .entry import DatapathEntry, DatapathError, parse_entry_address

__all__ = ["is_maps_dump", "leftover_rows", "read_maps_dump"]

_LINE = re.compile(r"\s*(?P<map>SVC|BE|REV|AFF|MAGLEV|SRCRANGE|SOCKREV|SRC): (?P<fields>.*\S)\s*")
_FIELD = re.compile(r"(?P<name>[A-Za-z]+)=(?P<value>\S*)")

_Fields = dict[str, str]
# The maps whose rows belong to a service by its id.
_MAPS = {
    "REV": "reverse NAT",
    "AFF": "affinity",
    "MAGLEV": "Maglev",
    "SRCRANGE": "source range",
}


def is_maps_dump(text: str) -> bool:
    """Return whether a text has an entry of `lb/maps-dump`."""
    return any(_LINE.fullmatch(line) for line in text.splitlines())


def read_maps_dump(text: str) -> list[DatapathEntry]:
    """Return the frontends of the service map; lines of other maps are used or skipped.

    Raises:
        DatapathError: an entry cannot be read.
    """
    backends: dict[int, L3n4Addr] = {}
    services: dict[str, list[tuple[str, _Fields]]] = {}
    for place, name, fields in _entries(text):
        try:
            if name == "BE":
                backends[int(fields["ID"])] = parse_entry_address(fields["ADDR"])
            elif name == "SVC":
                services.setdefault(fields["ADDR"], []).append((place, fields))
        except (KeyError, ValueError) as error:
            raise DatapathError(f"this entry cannot be read: {error}", place) from None
    return [_entry(address, slots, backends) for address, slots in services.items()]


def leftover_rows(text: str) -> dict[tuple[str, int], int]:
    """Return how many rows maps have of ids that the service map does not have, by map and id.

    The text is `lb/maps-dump`; other texts have no such rows. A text without any row of the service
    map says nothing of its ids.
    """
    ids: set[str] = set()
    rows: Counter[tuple[str, str]] = Counter()
    for _, name, fields in _entries(text):
        if name == "SVC":
            ids.add(fields.get("ID", ""))
        elif name in _MAPS:
            rows[_MAPS[name], fields.get("ID", "")] += 1
    return {
        (name, int(id)): count
        for (name, id), count in rows.items()
        if ids and id not in ids and id.isdecimal()
    }


def _entries(text: str) -> Iterator[tuple[str, str, _Fields]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _LINE.fullmatch(line):
            fields = {x["name"]: x["value"] for x in _FIELD.finditer(match["fields"])}
            yield f"line {number}", match["map"], fields


def _entry(
    address: str, slots: list[tuple[str, _Fields]], backends: dict[int, L3n4Addr]
) -> DatapathEntry:
    place = slots[0][0]
    try:
        numbered = {int(fields["SLOT"]): fields for _, fields in slots}
        first = numbered.pop(0, None)
        flags, later = parse_service_flags((first or {}).get("FLAGS", "").replace("+", ", "))
        ids = [int(fields["BEID"]) for _, fields in sorted(numbered.items())]
        found = parse_entry_address(address)
        frontend = L3n4AddrID(
            addr_cluster=found.addr_cluster,
            protocol=found.protocol,
            port=found.port,
            scope=found.scope,
            id=int(slots[0][1]["ID"]),
        )
        return DatapathEntry(
            frontend,
            None if first is None else flags,
            later,
            tuple(backends.get(each, each) for each in ids),
            has_slot_0=first is not None,
            count=None if first is None else int(first["COUNT"]),
        )
    except (KeyError, ValueError, LoadBalancerError) as error:
        raise DatapathError(f"this entry cannot be read: {error}", place) from None
