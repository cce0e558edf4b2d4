"""What is known of one node, and of the cluster: the input of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCType
from ..dumps.bpf.entry import DatapathEntry
from ..dumps.dump import Dump
from ..dumps.statedb.tables import Tables
from ..kubernetes.node import Node, node_from_objects
from ..kubernetes.options import node_configs, with_options
from ..kubernetes.reading import KubernetesError, Objects
from ..kubernetes.reflecting import expected_services
from ..kubernetes.since_1_18.reflection import Conflict, Reflection
from ..releases import Release, ReleaseRange

__all__ = ["RULE_RELEASES", "Cluster", "NodeView", "Options", "view_of_dump"]

RULE_RELEASES = (
    Release(1, 20),
    Release(1, 19),
    Release(1, 18),
    Release(1, 18, 4),
    Release(1, 17),
    Release(1, 13),
)
"""One release for each set of rules, the newest first."""

_HAS_OLD_HOST_PORT = "/host-port/"
_HAS_HOST_PORT = ":host-port:"


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller knows better than the input; None where the input decides."""

    release: Release | None = None
    topology: bool | None = None
    kube_proxy_replacement: bool | None = None

    def applied(self, node: Node) -> Node:
        """Return a node with the options that are set."""
        if self.topology is not None:
            node = replace(node, topology=self.topology)
        if self.kube_proxy_replacement is not None:
            has = self.kube_proxy_replacement
            node = replace(node, node_port=has, host_port=has)
        return node


@dataclass(slots=True)
class NodeView:
    """What is known of one node."""

    name: str
    services: list[SVC]
    format: str = "json"
    omitted: frozenset[str] = frozenset()
    """The facts that the dump does not carry."""
    incomplete: frozenset[str] = frozenset()
    """The frontends of which something could not be read."""
    release: Release | None = None
    """The release that the agent reports; None if that is unknown."""
    releases: ReleaseRange | None = None
    """The releases that the dump can be from; None if it fits no release."""
    entries: list[DatapathEntry] | None = None
    """The frontends in the kernel; None if they are unknown."""
    leftovers: Mapping[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    """How many rows maps of the kernel have of ids that no service has, by map and id."""
    tables: Tables | None = None
    """The tables of StateDB; None if they are unknown."""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    """The agent's options, as far as they are known."""
    taken: datetime | None = None
    """When the dump was taken."""

    def possible_releases(self) -> tuple[Release, ...]:
        """Return the releases to try, one for each set of rules, the newest first."""
        if self.release is not None:
            return (self.release,)
        narrowed = self._narrowed()
        found = tuple(each for each in RULE_RELEASES if narrowed is None or each in narrowed)
        # Rules up to 1.16 are those of 1.13.
        is_older = narrowed is not None and not narrowed.latest.since(13)
        return found or (RULE_RELEASES[-1:] if is_older else RULE_RELEASES)

    def _narrowed(self) -> ReleaseRange | None:
        """Return the releases that fit what the services of Kubernetes are like, too."""
        if self.releases is None:
            return None
        found = replace(self.releases)
        if found.earliest <= Release(1, 16) and found.latest.since(13):
            found.earliest = min(found.earliest, Release(1, 13))
        names = [svc.name.name for svc in self.services if svc.type is SVCType.HostPort]
        if any(_HAS_HOST_PORT in each for each in names):
            found.since(18)
        elif any(_HAS_OLD_HOST_PORT in each for each in names):
            found.until(17)
        has_maintenance = any(
            str(backend.state) == "maintenance" and svc.name != ServiceName()
            for svc in self.services
            for backend in svc.backends
        )
        # Nothing but the conditions of endpoints sets the state there.
        if has_maintenance and found.earliest.since(18):
            found.since(18, 5)
        return None if found.is_empty else found


def view_of_dump(dump: Dump, name: str = "", release: Release | None = None) -> NodeView:
    """Return what a dump has of a node; the release is that of the agent, if it is known."""
    # To find out takes longer than to read the dump.
    releases = dump.release_range if release is None else ReleaseRange(release, release)
    return NodeView(
        name or dump.name,
        dump.services,
        dump.format,
        dump.omitted_by(releases),
        dump.incomplete,
        release=release,
        releases=None if releases.is_empty else releases,
        tables=dump.tables,
    )


@dataclass
class Cluster:
    """The Kubernetes objects of a cluster, read once, with what is the same for all nodes."""

    objects: Objects
    remote_backends: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """The addresses of backends in other clusters, by `namespace/name`."""
    _reflections: dict[Release, Reflection] = field(default_factory=dict[Release, Reflection])

    @cached_property
    def node_addresses(self) -> frozenset[str]:
        """The addresses of all Nodes."""
        return frozenset(
            address.address
            for node in self.objects.nodes.values()
            for address in node.status.addresses
            if address.type in ("InternalIP", "ExternalIP")
        )

    @cached_property
    def living_pods(self) -> frozenset[str]:
        """The uids of pods that have not ended."""
        return frozenset(
            pod.metadata.uid
            for pod in self.objects.pods.values()
            if pod.status.phase not in ("Succeeded", "Failed")
        )

    def node(self, view: NodeView, options: Options) -> tuple[Node, bool]:
        """Return the node of a view, and whether Kubernetes knows it."""
        try:
            node, is_known = node_from_objects(self.objects, view.name), True
        except KubernetesError as error:
            if error.pointer:
                raise
            node, is_known = Node(view.name), False
        config = {**view.config, **node_configs(self.objects, node)}
        return options.applied(with_options(node, config)), is_known

    def expected(self, node: Node, release: Release) -> list[SVC]:
        """Return what the agent on a node should list."""
        if release.since(18):
            return self.reflection(release).listed(node)
        return expected_services(self.objects, node, release=release)

    def conflicts(self, node: Node, release: Release) -> list[Conflict]:
        """Return the frontends that several services claim on a node, from 1.18 on."""
        return self.reflection(release).conflicts(node) if release.since(18) else []

    def reflection(self, release: Release) -> Reflection:
        """Return the objects as agents of a release from 1.18 on read them."""
        if release not in self._reflections:
            self._reflections[release] = Reflection(self.objects, release, is_shared=True)
        return self._reflections[release]
