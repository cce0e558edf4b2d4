"""The endpoints of a service: which addresses take its traffic, and in which state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...domain.addr_cluster import AddrCluster
from ...domain.backend_state import BackendState
from ...domain.l4 import L4Type
from ...releases import Release
from ..node import Node
from ..objects import SERVICE_NAME_LABEL, Endpoint, EndpointPort, Endpoints, EndpointSlice
from ..parsing import parse_address, parse_protocol
from ..reading import Objects
from ..since_1_18.backends import state_of

__all__ = [
    "EndpointsOfService",
    "KnownEndpoint",
    "endpoints_by_service",
    "hinted_endpoints",
]

_Key = tuple[str, str]
_HOSTNAME = "kubernetes.io/hostname"


@dataclass(slots=True)
class KnownEndpoint:
    """An address of a service, with the ports that it has by name."""

    state: BackendState = BackendState.ACTIVE
    node_name: str = ""
    zones: tuple[str, ...] = ()
    """The zones that it is hinted for."""
    ports: dict[str, tuple[L4Type, int]] = field(default_factory=dict[str, tuple[L4Type, int]])


EndpointsOfService = Mapping[AddrCluster, KnownEndpoint]


def endpoints_by_service(
    objects: Objects, node: Node, release: Release
) -> dict[_Key, dict[AddrCluster, KnownEndpoint]]:
    """The endpoints of each service that has any slice, even an empty one.

    Endpoints (the older kind) count for services without slices.
    """
    slices: dict[_Key, list[EndpointSlice]] = {}
    for (namespace, _), each in sorted(objects.slices.items()):
        if (name := each.metadata.labels.get(SERVICE_NAME_LABEL)) and each.address_type != "FQDN":
            slices.setdefault((namespace, name), []).append(each)
    found = {key: _of_endpoints(each) for key, each in objects.endpoints.items()}
    for key, several in slices.items():
        merged: dict[AddrCluster, KnownEndpoint] = {}
        for each in several:
            # Of an address in several slices one mention counts: ports are not merged.
            merged |= _of_slice(each, node, release)
        found[key] = merged
    return found


def hinted_endpoints(known: EndpointsOfService, zone: str) -> EndpointsOfService:
    """Those hinted for a zone; all of them if hints are missing or lead to none."""
    if not all(each.zones for each in known.values()):
        return known
    hinted = {addr: each for addr, each in known.items() if zone in each.zones}
    return hinted or known


def _of_slice(
    source: EndpointSlice, node: Node, release: Release
) -> dict[AddrCluster, KnownEndpoint]:
    ports = _ports(source.ports)
    found: dict[AddrCluster, KnownEndpoint] = {}
    for endpoint in source.endpoints:
        state = _state(endpoint, node, release)
        if state is None:
            continue
        for text in endpoint.addresses:
            addr = parse_address(text)
            if addr is None:
                continue
            zones = tuple(each.name for each in endpoint.hints.for_zones) if endpoint.hints else ()
            # The first mention decides, and all have the ports of the slice.
            known = found.setdefault(addr, KnownEndpoint(state, _node_name(endpoint), zones, ports))
            if release.since(17):
                known.zones = zones
    return found


def _state(endpoint: Endpoint, node: Node, release: Release) -> BackendState | None:
    """Return the state; None if the endpoint takes no traffic."""
    conditions = endpoint.conditions
    if release.since(17) and node.terminating_endpoints:
        found = state_of(conditions, release)
        return found and found[0]
    is_terminating = bool(conditions.terminating) and node.terminating_endpoints
    if conditions.ready is False and not is_terminating:
        return None
    return BackendState.TERMINATING if is_terminating else BackendState.ACTIVE


def _node_name(endpoint: Endpoint) -> str:
    if endpoint.node_name is not None:
        return endpoint.node_name
    return endpoint.deprecated_topology.get(_HOSTNAME, "")


def _of_endpoints(source: Endpoints) -> dict[AddrCluster, KnownEndpoint]:
    found: dict[AddrCluster, KnownEndpoint] = {}
    for subset in source.subsets:
        ports = _ports(subset.ports)
        for each in subset.addresses:
            addr = parse_address(each.ip)
            if addr is not None:
                known = found.setdefault(addr, KnownEndpoint(node_name=each.node_name or ""))
                known.ports |= ports
    return found


def _ports(ports: Iterable[EndpointPort]) -> dict[str, tuple[L4Type, int]]:
    found: dict[str, tuple[L4Type, int]] = {}
    for each in ports:
        if each.port is None:
            continue
        protocol = parse_protocol(each.protocol)
        if protocol is not None:
            found[each.name] = (protocol, each.port)
    return found
