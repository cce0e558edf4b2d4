"""The frontends of a Service: each address and port at which it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from ..domain.addr_cluster import AddrCluster
from ..domain.cidr import parse_cidr
from ..domain.l4 import L4Type
from ..domain.service_type import SVCTrafficPolicy, SVCType
from ..errors import AddressError
from .node import Node
from .objects import Service, ServicePort
from .releases import Rules

__all__ = ["KnownService", "ServiceFrontend", "known_service", "parse_ip"]

_PROXY_LABEL = "service.kubernetes.io/service-proxy-name"
_HEADLESS_LABEL = "service.kubernetes.io/headless"
_GLOBAL = ("service.cilium.io/global", "io.cilium/global-service")
_AFFINITY = ("service.cilium.io/affinity", "io.cilium/service-affinity")
_HINTS = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode")
_TYPES = {each.value: each for each in (SVCType.ClusterIP, SVCType.NodePort, SVCType.LoadBalancer)}
# Kubernetes' own default, in seconds.
_AFFINITY_TIMEOUT = 10_800


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


def known_service(service: Service, node: Node, rules: Rules) -> KnownService | None:
    """What is read of a Service; None if the agent does not care for it."""
    spec, metadata = service.spec, service.metadata
    if _PROXY_LABEL in metadata.labels or _HEADLESS_LABEL in metadata.labels:
        return None
    if spec.type not in _TYPES or spec.cluster_ip.lower() == "none":
        return None
    if not spec.cluster_ip and not (node.node_port and spec.external_ips):
        return None
    is_global = _annotation(service, _GLOBAL) == "true"
    ext_policy = _policy(spec.external_traffic_policy)
    int_policy = _policy(spec.internal_traffic_policy)
    has_local = SVCTrafficPolicy.Local in (ext_policy, int_policy)
    return KnownService(
        ext_policy=ext_policy,
        int_policy=int_policy,
        affinity_seconds=_affinity_seconds(service),
        health_check_node_port=spec.health_check_node_port or 0,
        source_ranges=tuple(_source_ranges(spec.load_balancer_source_ranges)),
        prefers_own_backends=is_global and _annotation(service, _AFFINITY) == "local",
        follows_hints=not has_local and _annotation(service, _HINTS) == "auto",
        frontends=tuple(_frontends(service, node, rules)),
    )


def parse_ip(text: str) -> AddrCluster | None:
    """An address as Go's `net.ParseIP` reads it: without zone, 4-in-6 as IPv4."""
    try:
        addr = AddrCluster.parse(text)
    except AddressError:
        return None
    if addr.zone or addr.cluster_id or "@" in text:
        return None
    mapped = getattr(addr.addr, "ipv4_mapped", None)
    return AddrCluster(str(mapped)) if mapped else addr


def _addresses(texts: Iterable[str]) -> list[AddrCluster]:
    return [*dict.fromkeys(addr for text in texts if (addr := parse_ip(text)) is not None)]


def _frontends(service: Service, node: Node, rules: Rules) -> Iterator[ServiceFrontend]:
    spec = service.spec
    cluster_ips = _addresses(spec.cluster_ips or [spec.cluster_ip])
    by_type = [(SVCType.ClusterIP, cluster_ips)]
    if node.node_port:
        status = service.status.load_balancer if service.status else None
        ingress = [each.ip for each in status.ingress] if status else []
        by_type.append((SVCType.LoadBalancer, _addresses(ingress)))
        by_type.append((SVCType.ExternalIPs, _addresses(spec.external_ips)))
    ports = _unique_ports(_named_ports(spec.ports), rules)
    for type_, addresses in by_type:
        for address in addresses:
            for name, port in ports.items():
                yield ServiceFrontend(type_, address, _protocol(port), port.port, name)
    if node.node_port and spec.type != SVCType.ClusterIP.value:
        families = {each.is6 for each in cluster_ips}
        yield from _node_ports(spec.ports, [*ports], families, node)


def _named_ports(ports: Iterable[ServicePort]) -> dict[str, ServicePort]:
    found: dict[str, ServicePort] = {}
    for port in ports:
        found.setdefault(port.name, port)
    return found


def _unique_ports(ports: dict[str, ServicePort], rules: Rules) -> dict[str, ServicePort]:
    """The first port of each number, or of each number and protocol."""
    first: dict[tuple[int, L4Type | None], str] = {}
    for name, port in ports.items():
        first.setdefault((port.port, _protocol(port) if rules.ports_by_protocol else None), name)
    return {name: ports[name] for name in first.values()}


def _node_ports(
    ports: Iterable[ServicePort], names: list[str], families: set[bool], node: Node
) -> Iterator[ServiceFrontend]:
    addresses = node.served_addresses()
    for port in ports:
        # A node port goes with its name, also where the name has several ports.
        if port.node_port and port.name in names:
            for address in addresses:
                if address.is6 in families:
                    protocol, number = _protocol(port), port.node_port
                    yield ServiceFrontend(SVCType.NodePort, address, protocol, number, port.name)


def _protocol(port: ServicePort) -> L4Type:
    """The protocol as it is spelled; Kubernetes knows no others, and an absent one is TCP."""
    return L4Type(port.protocol) if port.protocol in set(L4Type) else L4Type.TCP


def _policy(text: str) -> SVCTrafficPolicy:
    return SVCTrafficPolicy.Local if text == "Local" else SVCTrafficPolicy.Cluster


def _annotation(service: Service, names: Iterable[str]) -> str:
    """The value of the first of the annotations that is there, in lower case."""
    annotations = service.metadata.annotations
    return next((annotations[name].lower() for name in names if name in annotations), "")


def _affinity_seconds(service: Service) -> int:
    spec = service.spec
    if spec.session_affinity != "ClientIP":
        return 0
    config = spec.session_affinity_config
    client_ip = config.client_ip if config else None
    return (client_ip.timeout_seconds if client_ip else None) or _AFFINITY_TIMEOUT


def _source_ranges(texts: Iterable[str]) -> Iterator[IPv4Network | IPv6Network]:
    seen: set[IPv4Network | IPv6Network] = set()
    for text in texts:
        try:
            cidr = parse_cidr(text.strip())
        except AddressError:
            continue
        if cidr not in seen:
            seen.add(cidr)
            yield cidr
