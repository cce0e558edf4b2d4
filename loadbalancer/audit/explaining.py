"""Why a frontend has the backends that it has: every endpoint of the service, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..agent.locality import stays_on_node
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import Backend, state_word
from ..domain.identity import name_of
from ..domain.l4 import L4Type
from ..domain.service import SVC
from ..kubernetes.node import Node
from ..kubernetes.objects import SERVICE_NAME_LABEL, Conditions, Endpoint, EndpointSlice, Service
from ..kubernetes.parsing import parse_address, parse_protocol
from ..releases import Release
from .views import Cluster, NodeView

__all__ = ["Candidate", "Explanation", "explain", "why_not_listed"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint of the service, and what becomes of it."""

    address: str
    node: str
    state: str
    reason: str
    """Why it is not used; empty if it is."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One frontend of a service on one node."""

    frontend: str
    service: str
    type: str
    policies: tuple[str, str]
    """The external and the internal traffic policy."""
    is_local: bool
    """Whether its traffic stays on the node."""
    candidates: tuple[Candidate, ...]
    listed: tuple[str, ...] | None
    """The backends that the agent lists; None if it does not list the frontend."""
    in_kernel: tuple[str, ...] | None
    """The backends in the kernel; None if that is unknown, or the frontend is not there."""


def explain(
    target: str, view: NodeView, cluster: Cluster, node: Node, release: Release
) -> list[Explanation]:
    """Return what answers at an address or for a service on a node, and why.

    Args:
        target: `namespace/name`, an address, or an address with a port.
        view: what is known of the node.
        cluster: the Kubernetes objects.
        node: the node, with the agent's options.
        release: the release whose rules count.
    """
    expected = [svc for svc in cluster.expected(node, release) if _is_meant(svc, target)]
    known = {_key(svc) for svc in expected}
    others = [svc for svc in view.services if _is_meant(svc, target) and _key(svc) not in known]
    return [_explanation(each, view, cluster, node, release) for each in (*expected, *others)]


def why_not_listed(target: str, cluster: Cluster, node: Node) -> str:
    """Return why agents list nothing of a service; empty if that is not known."""
    namespace, _, name = target.partition("/")
    service = cluster.objects.services.get((namespace, name))
    if service is None:
        return "there is no such service among the objects of Kubernetes"
    return next(_reasons_of(service, node), "")


def _reasons_of(service: Service, node: Node) -> Iterator[str]:
    spec, metadata = service.spec, service.metadata
    if "service.kubernetes.io/service-proxy-name" in metadata.labels:
        yield "its label service.kubernetes.io/service-proxy-name hands it to another proxy"
    if "service.kubernetes.io/headless" in metadata.labels or spec.cluster_ip.lower() == "none":
        yield "it is headless: it has no address"
    for each in ("service.cilium.io/node-selector", "service.cilium.io/node"):
        if each in metadata.annotations:
            yield f"its annotation {each} does not select this node"
    if not spec.ports:
        yield "it has no ports"
    if not (spec.cluster_ip or spec.cluster_ips or spec.external_ips):
        yield "it has no cluster IP, and no other address that this node serves"
    if not node.node_port:
        yield "the agent does not replace kube-proxy"


def _is_meant(svc: SVC, target: str) -> bool:
    frontend = svc.frontend
    texts = (str(svc.name), str(frontend.addr_cluster), str(frontend), name_of(frontend))
    return target in texts or target == str(frontend).removesuffix("/i")


def _key(svc: SVC) -> tuple[object, ...]:
    frontend = svc.frontend
    return frontend.addr_cluster, frontend.port, frontend.scope


def _explanation(
    svc: SVC, view: NodeView, cluster: Cluster, node: Node, release: Release
) -> Explanation:
    found = next((each for each in view.services if _key(each) == _key(svc)), None)
    entry = next(
        (x for x in view.entries or () if str(x.frontend) == str(svc.frontend)),
        None,
    )
    slices = [
        each
        for (namespace, _), each in cluster.objects.slices.items()
        if (namespace, each.metadata.labels.get(SERVICE_NAME_LABEL))
        == (svc.name.namespace, svc.name.name)
    ]
    return Explanation(
        frontend=name_of(svc.frontend),
        service=str(svc.name),
        type=str(svc.type),
        policies=(str(svc.ext_traffic_policy), str(svc.int_traffic_policy)),
        is_local=stays_on_node(svc),
        candidates=tuple(_candidates(svc, slices, node, release)),
        listed=None if found is None else tuple(_told(x) for x in found.backends),
        in_kernel=None if entry is None else tuple(str(x) for x in entry.backends),
    )


def _told(backend: Backend) -> str:
    word = state_word(backend)
    return str(backend) if word == "active" else f"{backend} ({word})"


def _candidates(
    svc: SVC, slices: Iterable[EndpointSlice], node: Node, release: Release
) -> Iterator[Candidate]:
    used = {(x.addr_cluster, x.port, x.protocol): x for x in svc.backends}
    seen: set[tuple[AddrCluster, int, L4Type]] = set()
    port_name = next((each.fe_port_name for each in svc.backends), "")
    for each in slices:
        for endpoint in each.endpoints:
            for text in endpoint.addresses:
                address = parse_address(text)
                for port in each.ports:
                    protocol = parse_protocol(port.protocol)
                    if address is None or protocol is None or port.port is None:
                        continue
                    key = address, port.port, protocol
                    if key not in seen:
                        seen.add(key)
                        backend = used.get(key)
                        yield _candidate(svc, key, endpoint, port.name, port_name, backend, node)
    for key, backend in used.items():
        if key not in seen:
            yield Candidate(str(backend), backend.node_name, state_word(backend), "")


def _candidate(
    svc: SVC,
    key: tuple[AddrCluster, int, L4Type],
    endpoint: Endpoint,
    name: str,
    port_name: str,
    backend: Backend | None,
    node: Node,
) -> Candidate:
    address, port, protocol = key
    host = f"[{address}]" if address.is6 else str(address)
    own = endpoint.node_name or ""
    text, state = f"{host}:{port}/{protocol}", _condition(endpoint.conditions)
    if backend is not None:
        word = state_word(backend)
        reason = "in maintenance: it gets no traffic" if word == "maintenance" else ""
        return Candidate(text, own, word, reason)
    frontend = svc.frontend
    if address.is6 is not frontend.is_ipv6:
        reason = f"another family than the frontend: {'IPv6' if address.is6 else 'IPv4'}"
    elif frontend.protocol not in (L4Type.NONE, protocol):
        reason = f"another protocol than the frontend: {protocol}"
    elif state != "ready":
        reason = state
    elif stays_on_node(svc) and own not in ("", node.name):
        reason = f"the traffic policy is Local, and it is on {own}"
    elif name != port_name:
        reason = f"its port is named {name!r}, and the service's port has another name"
    elif node.topology:
        reason = "topology prefers other backends"
    else:
        reason = "the rules of this release leave it out"
    return Candidate(text, own, state, reason)


def _condition(conditions: Conditions) -> str:
    if conditions.terminating:
        return "terminating"
    return "not ready" if conditions.ready is False else "ready"
