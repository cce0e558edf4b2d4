"""Writes `cilium bpf lb list` as each release prints it, in rows that tests may shuffle."""

from __future__ import annotations

import json
from collections.abc import Iterable

from loadbalancer import L3n4Addr, L4Type, Scope
from loadbalancer.datapath import DatapathEntry

RELEASES = ("1.7", "1.11", "1.12", "1.13", "1.14", "1.16", "1.17", "1.18", "1.19", "1.20")

Row = tuple[str, str]
"""The key and the text of a slot."""


def minor(release: str) -> int:
    return int(release.partition(".")[2])


def rows_of(entry: DatapathEntry, release: str) -> list[Row]:
    """The slots of a frontend, slot 0 first."""
    number, flags = entry.frontend.id, entry.flags
    assert flags is not None
    slots = [f"{'[::]' if entry.frontend.is_ipv6 else '0.0.0.0'}:0 ({number})"]
    slots += [
        f"backend {each} not found"
        if isinstance(each, int)
        else f"{text(each, release)} ({number})"
        for each in entry.backends
    ]
    if minor(release) >= 12:
        slots = [
            each if each.endswith("found") else f"{each} ({slot})"
            for slot, each in enumerate(slots)
        ]
    slots[0] += f" [{', '.join([str(flags), *entry.later_words])}]"
    if minor(release) >= 14:
        slots[0] += " "
    if entry.l7lb_proxy_port:
        slots[0] += f"(L7LB Proxy Port: {entry.l7lb_proxy_port})"
    key = text(entry.frontend, release)
    with_slot = minor(release) >= 14
    return [(f"{key} ({slot})" if with_slot else key, each) for slot, each in enumerate(slots)]


def text(address: L3n4Addr, release: str) -> str:
    """An address as that release prints it."""
    plain = L3n4Addr(
        addr_cluster=address.addr_cluster,
        port=address.port,
        scope=address.scope,
        protocol=address.protocol,
    )
    if minor(release) < 17:
        return str(plain)
    end = "/i" if plain.scope is Scope.INTERNAL else ""
    protocol = "ANY" if plain.protocol is L4Type.NONE else plain.protocol
    return f"{str(plain).removesuffix('/i')}/{protocol}{end}"


def table(rows: Iterable[Row], release: str) -> str:
    """The table: of rows with the same key only the first one has it."""
    title = "BACKEND ADDRESS (REVNAT_ID) (SLOT)" if minor(release) >= 12 else "BACKEND ADDRESS"
    by_key: dict[str, list[str]] = {}
    for key, slot in rows:
        by_key.setdefault(key, []).append(slot)
    cells = [("SERVICE ADDRESS", title)]
    for key, slots in by_key.items():
        cells += [(key if index == 0 else "", slot) for index, slot in enumerate(slots)]
    widths = [max(len(cell[column]) for cell in cells) + 3 for column in (0, 1)]
    return "".join(f"{key:{widths[0]}}{slot:{widths[1]}}\n" for key, slot in cells)


def as_json(rows: Iterable[Row]) -> str:
    """What `-o json` prints."""
    by_key: dict[str, list[str]] = {}
    for key, slot in rows:
        by_key.setdefault(key, []).append(slot)
    return json.dumps(by_key, indent=2)
