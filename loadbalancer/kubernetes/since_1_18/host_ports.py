"""HostPorts: ports of the node that lead to a pod on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ...domain.addr_cluster import AddrCluster
from ...domain.backend import DEFAULT_BACKEND_WEIGHT, Backend
from ...domain.l3n4 import Scope
from ...domain.l4 import L4Type
from ...domain.service_type import SVCType
from ...releases import Release
from ..node import Node
from ..objects import ContainerPort, Pod
from ..parsing import parse_address, parse_addresses, parse_protocol
from .frontends import NODE_PORTS, Frontend

__all__ = ["HostPort", "host_ports"]

_UNSPECIFIED_TEXTS = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class HostPort:
    """A host port number of a pod: a service of its own."""

    name: str
    """`<pod>:host-port:<port>:<uid>`"""
    frontends: tuple[Frontend, ...]
    backends: tuple[Backend, ...]
    is_loopback: bool


def host_ports(pod: Pod, node: Node, release: Release) -> Iterator[HostPort]:
    """Yield the host ports of a pod, if it runs on the node and has any."""
    spec = pod.spec
    has_host_ports = node.node_port or (node.host_port and not release.since(19))
    is_own = spec.node_name == node.name and not spec.host_network
    if not has_host_ports or not is_own or pod.status.phase != "Running":
        return
    if pod.metadata.deletion_timestamp is not None:
        return
    by_number: dict[int, list[tuple[ContainerPort, L4Type]]] = defaultdict(list)
    for container in (*spec.init_containers, *spec.containers):
        for port in container.ports:
            protocol = parse_protocol(port.protocol)
            if port.host_port and port.host_port not in NODE_PORTS and protocol is not None:
                by_number[port.host_port].append((port, protocol))
    texts = [pod.status.pod_ip, *(each.ip for each in pod.status.pod_ips)]
    own = [each for each in parse_addresses(texts) if node.has_family(is6=each.is6)]
    for number, ports in by_number.items():
        yield _host_port(pod, number, ports, own)


def _host_port(
    pod: Pod, number: int, ports: list[tuple[ContainerPort, L4Type]], own: list[AddrCluster]
) -> HostPort:
    frontends: dict[tuple[AddrCluster, L4Type], Frontend] = {}
    backends: dict[tuple[AddrCluster, L4Type, int], Backend] = {}
    is_loopback = False
    for port, protocol in ports:
        addresses, is_own_loopback = _addresses(port, own)
        is_loopback = is_loopback or is_own_loopback
        for address in addresses:
            frontends[address, protocol] = Frontend(
                SVCType.HostPort, address, protocol, number, Scope.EXTERNAL, ""
            )
        for each in own:
            backends[each, protocol, port.container_port] = Backend(
                addr_cluster=each,
                protocol=protocol,
                port=port.container_port,
                weight=DEFAULT_BACKEND_WEIGHT,
                preferred=True,
            )
    name = f"{pod.metadata.name}:host-port:{number}:{pod.metadata.uid}"
    return HostPort(name, tuple(frontends.values()), tuple(backends.values()), is_loopback)


def _addresses(port: ContainerPort, own: list[AddrCluster]) -> tuple[list[AddrCluster], bool]:
    """Return where a host port is served, and whether that is the loopback interface alone."""
    if port.host_ip in _UNSPECIFIED_TEXTS:
        return [], False
    address = parse_address(port.host_ip)
    if address is None:
        families = dict.fromkeys(each.is6 for each in own)
        return [AddrCluster(_UNSPECIFIED_TEXTS[is6]) for is6 in families], False
    if address.addr.is_loopback:
        return [AddrCluster(_UNSPECIFIED_TEXTS[address.is6])], True
    return [address], False
