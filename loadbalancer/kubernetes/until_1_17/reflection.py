"""Objects → services, as agents up to 1.17 hand them to their service manager."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.backend import Backend
from ...domain.l3n4 import L3n4AddrID, Scope
from ...domain.service import SVC, ServiceName
from ...domain.service_type import SVCType
from ...releases import Release
from ..node import Node
from ..reading import Objects
from .backends import EndpointsOfService, endpoints_by_service, hinted_endpoints
from .frontends import KnownService, ServiceFrontend, known_service
from .host_ports import host_port_services

__all__ = ["reflected"]

_WITH_SCOPES = (SVCType.LoadBalancer, SVCType.NodePort)


def reflected(objects: Objects, node: Node, release: Release) -> list[SVC]:
    """Return the services that an agent hands to its service manager."""
    endpoints = endpoints_by_service(objects, node, release)
    services: list[SVC] = []
    for key, each in objects.services.items():
        # A service is set up once there is a slice of it, even an empty one.
        if key not in endpoints:
            continue
        known = known_service(each, node, release)
        if known is not None:
            name = ServiceName(namespace=key[0], name=key[1])
            services.extend(_services(name, known, _chosen(endpoints[key], known, node)))
    if node.host_port:
        for pod in objects.pods.values():
            services.extend(host_port_services(pod, node))
    return services


def _chosen(found: EndpointsOfService, known: KnownService, node: Node) -> EndpointsOfService:
    """The endpoints that the node is to use."""
    if node.topology and node.zone and known.follows_hints:
        return hinted_endpoints(found, node.zone)
    return found


def _services(
    name: ServiceName, known: KnownService, endpoints: EndpointsOfService
) -> Iterator[SVC]:
    for frontend in known.frontends:
        is_balanced = frontend.type is SVCType.LoadBalancer
        scopes = [Scope.EXTERNAL]
        if known.has_two_scopes and frontend.type in _WITH_SCOPES:
            scopes.append(Scope.INTERNAL)
        for scope in scopes:
            yield SVC(
                frontend=L3n4AddrID(
                    addr_cluster=frontend.address,
                    protocol=frontend.protocol,
                    port=frontend.port,
                    scope=scope,
                ),
                backends=[*_backends(frontend, known, endpoints)],
                type=frontend.type,
                ext_traffic_policy=known.ext_policy,
                int_traffic_policy=known.int_policy,
                session_affinity=known.affinity_seconds > 0,
                session_affinity_timeout_sec=known.affinity_seconds,
                health_check_node_port=known.health_check_node_port,
                load_balancer_source_ranges=[*known.source_ranges] if is_balanced else [],
                name=name,
            )


def _backends(
    frontend: ServiceFrontend, known: KnownService, endpoints: EndpointsOfService
) -> Iterator[Backend]:
    is6 = frontend.address.is6
    for address, endpoint in endpoints.items():
        port = endpoint.ports.get(frontend.port_name)
        if port is not None and address.is6 is is6:
            protocol, number = port
            yield Backend(
                addr_cluster=address,
                protocol=protocol,
                port=number,
                fe_port_name=frontend.port_name,
                node_name=endpoint.node_name,
                state=endpoint.state,
                preferred=known.prefers_own_backends,
            )
