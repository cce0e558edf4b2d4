"""Frontends and backends joined: what an agent from 1.18 on lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...agent.locality import stays_on_node
from ...domain.addr_cluster import AddrCluster
from ...domain.backend import Backend
from ...domain.l3n4 import L3n4AddrID, Scope
from ...domain.l4 import L4Type
from ...domain.service import SVC, ServiceName
from ...domain.service_type import SVCType
from ...releases import Release
from ..node import Node
from ..objects import Pod
from ..reading import Objects
from .backends import BackendsOfService, KnownBackend, backends_by_service
from .frontends import Frontend, KnownService, known_service
from .host_ports import host_ports
from .local_redirects import LocalRedirect, local_redirect
from .topology import preferred_backends

__all__ = ["Claimant", "Conflict", "Reflection"]

_Key = tuple[str, str]
_Place = tuple[AddrCluster, int, L4Type, Scope]
_NO_BACKENDS = BackendsOfService(())


@dataclass(frozen=True, slots=True)
class Claimant:
    """A service with all its frontends on a node."""

    namespace: str
    name: str
    services: tuple[SVC, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A frontend that several services claim."""

    frontend: L3n4AddrID
    services: tuple[SVC, ...]
    """The claimants, by namespace and name."""


@dataclass
class Reflection:
    """The objects of a cluster as agents of one release read them, for every node.

    What is the same for all nodes is read once.
    """

    objects: Objects
    release: Release
    is_standalone: bool = False
    """Whether the objects are those of a state file."""
    is_shared: bool = False
    """Whether what is alike on several nodes is the same object, which is not to be changed."""
    _made: dict[tuple[int, str], Backend] = field(default_factory=dict[tuple[int, str], Backend])
    _listed: dict[tuple[_Key, Frontend], SVC] = field(
        default_factory=dict[tuple[_Key, Frontend], SVC]
    )

    @cached_property
    def backends(self) -> dict[_Key, BackendsOfService]:
        """The backends by service."""
        return backends_by_service(self.objects.slices, self.release)

    @cached_property
    def services(self) -> dict[_Key, KnownService]:
        """What is read of each Service, in the order of their names."""
        return {
            key: known_service(each, self.release, is_standalone=self.is_standalone)
            for key, each in sorted(self.objects.services.items(), key=lambda item: item[0])
        }

    @cached_property
    def pods_by_node(self) -> dict[str, list[Pod]]:
        """The pods of each node."""
        found: dict[str, list[Pod]] = {}
        for pod in self.objects.pods.values():
            found.setdefault(pod.spec.node_name, []).append(pod)
        return found

    def listed(self, node: Node) -> list[SVC]:
        """Return what the agent on a node lists; of two claimants of a frontend the first."""
        taken: set[_Place] = set()
        listed: list[SVC] = []
        for claimant in self.claimants(node):
            places = [_place(each) for each in claimant.services]
            if not taken.intersection(places):
                taken.update(places)
                listed += claimant.services
        return listed

    def claimants(self, node: Node) -> list[Claimant]:
        """Return every service with its frontends on a node, by namespace and name."""
        redirects = self.redirects(node)
        found = [
            Claimant(*key, tuple(self._services(key, known, node, redirects)))
            for key, known in self.services.items()
            if known.frontends and known.is_exposed(node)
        ]
        found += self._host_ports(node)
        found += self._redirected_addresses(redirects)
        return sorted(found, key=lambda each: (each.namespace, each.name))

    def conflicts(self, node: Node) -> list[Conflict]:
        """Return the frontends that several services claim on a node."""
        claims: dict[_Place, list[tuple[SVC, Claimant]]] = {}
        for claimant in self.claimants(node):
            for svc in claimant.services:
                claims.setdefault(_place(svc), []).append((svc, claimant))
        return [
            Conflict(several[0][0].frontend, tuple(svc for svc, _ in several))
            for several in claims.values()
            if len({(x.namespace, x.name) for _, x in several}) > 1
        ]

    def redirects(self, node: Node) -> list[LocalRedirect]:
        """Return the redirect policies as the node sees them."""
        if not node.local_redirect:
            return []
        found = (
            local_redirect(policy, self.pods_by_node.get(node.name, ()), node)
            for _, policy in sorted(self.objects.policies.items(), key=lambda item: item[0])
        )
        return [each for each in found if each is not None]

    def _services(
        self, key: _Key, known: KnownService, node: Node, redirects: Sequence[LocalRedirect]
    ) -> Iterator[SVC]:
        own = [x for x in redirects if (x.namespace, x.service) == key]
        everything = self.backends.get(key, _NO_BACKENDS).chosen
        for frontend in known.frontends_on(node, self.release):
            redirect = next((each for each in own if each.redirects(frontend)), None)
            if redirect is not None:
                frontend = frontend._replace(type=SVCType.LocalRedirect)
                yield _service(key, known, frontend, [*redirect.backends_of(frontend)])
                continue
            if (same := self._listed.get((key, frontend))) is not None:
                yield same
                continue
            svc = _service(key, known, frontend, [])
            fitting = [
                each
                for each in everything
                if each.protocol is frontend.protocol
                and each.addr_cluster.is6 is frontend.address.is6
                and each.fits(frontend.port_name)
            ]
            is_local = stays_on_node(svc)
            if is_local:
                fitting = [each for each in fitting if each.node_name in ("", node.name)]
            chosen = preferred_backends(fitting, everything, known, node, self.release)
            svc.backends = [self._backend(each, frontend.port_name) for each in chosen]
            if self.is_shared and not is_local and not (node.topology and known.distribution):
                self._listed[key, frontend] = svc
            yield svc

    def _host_ports(self, node: Node) -> Iterator[Claimant]:
        for pod in self.pods_by_node.get(node.name, ()):
            namespace = pod.metadata.namespace
            for each in host_ports(pod, node, self.release):
                known = KnownService(each.frontends)
                services: list[SVC] = []
                for frontend in each.frontends:
                    backends = [x for x in each.backends if _is_alike(x, frontend)]
                    svc = _service((namespace, each.name), known, frontend, backends)
                    svc.loopback_hostport = each.is_loopback
                    services.append(svc)
                yield Claimant(namespace, each.name, tuple(services))

    def _redirected_addresses(self, redirects: Iterable[LocalRedirect]) -> Iterator[Claimant]:
        for each in redirects:
            if each.frontends and each.has_pods:
                name = f"{each.name}:local-redirect"
                known = KnownService(each.frontends)
                services = (
                    _service((each.namespace, name), known, frontend, [*each.backends_of(frontend)])
                    for frontend in each.frontends
                )
                yield Claimant(each.namespace, name, tuple(services))

    def _backend(self, each: KnownBackend, port_name: str) -> Backend:
        if not self.is_shared:
            return self._new_backend(each, port_name)
        made = self._made.get((id(each), port_name))
        if made is None:
            made = self._made[id(each), port_name] = self._new_backend(each, port_name)
        return made

    def _new_backend(self, each: KnownBackend, port_name: str) -> Backend:
        return Backend(
            addr_cluster=each.addr_cluster,
            protocol=each.protocol,
            port=each.port,
            fe_port_name=port_name,
            node_name=each.node_name,
            zone=each.zone,
            state=each.state,
            serving=each.serving,
            weight=each.weight,
            preferred=True,
        )


def _service(key: _Key, known: KnownService, frontend: Frontend, backends: list[Backend]) -> SVC:
    return SVC(
        frontend=L3n4AddrID(
            addr_cluster=frontend.address,
            protocol=frontend.protocol,
            port=frontend.port,
            scope=frontend.scope,
        ),
        backends=backends,
        type=frontend.type,
        ext_traffic_policy=known.ext_policy,
        int_traffic_policy=known.int_policy,
        session_affinity=known.affinity_seconds > 0,
        session_affinity_timeout_sec=known.affinity_seconds,
        health_check_node_port=known.health_check_node_port,
        load_balancer_source_ranges=[*known.source_ranges],
        name=ServiceName(namespace=key[0], name=key[1]),
    )


def _place(svc: SVC) -> _Place:
    frontend = svc.frontend
    return frontend.addr_cluster, frontend.port, frontend.protocol, frontend.scope


def _is_alike(backend: Backend, frontend: Frontend) -> bool:
    is_same_family = backend.addr_cluster.is6 is frontend.address.is6
    return is_same_family and backend.protocol is frontend.protocol
