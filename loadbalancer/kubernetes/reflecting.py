"""Objects → services: what an agent hands to its service manager, and what that then lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..agent.locality import backends_on_node
from ..domain.backend import Backend
from ..domain.identity import identity
from ..domain.l3n4 import L3n4AddrID, Scope
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCType
from .backends import EndpointsOfService, endpoints_by_service, hinted_endpoints
from .frontends import KnownService, ServiceFrontend, known_service
from .host_ports import host_port_services
from .node import Node
from .objects import read_objects
from .releases import rules_of

__all__ = ["expected_services", "reflect"]

_WITH_SCOPES = (SVCType.LoadBalancer, SVCType.NodePort)


def reflect(objects: Iterable[Any], node: Node, *, release: str = "1.13") -> list[SVC]:
    """The services that an agent on a node hands to its service manager.

    `objects` are Services, EndpointSlices, Endpoints, Pods, and lists of them, as dictionaries;
    other kinds are passed over. The ids are 0.

    Raises:
        KubernetesError: an object is not valid; the error says which and where.
        LoadBalancerError: there is no such release.
    """
    rules = rules_of(release)
    read = read_objects(objects)
    endpoints = endpoints_by_service(read, node, by_conditions=rules.states_by_conditions)
    services: list[SVC] = []
    for key, each in read.services.items():
        # A service is set up once there is a slice of it, even an empty one.
        if key not in endpoints:
            continue
        known = known_service(each, node, rules)
        if known is not None:
            name = ServiceName(namespace=key[0], name=key[1])
            services.extend(_services(name, known, _chosen(endpoints[key], known, node)))
    if node.host_port:
        for pod in read.pods.values():
            services.extend(host_port_services(pod, node))
    return services


def expected_services(objects: Iterable[Any], node: Node, *, release: str = "1.13") -> list[SVC]:
    """The services that an agent on a node should list, without ids.

    Of what `reflect` makes, families that the node has not are left out, and backends of other
    nodes where a policy keeps traffic local. Of several services with one frontend the last
    one counts.

    Raises:
        KubernetesError: an object is not valid; the error says which and where.
        LoadBalancerError: there is no such release.
    """
    with_protocol = rules_of(release).ports_by_protocol
    listed: dict[bytes, SVC] = {}
    for svc in reflect(objects, node, release=release):
        if node.has_family(is6=svc.frontend.is_ipv6):
            svc.backends = backends_on_node(svc, node.name)
            listed[identity(svc.frontend, with_protocol=with_protocol)] = svc
    return [*listed.values()]


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
