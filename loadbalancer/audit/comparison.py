"""What changed from one dump to another, service by service.

A service is known by its frontend: address, port and scope, and the protocol where the dump
has it. Where one dump has protocols and the other has none, as those of Cilium before 1.17,
services are paired by address. Facts that a form does not have are not compared.

Services are kept as the JSON of the domain, which says all that any release knows and takes a
fraction of the memory of the objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..domain.backend import Backend, state_word
from ..domain.identity import address_order, name_of
from ..domain.l4 import L4Type
from ..domain.service import SVC

__all__ = [
    "COMPARED_FACTS",
    "BackendChange",
    "Comparison",
    "Diff",
    "FieldChange",
    "ServiceChange",
    "compare",
    "diff",
]


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


_Order = tuple[bool, bytes, str]
# The facts of `Dump.omitted`, and those that a diff knows besides.
_FACT_OF = {
    "id": "ids",
    "protocol": "protocols",
    "type": "types",
    "external traffic policy": "policies",
    "internal traffic policy": "policies",
    "NAT policy": "nat-policies",
    "health check node port": "health-check-ports",
    "name": "names",
    "session affinity": "affinity",
    "session affinity timeout": "affinity",
    "source ranges": "source-ranges",
    "proxy port": "proxy-ports",
    "proxied ports": "proxy-ports",
    "loopback": "loopback",
    "state": "states",
    "weight": "weights",
    "preferred": "preferred",
    "node": "nodes",
    "zone": "zones",
}
COMPARED_FACTS = frozenset(_FACT_OF.values())
"""The facts that are compared, by the names that `Dump.omitted` has for them."""


class _Kept(NamedTuple):
    """A service that is kept: its place in the order of frontends, and its JSON."""

    order: _Order
    text: bytes

    @property
    def address(self) -> bytes:
        return self.order[1]

    @property
    def has_protocol(self) -> bool:
        return self.order[2] != L4Type.NONE


@dataclass
class Comparison:
    """All that differs, each kind in the order of frontends."""

    kept_added: dict[str, _Kept] = field(default_factory=dict[str, _Kept])
    kept_removed: dict[str, _Kept] = field(default_factory=dict[str, _Kept])
    kept_pairs: list[tuple[_Kept, _Kept]] = field(default_factory=list[tuple[_Kept, _Kept]])
    unchanged: int = 0
    """How many services are the same; all of them once `changed` has been gone through."""
    repeated: list[str] = field(default_factory=list[str])
    """Frontends that a dump has more than once; only the last one was compared."""
    omitted: set[str] = field(default_factory=set[str])
    """Facts that are not compared, such as `weights`; to be set before `changed` is called."""

    def added(self) -> Iterator[SVC]:
        """The services that are in the second dump alone."""
        return (SVC.model_validate_json(each.text) for each in sorted(self.kept_added.values()))

    def removed(self) -> Iterator[SVC]:
        """The services that are in the first dump alone."""
        return (SVC.model_validate_json(each.text) for each in sorted(self.kept_removed.values()))

    def changed(self) -> Iterator[ServiceChange]:
        """The services that are in both, and differ."""
        pairs, self.kept_pairs = sorted(self.kept_pairs), []
        for kept_old, kept_new in pairs:
            old, new = (
                SVC.model_validate_json(kept_old.text),
                SVC.model_validate_json(kept_new.text),
            )
            fields = tuple(_field_changes(old, new, self.omitted))
            backends = tuple(_backend_changes(old, new, self.omitted))
            if fields or backends:
                yield ServiceChange(old, new, fields, backends)
            else:
                # Nothing but the order of the backends, or what is not compared.
                self.unchanged += 1


def compare(before: Iterable[SVC], after: Iterable[SVC]) -> Comparison:
    """Compare two dumps; each is read but once, `before` first."""
    result = Comparison()
    had, has = set[str](), set[str]()
    old = _keep(before, {}, result.repeated, had)
    new = _keep(after, old, result.repeated, has)
    if old and new:
        result.omitted = had ^ has
    for name, kept in list(new.items()):
        if name in old:
            previous = old.pop(name)
            del new[name]
            if previous.text == kept.text:
                result.unchanged += 1
            else:
                result.kept_pairs.append((previous, kept))
    result.kept_removed, result.kept_added = old, new
    _pair_by_address(result)
    return result


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two lists of services, each kind in the order of frontends."""

    added: list[SVC]
    """The services that the second list alone has."""
    removed: list[SVC]
    """The services that the first list alone has."""
    changed: list[ServiceChange]
    unchanged: int
    """The number of services that are the same."""


