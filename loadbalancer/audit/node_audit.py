"""The audit of one node: what is compared, by the rules of which release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..domain.identity import name_of
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCType
from ..kubernetes.node import Node
from ..kubernetes.since_1_18.reflection import Conflict
from ..releases import Release
from .agent import agent_findings
from .datapath import audit_datapath, kernel_findings, leftover_findings
from .findings import Finding
from .meanings import MEANINGS, by_severity
from .services import audit, notes
from .views import Cluster, NodeView, Options

__all__ = ["NodeAudit", "audit_node", "conflict_findings"]

_Place = tuple[str, str, str | None]


@dataclass(slots=True)
class NodeAudit:
    """What was found of a node."""

    name: str
    listed: int
    """How many services the agent lists."""
    endpoints: int = field(default=0, kw_only=True)
    """How many backends they have together."""
    expected: int | None = None
    """How many it should list; None without Kubernetes objects."""
    in_kernel: int | None = None
    """How many frontends the kernel has; None if that is unknown."""
    release: str = ""
    """The release whose rules fit best; empty if none were needed."""
    findings: list[Finding] = field(default_factory=list[Finding])
    """The most severe first."""
    notes: list[str] = field(default_factory=list[str])

    @property
    def errors(self) -> int:
        """How many of the findings are errors."""
        return sum(each.severity == "error" for each in self.findings)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is found by the rules of one release."""

    release: Release
    expected: list[SVC] | None
    findings: list[Finding]


def audit_node(
    view: NodeView, cluster: Cluster | None = None, options: Options | None = None
) -> NodeAudit:
    """Compare what is known of a node.

    Where several releases are possible, each is tried. The one with the fewest findings is
    reported, with those findings alone whose place has a finding in every release, as an error
    only if it is one in every release.

    Raises:
        KubernetesError: an object is not valid.
    """
    options = options or Options()
    endpoints = sum(len(each.backends) for each in view.services)
    result = NodeAudit(view.name, len(view.services), endpoints=endpoints)
    has_objects = cluster is not None and bool(cluster.objects.services)
    node = Node(view.name)
    if cluster is not None and has_objects:
        node, is_known = cluster.node(view, options)
        if not is_known:
            result.notes.append(
                "Kubernetes has no Node of this name: with a Local traffic policy, backends of "
                "all other nodes are taken to be elsewhere (--node sets the name)."
            )
    releases = (options.release,) if options.release else view.possible_releases()
    attempts: list[_Attempt] = []
    for release in releases:
        attempts.append(_attempt(view, cluster if has_objects else None, node, release))
        if not attempts[-1].findings:
            break
    best = min(attempts, key=lambda each: len(each.findings))
    result.release = str(best.release)
    findings = _in_every_release(best, attempts)
    if best.expected is not None:
        result.expected = len(best.expected)
        result.notes += notes(best.expected, view.services)
    if view.entries is not None:
        result.in_kernel = sum(not each.is_wildcard for each in view.entries)
        addresses = cluster.node_addresses if cluster else frozenset[str]()
        findings += kernel_findings(view.entries, view.config, addresses)
        findings += leftover_findings(view.leftovers)
    findings += agent_findings(view.tables, view.taken)
    if view.tables is not None and has_objects:
        findings = [x if x.layer else replace(x, layer="wish") for x in findings]
    result.notes += _notes_on(view, has_objects, len(attempts) > 1 and bool(findings), best)
    result.findings = by_severity(findings)
    return result


def _attempt(view: NodeView, cluster: Cluster | None, node: Node, release: Release) -> _Attempt:
    findings: list[Finding] = []
    expected: list[SVC] | None = None
    if cluster is not None:
        if not release.since(18):
            addresses = _served_addresses(view.services) or node.addresses
            node = replace(node, addresses=addresses)
        expected = cluster.expected(node, release)
        conflicts = cluster.conflicts(node, release)
        findings += audit(
            expected,
            view.services,
            omitted=view.omitted,
            incomplete=view.incomplete,
            disputed=_disputed(conflicts, view.services),
        )
        findings = [*_without_remote(findings, cluster, view)]
        findings = [*_with_dead_pods(findings, view.services, cluster)]
        findings += conflict_findings(conflicts)
        findings += _redirect_findings(cluster, node, release, view)
    if view.entries is not None:
        findings += audit_datapath(view.services, view.entries, release=release)
    return _Attempt(release, expected, findings)


def _in_every_release(best: _Attempt, attempts: Sequence[_Attempt]) -> list[Finding]:
    places = [{_place(each): each for each in x.findings} for x in attempts]
    errors = [{_place(y) for y in x.findings if y.severity == "error"} for x in attempts]
    kept = [x for x in best.findings if all(_place(x) in each for each in places)]
    return [
        replace(x, severity="warning")
        if x.severity == "error" and not all(_place(x) in each for each in errors)
        else x
        for x in kept
    ]


def _place(finding: Finding) -> _Place:
    return finding.frontend, finding.protocol, finding.backend


def _notes_on(view: NodeView, has_objects: bool, was_tried: bool, best: _Attempt) -> Iterator[str]:
    if view.format == "text" and has_objects:
        yield "The table does not have names, policies and weights: they are not compared."
    if view.incomplete:
        yield "Some of the dump could not be read: nothing is concluded from what it lacks."
    if was_tried:
        yield (
            f"The agent's release is unknown; the rules of {best.release} fit best (--release "
            "sets it)."
        )
    if best.release.is_newer_than_known:
        yield f"{best.release} is newer than any known release: the rules of 1.20 are used."


