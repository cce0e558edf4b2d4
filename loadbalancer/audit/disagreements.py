"""Nodes that do not list the same backends for the same cluster IP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..domain.backend import state_word
from ..domain.identity import address_order, identity
from ..domain.l4 import L4Type
from ..domain.service import SVC
from ..domain.service_type import SVCTrafficPolicy, SVCType
from .services import is_proxied

__all__ = ["Disagreement", "Disagreements", "disagreements"]

_Address = bytes
_Key = tuple[_Address, L4Type]
_Backends = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A cluster IP that nodes see differently."""

    frontend: str
    """The cluster IP and port, `ip:port`."""
    name: str
    """The service, `namespace/name`."""
    views: tuple[tuple[tuple[str, ...], tuple[str, ...] | None], ...]
    """Nodes that agree with each other, and the backends they list: addresses, with the state
    behind where it is not active; None if they do not list the service. Most nodes first."""


@dataclass
class Disagreements:
    """Compares nodes as they are added; equal lists of backends are held once."""

    _nodes: list[str] = field(default_factory=list[str])
    _listed: dict[_Key, dict[str, _Backends]] = field(
        default_factory=dict[_Key, dict[str, _Backends]]
    )
    _named: dict[_Key, tuple[tuple[bool, bytes, str], str, str]] = field(
        default_factory=dict[_Key, tuple[tuple[bool, bytes, str], str, str]]
    )
    # Nodes that list something else at an address, which are not compared there.
    _elsewhere: dict[_Address, set[str]] = field(default_factory=dict[_Address, set[str]])
    _known: dict[_Backends, _Backends] = field(default_factory=dict[_Backends, _Backends])

    def add(self, node: str, services: Iterable[SVC]) -> None:
        """Add what a node lists."""
        self._nodes.append(node)
        for service in services:
            frontend = service.frontend
            address = identity(frontend)
            if not _is_for_all_nodes(service):
                self._elsewhere.setdefault(address, set()).add(node)
                continue
            key = address, frontend.protocol
            backends = _backends(service)
            self._listed.setdefault(key, {})[node] = self._known.setdefault(backends, backends)
            if key not in self._named:
                order = address_order(frontend)
                self._named[key] = order, str(frontend), str(service.name)

    def merge(self, other: Disagreements) -> None:
        """Add the nodes of another one, which has none of these."""
        self._nodes += other._nodes
        for key, views in other._listed.items():
            known = {node: self._known.setdefault(each, each) for node, each in views.items()}
            self._listed.setdefault(key, {}).update(known)
        for key, named in other._named.items():
            self._named.setdefault(key, named)
        for address, nodes in other._elsewhere.items():
            self._elsewhere.setdefault(address, set()).update(nodes)

    def found(self) -> list[Disagreement]:
        """Return the cluster IPs that nodes see differently, in the order of frontends."""
        with_protocol = {address for address, protocol in self._listed if protocol != L4Type.NONE}
        found: list[tuple[tuple[bool, bytes, str], Disagreement]] = []
        for key, views in self._listed.items():
            address, protocol = key
            # A node of an earlier release has no protocol: what it lists stands for all.
            if protocol is not L4Type.NONE:
                views = self._listed.get((address, L4Type.NONE), {}) | views
            elif address in with_protocol:
                continue
            others = self._elsewhere.get(address, ())
            groups: dict[_Backends | None, list[str]] = {}
            for node in self._nodes:
                if node not in others:
                    groups.setdefault(views.get(node), []).append(node)
            if len(groups) > 1:
                order, frontend, name = self._named[key]
                split = sorted(((tuple(x), y) for y, x in groups.items()), key=_size)
                found.append((order, Disagreement(frontend, name, tuple(split))))
        return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def disagreements(services_of: Mapping[str, Iterable[SVC]]) -> list[Disagreement]:
    """Return the cluster IPs for which nodes list different backends, in the order of frontends.

    Every node should list the same for a ClusterIP, unless its internal traffic policy is
    Local or a redirect policy or proxy took it over: those are left out. Topology hints make
    nodes of different zones differ on purpose, which a dump does not say.

    Args:
        services_of: what each node lists, by the node's name.
    """
    result = Disagreements()
    for node, services in services_of.items():
        result.add(node, services)
    return result.found()


def _is_for_all_nodes(service: SVC) -> bool:
    is_cluster_ip = service.type is SVCType.ClusterIP
    is_local = service.int_traffic_policy is SVCTrafficPolicy.Local
    return is_cluster_ip and not is_local and not is_proxied(service)


def _size(view: tuple[tuple[str, ...], object]) -> tuple[int, tuple[str, ...]]:
    return -len(view[0]), view[0]


def _backends(service: SVC) -> _Backends:
    backends = sorted(service.backends, key=address_order)
    words = ((str(each), state_word(each)) for each in backends)
    return tuple(text if word == "active" else f"{text} ({word})" for text, word in words)
