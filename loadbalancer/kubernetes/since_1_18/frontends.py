"""The table of frontends: what an agent reads of a Service, and where it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from ...domain.addr_cluster import AddrCluster
from ...domain.l3n4 import Scope
from ...domain.l4 import L4Type
from ...domain.service_type import SVCTrafficPolicy, SVCType
from ...releases import Release
from ..labels import Requirement, matches, parse_selector
from ..node import Node
from ..objects import Service
from ..parsing import (
    affinity_seconds,
    parse_addresses,
    service_protocol,
    source_ranges,
    traffic_policy,
)

__all__ = ["Frontend", "KnownService", "known_service"]

_PROXY_LABEL = "service.kubernetes.io/service-proxy-name"
_HEADLESS_LABEL = "service.kubernetes.io/headless"
_TYPE = "service.cilium.io/type"
_NODE_SELECTOR = "service.cilium.io/node-selector"
_NODE = "service.cilium.io/node"
_HINTS, _MODE = (
    "service.kubernetes.io/topology-aware-hints",
    "service.kubernetes.io/topology-mode",
)
_TYPES = {each.value: each for each in (SVCType.ClusterIP, SVCType.NodePort, SVCType.LoadBalancer)}
_WITH_SCOPES = (SVCType.NodePort, SVCType.LoadBalancer)
_WITHOUT_TOPOLOGY = ("", "disabled", "Disabled")
_UNSPECIFIED = {"IPv4": AddrCluster("0.0.0.0"), "IPv6": AddrCluster("::")}
NODE_PORTS = range(30_000, 32_768)
"""The ports that Kubernetes gives to services of type NodePort."""


class Frontend(NamedTuple):
    """Where a service is reached, and by which of its ports."""

    type: SVCType
    address: AddrCluster
    protocol: L4Type
    port: int
    scope: Scope
    port_name: str


@dataclass(frozen=True, slots=True)
class KnownService:
    """What is read of a Service, for every node alike."""

    frontends: tuple[Frontend, ...]
    """All frontends in the order in which an agent sets them up; the later of two equal ones
    counts."""
    ext_policy: SVCTrafficPolicy = SVCTrafficPolicy.Cluster
    int_policy: SVCTrafficPolicy = SVCTrafficPolicy.Cluster
    affinity_seconds: int = 0
    """0 without session affinity."""
    health_check_node_port: int = 0
    source_ranges: tuple[IPv4Network | IPv6Network, ...] = ()
    distribution: str = ""
    """The traffic distribution that topology follows: `PreferSameZone`, `PreferSameNode`; empty
    if the service does not follow topology."""
    load_balancer_class: str | None = None
    node_selector: tuple[Requirement, ...] = ()
    """The nodes on which the service is exposed."""

    def is_exposed(self, node: Node) -> bool:
        """Return whether the service is set up on a node."""
        return matches(self.node_selector, node.labels)

    def frontends_on(self, node: Node, release: Release) -> Iterator[Frontend]:
        """Yield the distinct frontends that a node serves."""
        own = {*node.node_port_addresses()} if release.since(20) else set[AddrCluster]()
        distinct = {
            (each.address, each.port, each.protocol, each.scope): each
            for each in self.frontends
            if node.has_family(is6=each.address.is6)
            and _is_served(each.type, node, release)
            and not (_is_external(each.type) and each.address in own and each.port in NODE_PORTS)
        }
        yield from distinct.values()


def known_service(service: Service, release: Release, *, is_standalone: bool) -> KnownService:
    """Return what is read of a Service; without frontends if it is not the agent's.

    In a state file (`is_standalone`) the nodes on which a service is exposed are not read.
    """
    spec, labels = service.spec, service.metadata.labels
    if _PROXY_LABEL in labels or _HEADLESS_LABEL in labels or spec.cluster_ip.lower() == "none":
        return KnownService(())
    ext_policy = traffic_policy(spec.external_traffic_policy)
    int_policy = traffic_policy(spec.internal_traffic_policy)
    return KnownService(
        frontends=tuple(_frontends(service, release, has_two_scopes=ext_policy is not int_policy)),
        ext_policy=ext_policy,
        int_policy=int_policy,
        affinity_seconds=affinity_seconds(service),
        health_check_node_port=spec.health_check_node_port or 0,
        source_ranges=tuple(source_ranges(spec.load_balancer_source_ranges)),
        distribution=_distribution(service, int_policy, release),
        load_balancer_class=spec.load_balancer_class,
        node_selector=() if is_standalone else _node_selector(service),
    )


def _frontends(service: Service, release: Release, *, has_two_scopes: bool) -> Iterator[Frontend]:
    wanted = _TYPES.get(service.metadata.annotations.get(_TYPE, ""))
    for type_, addresses in _addresses(service, release):
        if wanted not in (None, type_) and type_ is not SVCType.ExternalIPs:
            continue
        scopes = [Scope.EXTERNAL]
        if has_two_scopes and type_ in _WITH_SCOPES:
            scopes.append(Scope.INTERNAL)
        for address in addresses:
            for port in service.spec.ports:
                number = port.node_port if type_ is SVCType.NodePort else port.port
                if number or type_ is not SVCType.NodePort:
                    for scope in scopes:
                        yield Frontend(
                            *(type_, address, service_protocol(port), number or 0),
                            *(scope, port.name),
                        )


def _addresses(
    service: Service, release: Release
) -> Iterator[tuple[SVCType, Iterable[AddrCluster]]]:
    """Yield the addresses by type, in the order in which an agent sets them up."""
    spec = service.spec
    cluster_ips = parse_addresses(spec.cluster_ips or [spec.cluster_ip])
    yield SVCType.ClusterIP, cluster_ips
    if spec.type in ("NodePort", "LoadBalancer"):
        families = _families(service, cluster_ips, release)
        yield SVCType.NodePort, [_UNSPECIFIED[each] for each in families]
    if spec.type == "LoadBalancer" and service.status and service.status.load_balancer:
        ingress = service.status.load_balancer.ingress
        vips = [each.ip for each in ingress if each.ip_mode in (None, "VIP")]
        yield SVCType.LoadBalancer, parse_addresses(vips)
    yield SVCType.ExternalIPs, parse_addresses(spec.external_ips)


def _families(service: Service, cluster_ips: list[AddrCluster], release: Release) -> list[str]:
    """Return the families of the NodePort frontends."""
    spec = service.spec
    if spec.ip_families:
        return [each for each in dict.fromkeys(spec.ip_families) if each in _UNSPECIFIED]
    if not spec.cluster_ip or spec.cluster_ip == "None":
        return []
    if not release.since(20):
        return ["IPv4"]
    return [*dict.fromkeys("IPv6" if each.is6 else "IPv4" for each in cluster_ips)]


def _distribution(service: Service, int_policy: SVCTrafficPolicy, release: Release) -> str:
    distribution, annotations = service.spec.traffic_distribution, service.metadata.annotations
    if int_policy is SVCTrafficPolicy.Local:
        return ""
    if release.since(20) and distribution in ("PreferSameNode", "PreferSameZone"):
        return distribution
    if distribution == "PreferClose":
        return "PreferSameZone"
    mode = annotations.get(_HINTS, annotations.get(_MODE, ""))
    return "" if mode in _WITHOUT_TOPOLOGY else "PreferSameZone"


def _node_selector(service: Service) -> tuple[Requirement, ...]:
    annotations = service.metadata.annotations
    if (text := annotations.get(_NODE_SELECTOR)) is not None:
        # A selector that cannot be parsed is ignored.
        return parse_selector(text) or ()
    if (name := annotations.get(_NODE)) is not None:
        return (Requirement(_NODE, "In", (name,)),)
    return ()


def _is_served(type_: SVCType, node: Node, release: Release) -> bool:
    if node.node_port or type_ is SVCType.ClusterIP:
        return True
    return type_ is not SVCType.NodePort and release.since(19)


def _is_external(type_: SVCType) -> bool:
    return type_ in (SVCType.LoadBalancer, SVCType.ExternalIPs)
