"""Services → Kubernetes objects: Services and EndpointSlices that reflect to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from ...domain.backend import DEFAULT_BACKEND_WEIGHT, Backend, state_word
from ...domain.l4 import L4Type
from ...domain.service import SVC, ServiceName
from ...domain.service_type import SVCType
from ...releases import Release
from ..objects import SERVICE_NAME_LABEL

__all__ = ["UNNAMED", "manifests", "protocol_of"]

UNNAMED = "unnamed-"
"""How the name of a service begins that has none: Kubernetes needs one."""

_WEIGHT = "service.cilium.io/weight"
_Port = tuple[int, str]
_Object = dict[str, Any]
_READY = {"ready": True, "serving": True, "terminating": False}
_CONDITIONS = {
    "active": _READY,
    "terminating": {"ready": False, "serving": True, "terminating": True},
    "terminating-not-serving": {"ready": False, "serving": False, "terminating": True},
    "maintenance": {"ready": False, "serving": True, "terminating": False},
}


def manifests(services: Iterable[SVC], release: Release) -> dict[str, list[_Object]]:
    """Return the objects of a state file: one Service for each name, and its EndpointSlices.

    What they cannot represent is left out: the caller compares.
    """
    groups: dict[ServiceName, list[SVC]] = {}
    numbers = count(1)
    for svc in services:
        name = svc.name
        if not name.name:
            name = ServiceName(namespace=name.namespace, name=f"{UNNAMED}{next(numbers)}")
        groups.setdefault(name, []).append(svc)
    found: dict[str, list[_Object]] = {"services": [], "endpoints": []}
    for name, group in groups.items():
        names = _port_names(group)
        found["services"].append(_service(name, group, names))
        found["endpoints"].extend(_slices(name, group, names, release))
    return found


def protocol_of(backend: L4Type, frontend: L4Type = L4Type.NONE) -> L4Type:
    """Return the protocol that is written: the frontend's where there is none, else TCP."""
    for each in (backend, frontend):
        if each is not L4Type.NONE:
            return each
    return L4Type.TCP


def _protocol(svc: SVC) -> str:
    return protocol_of(svc.frontend.protocol).value


def _service_ports(group: Iterable[SVC]) -> dict[_Port, _Port]:
    """Return the service port of each port of a frontend, by number and protocol.

    Which service port a NodePort belongs to is not in a dump: it is the one with most backends in
    common that has no node port yet.
    """
    backends: dict[_Port, set[str]] = {}
    node_ports: dict[_Port, set[str]] = {}
    for svc in group:
        table = node_ports if svc.type is SVCType.NodePort else backends
        key = svc.frontend.port, _protocol(svc)
        table.setdefault(key, set()).update(str(each) for each in svc.backends)
    found = {port: port for port in backends}
    free = [*backends]
    for port, wanted in sorted(node_ports.items(), key=lambda item: (-len(item[1]), item[0])):
        candidates = [each for each in free if each[1] == port[1]]
        chosen = max(candidates, key=lambda x: len(wanted & backends[x]), default=port)
        found[port] = chosen
        if chosen in free:
            free.remove(chosen)
    return found


def _port_names(group: list[SVC]) -> dict[_Port, str]:
    """Return a name for each port of the Service; none where a protocol has one port alone."""
    ports = dict.fromkeys(_service_ports(group).values())
    per_protocol: dict[str, int] = defaultdict(int)
    for _, protocol in ports:
        per_protocol[protocol] += 1
    return {
        (number, protocol): f"{protocol.lower()}-{number}" if per_protocol[protocol] > 1 else ""
        for number, protocol in ports
    }


