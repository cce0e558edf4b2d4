"""The services of host ports: ports of the node that lead to a pod on it."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.addr_cluster import AddrCluster
from ...domain.backend import Backend
from ...domain.l3n4 import L3n4AddrID, Scope
from ...domain.l4 import L4Type
from ...domain.service import SVC, ServiceName
from ...domain.service_type import SVCTrafficPolicy, SVCType
from ..node import Node
from ..objects import ContainerPort, Pod
from ..parsing import parse_address, parse_ip, parse_protocol

__all__ = ["host_port_services"]

# These belong to services.
_NODE_PORTS = range(30_000, 32_768)


def host_port_services(pod: Pod, node: Node) -> Iterator[SVC]:
    """The services of the host ports of a pod, if it is one of the node's."""
    spec, status = pod.spec, pod.status
    if spec.node_name != node.name or spec.host_network or status.phase in ("Succeeded", "Failed"):
        return
    texts = [each.ip for each in status.pod_ips] or [status.pod_ip]
    own = [addr for text in texts if (addr := parse_address(text)) is not None]
    for container in (*spec.init_containers, *spec.containers):
        for port in container.ports:
            protocol = parse_protocol(port.protocol)
            if port.host_port and port.host_port not in _NODE_PORTS and protocol is not None:
                yield from _services(pod, port.host_port, port, protocol, own, node)


def _services(
    pod: Pod,
    host_port: int,
    port: ContainerPort,
    protocol: L4Type,
    own: list[AddrCluster],
    node: Node,
) -> Iterator[SVC]:
    addresses, is_loopback = _addresses(port, node)
    name = f"{pod.metadata.name}/host-port/{host_port}"
    for address in addresses:
        backends = [
            # Its weight is the default.
            Backend(addr_cluster=each, protocol=protocol, port=port.container_port, weight=0)
            for each in own
            if each.is6 is address.is6
        ]
        if not backends or not node.has_family(is6=address.is6):
            continue
        yield SVC(
            frontend=L3n4AddrID(
                addr_cluster=address, protocol=protocol, port=host_port, scope=Scope.EXTERNAL
            ),
            backends=backends,
            type=SVCType.HostPort,
            ext_traffic_policy=SVCTrafficPolicy.Cluster,
            int_traffic_policy=SVCTrafficPolicy.Cluster,
            name=ServiceName(namespace=pod.metadata.namespace, name=name),
            loopback_hostport=is_loopback,
        )


def _addresses(port: ContainerPort, node: Node) -> tuple[list[AddrCluster], bool]:
    """Where a host port is served, and whether that is the loopback interface alone."""
    host_ip = parse_ip(port.host_ip)
    if host_ip is None or host_ip.is_unspecified:
        return node.served_addresses(), False
    if host_ip.addr.is_loopback:
        # The agent sets it up at the unspecified address, and accepts no traffic from outside.
        return [AddrCluster("::" if host_ip.is6 else "0.0.0.0")], True
    return [host_ip], False
