"""The table of backends: each address, port and protocol of a service's EndpointSlices."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...domain.addr_cluster import AddrCluster
from ...domain.backend import DEFAULT_BACKEND_WEIGHT
from ...domain.backend_state import BackendState
from ...domain.l4 import L4Type
from ...releases import Release
from ..objects import SERVICE_NAME_LABEL, Conditions, Endpoint, EndpointPort, EndpointSlice
from ..parsing import parse_address, parse_protocol

__all__ = ["BackendsOfService", "KnownBackend", "backends_by_service", "state_of"]

_Key = tuple[str, str]
_Port = tuple[int, L4Type]

_HOSTNAME = "kubernetes.io/hostname"
_ZONE = "topology.kubernetes.io/zone"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_MESH_CONTROLLER = "endpointslice-mesh-controller.cilium.io"
_PROXY_NAME = "service.kubernetes.io/service-proxy-name"
_WEIGHT = "service.cilium.io/weight"
# The endpoint that Cilium's Gateways have in place of a real one.
_DUMMY = ("192.192.192.192", 9999)
_is_decimal = re.compile(r"\d{1,5}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class KnownBackend:
    """A backend of one service, with what a frontend chooses by."""

    addr_cluster: AddrCluster
    port: int
    protocol: L4Type
    names: tuple[str, ...]
    """The port names of the slice; none fits every frontend."""
    state: BackendState
    serving: bool
    weight: int
    node_name: str
    zone: str
    hinted_zones: tuple[str, ...]
    """The zones that it is hinted for, whether or not the hints count."""

    def fits(self, port_name: str) -> bool:
        """Return whether a service port of that name leads to the backend."""
        return not port_name or not self.names or port_name in self.names

    @property
    def is_terminating(self) -> bool:
        """Whether the endpoint is terminating, serving or not."""
        return self.state is BackendState.TERMINATING


@dataclass(frozen=True, slots=True)
class BackendsOfService:
    """The backends of a service, and the alternatives that chance decides between."""

    chosen: tuple[KnownBackend, ...]
    alternatives: tuple[KnownBackend, ...] = ()
    """What other slices have of the same addresses, ports and protocols."""


def backends_by_service(
    slices: Mapping[_Key, EndpointSlice], release: Release
) -> dict[_Key, BackendsOfService]:
    """Return the backends of each service that has any EndpointSlice.

    Of an address, port and protocol in several slices the later slice by name counts; which one
    an agent takes when it starts is chance.
    """
    of_service: dict[_Key, list[EndpointSlice]] = defaultdict(list)
    for (namespace, _), each in sorted(slices.items(), key=lambda item: item[0]):
        if (name := each.metadata.labels.get(SERVICE_NAME_LABEL)) and _counts(each, release):
            of_service[namespace, name].append(each)
    return {key: _merged(several, release) for key, several in of_service.items()}


def state_of(conditions: Conditions, release: Release) -> tuple[BackendState, bool] | None:
    """Return the state of an endpoint and whether it serves; None if it is left out."""
    is_ready = conditions.ready is not False
    if release.since(18, 5):
        serving = conditions.serving is not False
        if is_ready:
            return BackendState.ACTIVE, True
        if conditions.terminating:
            return BackendState.TERMINATING, serving
        return BackendState.MAINTENANCE, True
    serving = is_ready if conditions.serving is None else conditions.serving
    if not is_ready and not serving:
        return None
    is_terminating = not is_ready and bool(conditions.terminating)
    return (BackendState.TERMINATING if is_terminating else BackendState.ACTIVE), True


def _counts(each: EndpointSlice, release: Release) -> bool:
    labels = each.metadata.labels
    if each.address_type == "FQDN":
        return False
    # 1.19 alone lists the slices that Cilium itself makes for other clusters.
    is_1_19 = release.since(19) and not release.since(20)
    if not is_1_19 and labels.get(_MANAGED_BY) == _MESH_CONTROLLER:
        return False
    return not (release.since(20) and _PROXY_NAME in labels)


def _merged(slices: Iterable[EndpointSlice], release: Release) -> BackendsOfService:
    chosen: dict[tuple[AddrCluster, int, L4Type], KnownBackend] = {}
    alternatives: list[KnownBackend] = []
    for each in slices:
        for backend in _of_slice(each, release):
            key = backend.addr_cluster, backend.port, backend.protocol
            if (other := chosen.get(key)) is not None:
                alternatives.append(other)
            chosen[key] = backend
    return BackendsOfService(tuple(chosen.values()), tuple(alternatives))


def _of_slice(each: EndpointSlice, release: Release) -> Iterator[KnownBackend]:
    ports = _ports(each.ports)
    weight = _weight(each) if release.since(20) else None
    # Of an address that is mentioned several times the last mention counts.
    endpoints: dict[AddrCluster, tuple[Endpoint, BackendState, bool]] = {}
    for endpoint in each.endpoints:
        found = state_of(endpoint.conditions, release)
        if weight == 0:
            found = BackendState.MAINTENANCE, True
        if found is not None:
            for text in endpoint.addresses:
                if (addr := parse_address(text)) is not None:
                    endpoints[addr] = endpoint, found[0], found[1]
    for addr, (endpoint, state, serving) in endpoints.items():
        zone = endpoint.zone or endpoint.deprecated_topology.get(_ZONE, "")
        node_name = endpoint.node_name
        if node_name is None:
            node_name = endpoint.deprecated_topology.get(_HOSTNAME, "")
        hints = endpoint.hints.for_zones if endpoint.hints else ()
        for (port, protocol), names in ports.items():
            if (str(addr), port) != _DUMMY:
                yield KnownBackend(
                    addr,
                    port,
                    protocol,
                    names,
                    state,
                    serving,
                    DEFAULT_BACKEND_WEIGHT if weight is None else weight,
                    node_name,
                    zone,
                    tuple(hint.name for hint in hints),
                )


def _ports(ports: Iterable[EndpointPort]) -> dict[_Port, tuple[str, ...]]:
    found: dict[_Port, tuple[str, ...]] = {}
    for each in ports:
        protocol = parse_protocol(each.protocol)
        if each.port is not None and protocol is not None:
            names = found.get((each.port, protocol), ())
            found[each.port, protocol] = (*names, each.name) if each.name else names
    return found


def _weight(each: EndpointSlice) -> int | None:
    text = each.metadata.annotations.get(_WEIGHT, "")
    return int(text) if _is_decimal(text) and int(text) <= 65535 else None