def _service(name: ServiceName, group: list[SVC], names: dict[_Port, str]) -> _Object:
    first = group[0]
    addresses: dict[SVCType, list[str]] = {each: [] for each in SVCType}
    for svc in group:
        address = str(svc.frontend.addr_cluster)
        if address not in addresses[svc.type]:
            addresses[svc.type].append(address)
    cluster_ips = addresses[SVCType.ClusterIP]
    spec: _Object = {
        "type": _type(group).value,
        "clusterIP": cluster_ips[0] if cluster_ips else "",
        "ipFamilies": _families(group),
        "externalTrafficPolicy": first.ext_traffic_policy.value,
        "internalTrafficPolicy": first.int_traffic_policy.value,
        "ports": [*_ports(group, names)],
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
    service: _Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name.name, "namespace": name.namespace},
        "spec": spec,
    }
    if balanced := addresses[SVCType.LoadBalancer]:
        service["status"] = {"loadBalancer": {"ingress": [{"ip": each} for each in balanced]}}
    return service


def _type(group: Iterable[SVC]) -> SVCType:
    types = {svc.type for svc in group}
    order = (SVCType.LoadBalancer, SVCType.NodePort)
    return next((each for each in order if each in types), SVCType.ClusterIP)


def _families(group: list[SVC]) -> list[str]:
    """Return the families of the NodePorts, else those of all addresses."""
    node_ports = [svc for svc in group if svc.type is SVCType.NodePort]
    return [*dict.fromkeys("IPv6" if x.frontend.is_ipv6 else "IPv4" for x in node_ports or group)]


def _ports(group: list[SVC], names: dict[_Port, str]) -> Iterator[_Object]:
    of = _service_ports(group)
    node_ports = {
        of[svc.frontend.port, _protocol(svc)]: svc.frontend.port
        for svc in group
        if svc.type is SVCType.NodePort
    }
    for (number, protocol), name in names.items():
        port: _Object = {"port": number, "protocol": protocol}
        if name:
            port["name"] = name
        if node_port := node_ports.get((number, protocol)):
            port["nodePort"] = node_port
        yield port


def _slices(
    name: ServiceName, group: list[SVC], names: dict[_Port, str], release: Release
) -> Iterator[_Object]:
    """Yield a slice for each family, port, weight, and set of service ports that lead there."""
    backends: dict[tuple[str, int, str], Backend] = {}
    led_by: dict[tuple[str, int, str], dict[str, None]] = defaultdict(dict)
    of = _service_ports(group)
    for svc in group:
        port_name = names[of[svc.frontend.port, _protocol(svc)]]
        for each in svc.backends:
            protocol = protocol_of(each.protocol, svc.frontend.protocol).value
            key = str(each.addr_cluster), each.port, protocol
            backends.setdefault(key, each)
            led_by[key][port_name] = None
    slices: dict[tuple[Any, ...], list[Backend]] = {}
    for key, each in backends.items():
        weight = each.weight if release.since(20) else DEFAULT_BACKEND_WEIGHT
        group_key = (each.addr_cluster.is6, key[1], key[2], tuple(led_by[key]), weight)
        slices.setdefault(group_key, []).append(each)
    for number, ((is6, port, protocol, port_names, weight), members) in enumerate(
        slices.items(), start=1
    ):
        metadata: _Object = {
            "name": f"{name.name}-{number}",
            "namespace": name.namespace,
            "labels": {SERVICE_NAME_LABEL: name.name},
        }
        if weight != DEFAULT_BACKEND_WEIGHT:
            metadata["annotations"] = {_WEIGHT: str(weight)}
        yield {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": "IPv6" if is6 else "IPv4",
            "ports": [{"name": each, "port": port, "protocol": protocol} for each in port_names],
            "endpoints": [_endpoint(each) for each in members],
        }


def _endpoint(backend: Backend) -> _Object:
    endpoint: _Object = {
        "addresses": [str(backend.addr_cluster)],
        "conditions": _CONDITIONS.get(state_word(backend), _READY),
    }
    if backend.node_name:
        endpoint["nodeName"] = backend.node_name
    if backend.zone:
        endpoint["zone"] = backend.zone
    return endpoint
