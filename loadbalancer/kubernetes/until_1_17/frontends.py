"""The frontends of a Service: each address and port at which it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from ...domain.addr_cluster import AddrCluster
from ...domain.l4 import L4Type
from ...domain.service_type import SVCTrafficPolicy, SVCType
from ...releases import Release
from ..node import Node
from ..objects import Service, ServicePort
from ..parsing import (
    affinity_seconds,
    annotation,
    parse_ip,
    service_protocol,
    source_ranges,
    traffic_policy,
)

__all__ = ["KnownService", "ServiceFrontend", "known_service"]

_PROXY_LABEL = "service.kubernetes.io/service-proxy-name"
_HEADLESS_LABEL = "service.kubernetes.io/headless"
_GLOBAL = ("service.cilium.io/global", "io.cilium/global-service")
_AFFINITY = ("service.cilium.io/affinity", "io.cilium/service-affinity")
_HINTS = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode")
_TYPE = "service.cilium.io/type"
_NODE = "service.cilium.io/node"
_TYPES = {each.value: each for each in (SVCType.ClusterIP, SVCType.NodePort, SVCType.LoadBalancer)}
_UNSPECIFIED = (AddrCluster("0.0.0.0"), AddrCluster("::"))
# From 1.17 on: the datapath has 24 bits for the seconds.
_MAX_AFFINITY = 2**24 - 1


class ServiceFrontend(NamedTuple):
    """Where a service is reached, and by which of its ports."""

    type: SVCType
    address: AddrCluster
    protocol: L4Type
    port: int
    port_name: str


@dataclass(frozen=True, slots=True)
class KnownService:
    """What is read of a Service."""

    ext_policy: SVCTrafficPolicy
    int_policy: SVCTrafficPolicy
    affinity_seconds: int
    """0 without session affinity."""
    health_check_node_port: int
    source_ranges: tuple[IPv4Network | IPv6Network, ...]
    prefers_own_backends: bool
    follows_hints: bool
    frontends: tuple[ServiceFrontend, ...]

    @property
    def has_two_scopes(self) -> bool:
        """Whether exactly one of the policies is Local."""
        return self.ext_policy is not self.int_policy


def known_service(service: Service, node: Node, release: Release) -> KnownService | None:
    """Return what is read of a Service; None if the agent leaves it alone."""
    spec, metadata = service.spec, service.metadata
    is_1_17 = release.since(17)
    if _PROXY_LABEL in metadata.labels or _HEADLESS_LABEL in metadata.labels:
        return None
    if spec.type not in _TYPES or spec.cluster_ip.lower() == "none":
        return None
    if not spec.cluster_ip and not (node.node_port and spec.external_ips):
        return None
    exposed_on = metadata.annotations.get(_NODE) if is_1_17 else None
    if exposed_on is not None and node.labels.get(_NODE) != exposed_on:
        return None
    is_global = annotation(service, _GLOBAL).lower() == "true"
    ext_policy = traffic_policy(spec.external_traffic_policy)
    int_policy = traffic_policy(spec.internal_traffic_policy)
    has_local = SVCTrafficPolicy.Local in (ext_policy, int_policy)
    seconds = affinity_seconds(service)
    return KnownService(
        ext_policy=ext_policy,
        int_policy=int_policy,
        affinity_seconds=min(seconds, _MAX_AFFINITY) if is_1_17 else seconds,
        health_check_node_port=spec.health_check_node_port or 0,
        source_ranges=tuple(source_ranges(x.strip() for x in spec.load_balancer_source_ranges)),
        prefers_own_backends=is_global and annotation(service, _AFFINITY).lower() == "local",
        follows_hints=not has_local and (is_1_17 or annotation(service, _HINTS).lower() == "auto"),
        frontends=tuple(_frontends(service, node, release)),
    )


def _addresses(texts: Iterable[str]) -> list[AddrCluster]:
    return [*dict.fromkeys(addr for text in texts if (addr := parse_ip(text)) is not None)]


def _frontends(service: Service, node: Node, release: Release) -> Iterator[ServiceFrontend]:
    spec = service.spec
    wanted = _TYPES.get(service.metadata.annotations.get(_TYPE, "")) if release.since(17) else None
    cluster_ips = _addresses(spec.cluster_ips or [spec.cluster_ip])
    by_type = [(SVCType.ClusterIP, cluster_ips)]
    if node.node_port:
        by_type.append((SVCType.LoadBalancer, _addresses(_ingress(service, release))))
        by_type.append((SVCType.ExternalIPs, _addresses(spec.external_ips)))
    ports = _unique_ports(_named_ports(spec.ports), release)
    for type_, addresses in by_type:
        if wanted in (None, type_) or type_ is SVCType.ExternalIPs:
            for address in addresses:
                for name, port in ports.items():
                    yield ServiceFrontend(type_, address, service_protocol(port), port.port, name)
    has_node_ports = node.node_port and spec.type != SVCType.ClusterIP.value
    if has_node_ports and wanted in (None, SVCType.NodePort):
        families = {each.is6 for each in cluster_ips}
        yield from _node_ports(spec.ports, [*ports], families, node, release)


def _ingress(service: Service, release: Release) -> list[str]:
    status = service.status.load_balancer if service.status else None
    is_1_17 = release.since(17)
    return [
        each.ip
        for each in (status.ingress if status else ())
        if not is_1_17 or each.ip_mode in (None, "VIP")
    ]


def _named_ports(ports: Iterable[ServicePort]) -> dict[str, ServicePort]:
    found: dict[str, ServicePort] = {}
    for port in ports:
        found.setdefault(port.name, port)
    return found


def _unique_ports(ports: dict[str, ServicePort], release: Release) -> dict[str, ServicePort]:
    """Return the first port of each number; from 1.17 on of each number and protocol."""
    first: dict[tuple[int, L4Type | None], str] = {}
    for name, port in ports.items():
        protocol = service_protocol(port) if release.since(17) else None
        first.setdefault((port.port, protocol), name)
    return {name: ports[name] for name in first.values()}


def _node_ports(
    ports: Iterable[ServicePort],
    names: list[str],
    families: set[bool],
    node: Node,
    release: Release,
) -> Iterator[ServiceFrontend]:
    addresses = node.served_addresses()
    if release.since(17):
        served = [each for each in _UNSPECIFIED if node.has_family(is6=each.is6)]
        addresses = [*dict.fromkeys([*served, *addresses])]
    for port in ports:
        # A node port goes with its name, also where the name has several ports.
        if port.node_port and port.name in names:
            for address in addresses:
                if address.is6 in families:
                    protocol, number = service_protocol(port), port.node_port
                    yield ServiceFrontend(SVCType.NodePort, address, protocol, number, port.name)
