"""CiliumLocalRedirectPolicies: frontends whose traffic stays with pods of the node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...domain.backend import Backend
from ...domain.l3n4 import Scope
from ...domain.l4 import L4Type
from ...domain.service_type import SVCType
from ..labels import Requirement, matches, requirements_of
from ..node import Node
from ..objects import LocalRedirectPolicy, Pod, PolicyPort
from ..parsing import parse_address, parse_addresses, parse_protocol
from .frontends import Frontend

__all__ = ["LocalRedirect", "local_redirect"]

_is_port = re.compile(r"[1-9]\d{0,4}", re.ASCII).fullmatch


class _Port(NamedTuple):
    name: str
    number: int
    protocol: L4Type


@dataclass(frozen=True, slots=True)
class LocalRedirect:
    """A valid policy as one node sees it."""

    namespace: str
    name: str
    service: str
    """The name of the service that is redirected; empty for a policy by address."""
    frontends: tuple[Frontend, ...]
    """The frontends of a policy by address."""
    ports: tuple[_Port, ...]
    """The ports of the frontend; none for all ports of a service."""
    targets: tuple[_Port, ...]
    """The ports of the pods."""
    backends: tuple[tuple[str, Backend], ...]
    """The ports of ready pods of the node that are targets, each with its name."""
    has_pods: bool
    """Whether any pod of the node matches and is ready: only then is traffic redirected."""

    def redirects(self, frontend: Frontend) -> bool:
        """Return whether a frontend of the service is redirected."""
        if frontend.type is not SVCType.ClusterIP or not self.has_pods:
            return False
        wanted = (frontend.port, frontend.protocol)
        is_wanted = not self.ports or wanted in [each[1:] for each in self.ports]
        names = [each.name for each in self.targets if each.name]
        return is_wanted and (len(self.targets) <= 1 or frontend.port_name in names)

    def backends_of(self, frontend: Frontend) -> Iterator[Backend]:
        """Yield the backends of a redirected frontend."""
        for name, backend in self.backends:
            fits = not frontend.port_name or not name or name == frontend.port_name
            is_same_family = backend.addr_cluster.is6 is frontend.address.is6
            if fits and is_same_family and backend.protocol is frontend.protocol:
                yield backend


def local_redirect(
    policy: LocalRedirectPolicy, pods: Iterable[Pod], node: Node
) -> LocalRedirect | None:
    """Return what a policy redirects on a node; None if an agent refuses the policy."""
    namespace, spec = policy.metadata.namespace, policy.spec
    by_service = spec.redirect_frontend.service_matcher
    by_address = spec.redirect_frontend.address_matcher
    matcher = by_service or by_address
    ports = _ports(matcher.to_ports) if matcher else None
    targets = _ports(spec.redirect_backend.to_ports)
    if ports is None or targets is None or (by_service is None) is (by_address is None):
        return None
    if len(ports) == 1 and targets and targets[0].protocol is not ports[0].protocol:
        return None
    if by_service and (not by_service.service_name or by_service.namespace != namespace):
        return None
    selector = requirements_of(spec.redirect_backend.local_endpoint_selector)
    matching = [each for each in pods if _matches(each, namespace, selector, node)]
    return LocalRedirect(
        namespace=namespace,
        name=policy.metadata.name,
        service=by_service.service_name if by_service else "",
        frontends=tuple(_frontends(by_address.ip, ports)) if by_address else (),
        ports=ports,
        targets=targets,
        backends=tuple(
            backend for pod in matching for backend in _backends(pod, targets, len(ports) > 1)
        ),
        has_pods=bool(matching),
    )


def _matches(pod: Pod, namespace: str, selector: tuple[Requirement, ...], node: Node) -> bool:
    is_ready = any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)
    is_own = pod.spec.node_name == node.name and pod.metadata.namespace == namespace
    return is_ready and is_own and matches(selector, pod.metadata.labels)


def _backends(pod: Pod, targets: Sequence[_Port], is_named: bool) -> Iterator[tuple[str, Backend]]:
    """Yield the ports that the containers of a pod declare and that are targets."""
    wanted = {(each.number, each.protocol) for each in targets}
    names = {each.name for each in targets if each.name}
    addresses = parse_addresses([x.ip for x in pod.status.pod_ips] or [pod.status.pod_ip])
    for addr in addresses:
        for port in (port for container in pod.spec.containers for port in container.ports):
            protocol = parse_protocol(port.protocol)
            if protocol is None or (port.container_port, protocol) not in wanted:
                continue
            if not is_named or port.name.lower() in names:
                yield (
                    port.name,
                    # A backend of a policy is given no weight.
                    Backend(
                        addr_cluster=addr,
                        protocol=protocol,
                        port=port.container_port,
                        weight=0,
                        preferred=True,
                    ),
                )


def _frontends(ip: str, ports: Sequence[_Port]) -> Iterator[Frontend]:
    address = parse_address(ip)
    if address is not None:
        for name, number, protocol in ports:
            port_name = name if len(ports) > 1 else ""
            yield Frontend(
                SVCType.LocalRedirect, address, protocol, number, Scope.EXTERNAL, port_name
            )


def _ports(ports: Sequence[PolicyPort]) -> tuple[_Port, ...] | None:
    """Return the ports of a policy; None if one is invalid, or of several one has no name."""
    found: list[_Port] = []
    for each in ports:
        protocol = parse_protocol(each.protocol)
        is_unnamed = len(ports) > 1 and not each.name
        if not _is_port(each.port) or int(each.port) > 65535 or protocol is None or is_unnamed:
            return None
        found.append(_Port(each.name.lower(), int(each.port), protocol))
    return tuple(found)
