"""Services → Kubernetes objects: Services and EndpointSlices that reflect to them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

from ..domain.backend import Backend
from ..domain.backend_state import BackendState
from ..domain.l4 import L4Type
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCType
from .objects import SERVICE_NAME_LABEL

__all__ = ["UNNAMED", "manifests"]

UNNAMED = "unnamed-"
"""How the name of a service begins that has none: Kubernetes needs one."""

_Port = tuple[int, str]


def manifests(services: Iterable[SVC]) -> dict[str, list[dict[str, Any]]]:
    """The objects of a state file: one Service for each name, and its EndpointSlices.

    What they cannot say is left out: whoever calls compares.
    """
    groups: dict[ServiceName, list[SVC]] = {}
    numbers = count(1)
    for svc in services:
        name = svc.name
        if not name.name:
            name = ServiceName(namespace=name.namespace, name=f"{UNNAMED}{next(numbers)}")
        groups.setdefault(name, []).append(svc)
    found: dict[str, list[dict[str, Any]]] = {"services": [], "endpoints": []}
    for name, group in groups.items():
        names = _port_names(group)
        found["services"].append(_service(name, group, names))
        found["endpoints"].extend(_slices(name, group, names))
    return found


def _port_of(svc: SVC) -> _Port:
    return svc.frontend.port, _protocol(svc.frontend.protocol)


def _protocol(protocol: L4Type) -> str:
    return "TCP" if protocol is L4Type.NONE else protocol.value


def _service_ports(group: Iterable[SVC]) -> dict[_Port, dict[str, Any]]:
    """The ports of the Service by number and protocol; node ports are joined to them later."""
    return {
        _port_of(svc): {"port": svc.frontend.port, "protocol": _protocol(svc.frontend.protocol)}
        for svc in group
        if svc.type is not SVCType.NodePort
    }


def _port_names(group: list[SVC]) -> dict[_Port, str]:
    """A name for each port: that of its backends if it tells ports apart, else one of ours."""
    given: dict[_Port, set[str]] = {}
    for svc in group:
        if svc.type is not SVCType.NodePort:
            given.setdefault(_port_of(svc), set()).update(x.fe_port_name for x in svc.backends)
    names = [next(iter(each)) if len(each) == 1 else None for each in given.values()]
    if None not in names and len(set(names)) == len(names):
        return {port: name or "" for port, name in zip(given, names, strict=True)}
    if len(given) == 1:
        return dict.fromkeys(given, "")
    return {port: f"{port[1].lower()}-{port[0]}" for port in given}


def _service(name: ServiceName, group: list[SVC], names: dict[_Port, str]) -> dict[str, Any]:
    first = group[0]
    types = {svc.type for svc in group}
    ports = _service_ports(group)
    for port, values in ports.items():
        if names[port]:
            values["name"] = names[port]
    _join_node_ports(group, ports)
    addresses: dict[SVCType, list[str]] = {each: [] for each in SVCType}
    for svc in group:
        address = str(svc.frontend.addr_cluster)
        if address not in addresses[svc.type]:
            addresses[svc.type].append(address)
    cluster_ips = addresses[SVCType.ClusterIP]
    spec: dict[str, Any] = {
        "type": _kubernetes_type(types).value,
        "clusterIP": cluster_ips[0] if cluster_ips else "",
        "externalTrafficPolicy": first.ext_traffic_policy.value,
        "internalTrafficPolicy": first.int_traffic_policy.value,
        "ports": [*ports.values()],
    }
    if cluster_ips:
        spec["clusterIPs"] = cluster_ips
    if external := addresses[SVCType.ExternalIPs]:
        spec["externalIPs"] = external
    if first.health_check_node_port:
        spec["healthCheckNodePort"] = first.health_check_node_port
    if first.session_affinity:
        timeout = {"timeoutSeconds": first.session_affinity_timeout_sec}
        spec |= {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": timeout}}
    ranges = {str(each): None for svc in group for each in svc.load_balancer_source_ranges}
    if ranges:
        spec["loadBalancerSourceRanges"] = [*ranges]
    metadata: dict[str, Any] = {"name": name.name, "namespace": name.namespace}
    backends = [each for svc in group for each in svc.backends]
    if backends and all(each.preferred for each in backends):
        metadata["annotations"] = {
            "service.cilium.io/global": "true",
            "service.cilium.io/affinity": "local",
        }
    service: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": spec,
    }
    if balanced := addresses[SVCType.LoadBalancer]:
        service["status"] = {"loadBalancer": {"ingress": [{"ip": each} for each in balanced]}}
    return service


def _kubernetes_type(types: set[SVCType]) -> SVCType:
    if SVCType.LoadBalancer in types:
        return SVCType.LoadBalancer
    return SVCType.NodePort if SVCType.NodePort in types else SVCType.ClusterIP


def _join_node_ports(group: list[SVC], ports: dict[_Port, dict[str, Any]]) -> None:
    """Give each node port to a port of the same protocol that leads to the same backends."""
    backends: dict[_Port, dict[bool, set[str]]] = {port: {} for port in ports}
    wanted: dict[_Port, dict[bool, set[str]]] = {}
    for svc in group:
        table = wanted if svc.type is SVCType.NodePort else backends
        told = table.setdefault(_port_of(svc), {})
        told[svc.frontend.is_ipv6] = {str(each) for each in svc.backends}
    for (number, protocol), families in wanted.items():
        for port, values in ports.items():
            fits = port[1] == protocol and families.items() <= backends[port].items()
            if fits and "nodePort" not in values:
                values["nodePort"] = number
                break


def _slices(
    name: ServiceName, group: list[SVC], names: dict[_Port, str]
) -> Iterable[dict[str, Any]]:
    """The slices: one for all addresses of a family that have the same ports.

    A service without backends has an empty one: without any it would not be set up.
    """
    at: dict[str, Backend] = {}
    ports: dict[str, dict[str, tuple[int, str]]] = {}
    for svc in group:
        if svc.type is SVCType.NodePort:
            continue
        for each in svc.backends:
            address = str(each.addr_cluster)
            at.setdefault(address, each)
            own = ports.setdefault(address, {})
            own.setdefault(names[_port_of(svc)], (each.port, _protocol(each.protocol)))
    by_ports: dict[tuple[bool, tuple[Any, ...]], list[Backend]] = {}
    for address, backend in at.items():
        key = backend.is_ipv6, tuple(sorted(ports[address].items()))
        by_ports.setdefault(key, []).append(backend)
    if not by_ports:
        by_ports[group[0].frontend.is_ipv6, ()] = []
    for number, ((is_ipv6, own_ports), backends) in enumerate(by_ports.items(), start=1):
        yield {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{name.name}-{number:04}",
                "namespace": name.namespace,
                "labels": {SERVICE_NAME_LABEL: name.name},
            },
            "addressType": "IPv6" if is_ipv6 else "IPv4",
            "ports": [
                {"name": port_name, "port": port, "protocol": protocol}
                for port_name, (port, protocol) in own_ports
            ],
            "endpoints": [_endpoint(each) for each in backends],
        }


def _endpoint(backend: Backend) -> dict[str, Any]:
    is_terminating = backend.state is BackendState.TERMINATING
    endpoint: dict[str, Any] = {
        "addresses": [str(backend.addr_cluster)],
        "conditions": {
            "ready": backend.state is BackendState.ACTIVE,
            "serving": backend.state in (BackendState.ACTIVE, BackendState.TERMINATING),
            "terminating": is_terminating,
        },
    }
    if backend.node_name:
        endpoint["nodeName"] = backend.node_name
    return endpoint