def diff(before: Iterable[SVC], after: Iterable[SVC], *, omitted: Iterable[str] = ("ids",)) -> Diff:
    """Return what differs between two lists of services, as the command `diff` compares them.

    Args:
        before: the first list.
        after: the second list.
        omitted: the facts that are not compared, such as `ids` and those in `Dump.omitted`.
    """
    found = compare(before, after)
    found.omitted |= set(omitted)
    changed = [*found.changed()]
    return Diff([*found.added()], [*found.removed()], changed, found.unchanged)


def _keep(
    services: Iterable[SVC], others: Mapping[str, _Kept], repeated: list[str], facts: set[str]
) -> dict[str, _Kept]:
    """Return services by name; what is equal to one of the others is not kept twice.

    `facts` gets those facts, of the ones that not every release has, that any service has.
    """
    kept: dict[str, _Kept] = {}
    for service in services:
        facts.update(_facts_of(service))
        name = name_of(service.frontend)
        if name in kept:
            repeated.append(name)
        text = service.model_dump_json().encode()
        other = others.get(name)
        if other is not None and other.text == text:
            kept[name] = other
        else:
            kept[name] = _Kept(address_order(service.frontend), text)
    return kept


def _facts_of(service: SVC) -> Iterator[str]:
    if service.frontend.id:
        yield "ids"
    if service.frontend.protocol is not L4Type.NONE:
        yield "protocols"
    for backend in service.backends:
        if backend.zone:
            yield "zones"
        if not backend.preferred:
            # From 1.18 on all backends are listed as preferred.
            yield "preferred"


def _pair_by_address(result: Comparison) -> None:
    """Make one of what is removed and added only since one dump does not tell the protocol."""
    old, new = _by_only_address(result.kept_removed), _by_only_address(result.kept_added)
    for address in old.keys() & new.keys():
        removed, added = result.kept_removed[old[address]], result.kept_added[new[address]]
        if not (removed.has_protocol and added.has_protocol):
            result.kept_pairs.append((removed, added))
            del result.kept_removed[old[address]]
            del result.kept_added[new[address]]


def _by_only_address(services: dict[str, _Kept]) -> dict[bytes, str]:
    """The names of those services that no other one shares the address with."""
    counts = Counter(kept.address for kept in services.values())
    return {kept.address: name for name, kept in services.items() if counts[kept.address] == 1}


def _field_changes(old: SVC, new: SVC, omitted: Collection[str]) -> Iterator[FieldChange]:
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
            "session affinity": "yes" if service.session_affinity else "no",
            "session affinity timeout": service.session_affinity_timeout_sec,
            "source ranges": ", ".join(map(str, service.load_balancer_source_ranges)) or "none",
            "proxy port": service.l7lb_proxy_port,
            "proxied ports": ", ".join(map(str, service.l7lb_frontend_ports)) or "none",
            "loopback": "yes" if service.loopback_hostport else "no",
        }

    yield from _differences(facts(old), facts(new), omitted)


def _backend_changes(old: SVC, new: SVC, omitted: Collection[str]) -> Iterator[BackendChange]:
    def facts(backend: Backend) -> dict[str, Any]:
        return {
            "state": state_word(backend),
            "weight": backend.weight,
            "preferred": "yes" if backend.preferred else "no",
            "node": backend.node_name or '""',
            "zone": backend.zone or '""',
        }

    before, after = _by_address(old.backends), _by_address(new.backends)
    for key, backend in before.items():
        if key not in after:
            yield BackendChange(str(backend), backend, None)
        elif fields := tuple(_differences(facts(backend), facts(after[key]), omitted)):
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


def _differences(
    old: dict[str, Any], new: dict[str, Any], omitted: Collection[str]
) -> Iterator[FieldChange]:
    for name, value in old.items():
        if value != new[name] and _FACT_OF[name] not in omitted:
            yield FieldChange(name, str(value), str(new[name]))