def _served_addresses(services: Iterable[SVC]) -> tuple[str, ...]:
    """Return the addresses at which a node serves node ports, as its dump shows, up to 1.17.

    Kubernetes does not say which of a node's addresses are on a device that the agent uses. An
    address with less than half of the node ports of another one does not count: what is listed
    there is a finding.
    """
    counts = Counter(
        str(each.frontend.addr_cluster) for each in services if each.type is SVCType.NodePort
    )
    most = max(counts.values(), default=0)
    return tuple(address for address, count in counts.items() if 2 * count >= most)


def _disputed(conflicts: Iterable[Conflict], found: Iterable[SVC]) -> set[ServiceName]:
    """Return the claimants of frontends that the agent lists for one of them."""
    listed = {
        (str(x.frontend.addr_cluster), x.frontend.port, x.frontend.scope): x.name for x in found
    }
    disputed: set[ServiceName] = set()
    for each in conflicts:
        names = {svc.name for svc in each.services}
        at = each.frontend
        if listed.get((str(at.addr_cluster), at.port, at.scope)) in names:
            disputed |= names
    return disputed


def conflict_findings(conflicts: Iterable[Conflict]) -> Iterator[Finding]:
    """Yield a finding for each frontend that several services claim."""
    for each in conflicts:
        names = [f"{svc.name} ({svc.type})" for svc in each.services]
        message = f"{name_of(each.frontend)} is claimed by {', '.join(names)}"
        first = each.services[0]
        yield Finding(
            "address-conflict",
            str(each.frontend),
            None,
            None,
            None,
            MEANINGS["address-conflict"].severity,
            message,
            service=str(first.name),
            type=str(first.type),
            protocol=str(each.frontend.protocol),
        )


def _without_remote(
    findings: Iterable[Finding], cluster: Cluster, view: NodeView
) -> Iterator[Finding]:
    """Yield findings but for backends of other clusters, which are not among the objects.

    A global service whose other clusters are unknown may have any backend.
    """
    from_tables = _remote_in_tables(view)
    for each in findings:
        if each.kind in ("stale-backend", "missing-backend"):
            remote = cluster.remote_backends.get(each.service, frozenset()) | from_tables
            is_remote = each.backend is not None and each.backend in remote
            if is_remote or _is_open(each, cluster):
                continue
        yield each


def _remote_in_tables(view: NodeView) -> frozenset[str]:
    if view.tables is None:
        return frozenset()
    return frozenset(
        str(backend.to_backend())
        for frontend in view.tables.frontends
        for backend in frontend.backends or ()
        if backend.cluster_id or backend.source == "clustermesh"
    )


def _is_open(finding: Finding, cluster: Cluster) -> bool:
    """Return whether a service shares backends with clusters that are not known."""
    namespace, _, name = finding.service.partition("/")
    service = cluster.objects.services.get((namespace, name))
    if service is None:
        return False
    annotations = service.metadata.annotations
    names = ("service.cilium.io/global", "io.cilium/global-service")
    affinity = ("service.cilium.io/affinity", "io.cilium/service-affinity")
    if not any(annotations.get(each, "").lower() == "true" for each in names):
        return False
    prefers_remote = any(annotations.get(each, "").lower() == "remote" for each in affinity)
    is_known = finding.service in cluster.remote_backends
    return (finding.kind == "stale-backend" and not is_known) or prefers_remote


def _with_dead_pods(
    findings: Iterable[Finding], services: Iterable[SVC], cluster: Cluster
) -> Iterator[Finding]:
    """Yield findings, those on host ports of pods that are gone in one each."""
    if "Pod" not in cluster.objects.kinds:
        yield from findings
        return
    dead: dict[str, SVC] = {}
    for svc in services:
        uid = _pod_uid(svc)
        if uid and uid not in cluster.living_pods:
            dead[str(svc.frontend)] = svc
    yield from (each for each in findings if each.frontend not in dead)
    for frontend, svc in dead.items():
        message = f"{svc.name} at {name_of(svc.frontend)} belongs to a pod that is gone"
        yield Finding(
            "host-port-of-dead-pod",
            frontend,
            None,
            None,
            None,
            MEANINGS["host-port-of-dead-pod"].severity,
            message,
            service=str(svc.name),
            type=str(svc.type),
            protocol=str(svc.frontend.protocol),
        )


def _pod_uid(svc: SVC) -> str:
    """Return the uid of the pod in the name of a HostPort; empty if there is none."""
    if svc.type is not SVCType.HostPort:
        return ""
    for separator in (":host-port:", "/host-port/"):
        _, found, rest = svc.name.name.partition(separator)
        if found:
            return rest.partition(separator[0])[2]
    return ""


def _redirect_findings(
    cluster: Cluster, node: Node, release: Release, view: NodeView
) -> Iterator[Finding]:
    """Yield a finding for each redirect policy that applies and leads to no pod of the node."""
    if not release.since(18):
        return
    is_off = bool(view.config) and not node.local_redirect
    reflection = cluster.reflection(release)
    for each in reflection.redirects(replace(node, local_redirect=True)):
        applies = bool(each.frontends) or (each.namespace, each.service) in reflection.services
        if not applies or (not node.local_redirect and not is_off):
            continue
        if is_off:
            reason = "enable-local-redirect-policy is off"
        elif not each.has_pods:
            reason = "no ready pod of the node matches its selector"
        elif not each.backends:
            reason = "no container of its pods declares the port of redirectBackend.toPorts"
        else:
            continue
        name = f"{each.namespace}/{each.name}"
        at = str(each.frontends[0].address) if each.frontends else each.service
        yield Finding(
            "redirect-without-backend",
            at,
            None,
            None,
            None,
            MEANINGS["redirect-without-backend"].severity,
            f"the local redirect policy {name} has no backend on the node: {reason}",
            service=name,
            type="LocalRedirect",
        )
