"""Nodes that do not list the same backends for the same cluster IP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..domain.identity import address_order, identity
from ..domain.l3n4 import L3n4Addr
from ..domain.l4 import L4Type
from ..domain.service import SVC
from ..domain.service_type import SVCTrafficPolicy, SVCType
from .services import is_proxied

__all__ = ["Disagreement", "disagreements"]

_Key = tuple[bytes, L4Type]


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


def disagreements(services_of: Mapping[str, Iterable[SVC]]) -> list[Disagreement]:
    """The cluster IPs for which nodes list different backends, in the order of frontends.

    Every node should list the same for a ClusterIP, unless its internal traffic policy is
    Local or a redirect policy or proxy took it over: those are left out. Topology hints make
    nodes of different zones differ on purpose, which a dump does not say.

    Args:
        services_of: what each node lists, by the node's name.
    """
    listed: dict[_Key, dict[str, SVC]] = {}
    # Nodes that list something else at an address, which have no say in it.
    elsewhere: dict[bytes, set[str]] = {}
    for node, services in services_of.items():
        for service in services:
            address = identity(service.frontend)
            if _is_for_all_nodes(service):
                listed.setdefault((address, service.frontend.protocol), {})[node] = service
            else:
                elsewhere.setdefault(address, set()).add(node)
    with_protocol = {address for address, protocol in listed if protocol is not L4Type.NONE}
    found: list[tuple[L3n4Addr, Disagreement]] = []
    for (address, protocol), views in listed.items():
        # A node of an earlier release does not say the protocol: what it lists stands for all.
        if protocol is not L4Type.NONE:
            views = listed.get((address, L4Type.NONE), {}) | views
        elif address in with_protocol:
            continue
        nodes = [each for each in services_of if each not in elsewhere.get(address, ())]
        if disagreement := _compare(views, nodes):
            found.append((next(iter(views.values())).frontend, disagreement))
    return [each for _, each in sorted(found, key=lambda pair: address_order(pair[0]))]


def _is_for_all_nodes(service: SVC) -> bool:
    is_cluster_ip = service.type is SVCType.ClusterIP
    is_local = service.int_traffic_policy is SVCTrafficPolicy.Local
    return is_cluster_ip and not is_local and not is_proxied(service)


def _compare(listed: Mapping[str, SVC], nodes: Iterable[str]) -> Disagreement | None:
    groups: dict[tuple[str, ...] | None, list[str]] = {}
    for node in nodes:
        groups.setdefault(_view(listed[node]) if node in listed else None, []).append(node)
    if len(groups) == 1:
        return None
    service = next(iter(listed.values()))
    views = sorted(((tuple(names), view) for view, names in groups.items()), key=_size)
    return Disagreement(str(service.frontend), str(service.name), tuple(views))


def _size(view: tuple[tuple[str, ...], object]) -> tuple[int, tuple[str, ...]]:
    return -len(view[0]), view[0]


def _view(service: SVC) -> tuple[str, ...]:
    backends = sorted(service.backends, key=address_order)
    return tuple(
        str(each) if str(each.state) == "active" else f"{each} ({each.state})" for each in backends
    )
