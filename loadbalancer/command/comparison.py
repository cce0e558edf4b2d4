"""What changed from one dump to another, service by service.

A service is known by its frontend: address, port and scope, and the protocol where the dump
tells it. Two services that differ in nothing but that one dump tells the protocol and the
other does not, as Cilium before 1.17, are the same service with a change.

Of the first dump only the compact wire JSON is kept, and of the second one only what differs
from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from loadbalancer import SVC, Backend, L4Type, dump_service, load_service

from .selection import address_order

__all__ = ["BackendChange", "Comparison", "FieldChange", "ServiceChange", "compare", "name_of"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One fact that is another one now."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class BackendChange:
    """A backend that was added (it has no old), removed (it has no new) or changed."""

    address: str
    old: Backend | None
    new: Backend | None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """A service that is in both dumps, and differs."""

    old: SVC
    new: SVC
    fields: tuple[FieldChange, ...]
    backends: tuple[BackendChange, ...]


@dataclass
class Comparison:
    """All that differs, each list in the order of frontends."""

    added: list[SVC] = field(default_factory=list[SVC])
    removed: list[SVC] = field(default_factory=list[SVC])
    changed: list[ServiceChange] = field(default_factory=list[ServiceChange])
    unchanged: int = 0
    repeated: list[str] = field(default_factory=list[str])
    """Frontends that a dump has more than once; only the last one was compared."""

    @property
    def differs(self) -> bool:
        """Whether there is any difference."""
        return bool(self.added or self.removed or self.changed)


def name_of(service: SVC) -> str:
    """The frontend, with its protocol if it has one: what a service is known by."""
    frontend = service.frontend
    if frontend.protocol is L4Type.NONE:
        return str(frontend)
    return frontend.string_with_protocol()


def compare(before: Iterable[SVC], after: Iterable[SVC]) -> Comparison:
    """Compare two dumps; each is read but once, `before` first."""
    result = Comparison()
    old: dict[str, bytes] = {}
    for service in before:
        name = name_of(service)
        if name in old:
            result.repeated.append(name)
        old[name] = dump_service(service)
    differing: dict[str, tuple[bytes, SVC]] = {}
    added: dict[str, SVC] = {}
    same: set[str] = set()
    for service in after:
        name = name_of(service)
        if name in same or name in differing or name in added:
            result.repeated.append(name)
        for seen in (differing, added):
            seen.pop(name, None)
        same.discard(name)
        if name not in old:
            added[name] = service
        elif old[name] == dump_service(service):
            same.add(name)
        else:
            differing[name] = old[name], service
    result.unchanged = len(same)
    removed = {name: text for name, text in old.items() if name not in same | differing.keys()}
    pairs = [(load_service(text), new) for text, new in differing.values()]
    gone = [load_service(text) for text in removed.values()]
    pairs += _pair_by_address(gone, added)
    _fill(result, pairs, gone, added.values())
    return result


def _pair_by_address(removed: list[SVC], added: dict[str, SVC]) -> Iterator[tuple[SVC, SVC]]:
    """Take out what is removed and added only since one dump does not tell the protocol."""
    by_address = Counter(service.frontend.hash() for service in removed)
    new_counts = Counter(service.frontend.hash() for service in added.values())
    new_by_address = {service.frontend.hash(): name for name, service in added.items()}
    for old in list(removed):
        address = old.frontend.hash()
        if by_address[address] != 1 or new_counts[address] != 1:
            continue
        new = added[new_by_address[address]]
        if L4Type.NONE in (old.frontend.protocol, new.frontend.protocol):
            removed.remove(old)
            del added[new_by_address[address]]
            yield old, new


def _fill(
    result: Comparison,
    pairs: Iterable[tuple[SVC, SVC]],
    removed: Iterable[SVC],
    added: Iterable[SVC],
) -> None:
    for old, new in sorted(pairs, key=lambda pair: address_order(pair[1].frontend)):
        fields, backends = tuple(_field_changes(old, new)), tuple(_backend_changes(old, new))
        if fields or backends:
            result.changed.append(ServiceChange(old, new, fields, backends))
        else:
            # Nothing but the order of the backends.
            result.unchanged += 1
    result.added = sorted(added, key=lambda service: address_order(service.frontend))
    result.removed = sorted(removed, key=lambda service: address_order(service.frontend))


def _field_changes(old: SVC, new: SVC) -> Iterator[FieldChange]:
    def facts(service: SVC) -> dict[str, Any]:
        return {
            "id": service.frontend.id,
            "protocol": service.frontend.protocol,
            "type": service.type,
            "external traffic policy": service.ext_traffic_policy,
            "internal traffic policy": service.int_traffic_policy,
            "NAT policy": service.nat_policy,
            "health check node port": service.health_check_node_port,
            "name": service.name,
        }

    yield from _differences(facts(old), facts(new))


def _backend_changes(old: SVC, new: SVC) -> Iterator[BackendChange]:
    def facts(backend: Backend) -> dict[str, Any]:
        return {
            "state": backend.state,
            "weight": backend.weight,
            "preferred": "yes" if backend.preferred else "no",
            "node": backend.node_name or '""',
        }

    before, after = _by_address(old.backends), _by_address(new.backends)
    for key, backend in before.items():
        if key not in after:
            yield BackendChange(str(backend), backend, None)
        elif fields := tuple(_differences(facts(backend), facts(after[key]))):
            yield BackendChange(str(backend), backend, after[key], fields)
    for key, backend in after.items():
        if key not in before:
            yield BackendChange(str(backend), None, backend)


def _by_address(backends: Iterable[Backend]) -> dict[tuple[str, int], Backend]:
    """Backends by address, and by how often it has been there before."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], Backend] = {}
    for backend in backends:
        address = str(backend)
        found[address, seen[address]] = backend
        seen[address] += 1
    return found


def _differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[FieldChange]:
    for name, value in old.items():
        if value != new[name]:
            yield FieldChange(name, str(value), str(new[name]))
