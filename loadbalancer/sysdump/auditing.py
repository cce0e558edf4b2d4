"""`audit_cluster`: a whole cluster audited, node after node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import chain

from ..audit.disagreements import Disagreement, Disagreements
from ..audit.findings import Finding
from ..audit.node_audit import NodeAudit, audit_node, conflict_findings
from ..audit.views import RULE_RELEASES, Cluster, NodeView, Options
from ..errors import LoadBalancerError
from ..kubernetes.node import Node, node_from_objects
from .evidence import Evidence, File, read_kernel
from .processes import in_processes

__all__ = ["AuditInputError", "ClusterReport", "audit_cluster", "audit_evidence"]

_ENDPOINTS = {"EndpointSlice", "Endpoints"}


class AuditInputError(LoadBalancerError):
    """There is nothing to compare, or it is unclear what."""


@dataclass(slots=True)
class ClusterReport:
    """What was found in a cluster."""

    nodes: list[NodeAudit] = field(default_factory=list[NodeAudit])
    conflicts: list[Finding] = field(default_factory=list[Finding])
    """Conflicts among the Kubernetes objects, where there are no dumps."""
    disagreements: list[Disagreement] = field(default_factory=list[Disagreement])
    problems: list[str] = field(default_factory=list[str])
    """What could not be read."""
    unreadable: list[str] = field(default_factory=list[str])
    """The nodes that could not be audited, since nothing says what the agent lists."""
    notes: list[str] = field(default_factory=list[str])

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to report."""
        has_findings = any(each.findings for each in self.nodes)
        return not (has_findings or self.conflicts or self.disagreements)


@dataclass(slots=True)
class _Part:
    """What was found of some of the nodes."""

    nodes: list[NodeAudit] = field(default_factory=list[NodeAudit])
    split: Disagreements = field(default_factory=Disagreements)
    problems: list[str] = field(default_factory=list[str])
    unreadable: list[str] = field(default_factory=list[str])


def audit_cluster(
    paths: Iterable[str | File],
    *,
    kubernetes: Iterable[str | File] = (),
    bpf: str | File | None = None,
    nodes: Sequence[str] = (),
    options: Options | None = None,
    on_node: Callable[[NodeAudit], None] | None = None,
) -> ClusterReport:
    """Audit dumps, sysdumps and folders, with the Kubernetes objects beside them.

    Nodes are read one at a time and let go, in several processes if there are many nodes and
    processors (Linux). Without `paths`, the Kubernetes objects alone are
    checked for addresses that several services claim.

    Args:
        paths: dumps, sysdumps (zip, tar or folder), bugtool archives, folders of dumps.
        kubernetes: files with Kubernetes objects, JSON or YAML.
        bpf: the output of `cilium bpf lb list`, for the dump of one node.
        nodes: patterns of the names of the nodes to audit; all if there are none. The name of
            the node, if there is one dump.
        options: what the caller knows better than the input.
        on_node: called with the audit of each node.

    Raises:
        UnreadableError: a file cannot be read at all.
        AuditInputError: there is nothing to compare.
        KubernetesError: an object is not valid.
    """
    with Evidence() as evidence:
        for each in paths:
            evidence.add(each if isinstance(each, File) else File(each))
        for each in kubernetes:
            evidence.add_objects(each if isinstance(each, File) else File(each))
        kernel = bpf if bpf is None or isinstance(bpf, File) else File(bpf)
        return audit_evidence(evidence, kernel, nodes, options or Options(), on_node)


def audit_evidence(
    evidence: Evidence,
    bpf: File | None,
    nodes: Sequence[str],
    options: Options,
    on_node: Callable[[NodeAudit], None] | None = None,
) -> ClusterReport:
    """Audit what has been gathered; see `audit_cluster`."""
    cluster = evidence.cluster()
    report = ClusterReport()
    _check_objects(cluster, report)
    if not evidence.names:
        if not cluster.objects.services and not evidence.problems:
            raise AuditInputError("there is no dump of what an agent lists")
        report.conflicts = _conflicts(cluster, options)
        report.problems = evidence.problems
        return report
    renamed = nodes[0] if len(evidence.names) == 1 and len(nodes) == 1 else None
    names = evidence.names if renamed is not None else _chosen(evidence.names, nodes)
    if bpf is not None and len(names) != 1:
        raise AuditInputError("--bpf goes with the dump of one node")
    kernel = None if bpf is None else read_kernel(bpf)
    split = Disagreements()

    def audited(chosen: Sequence[str]) -> _Part:
        part = _Part()
        known, unknown = len(evidence.problems), len(evidence.unreadable)
        for view in evidence.views(chosen):
            view = replace(view, name=renamed or view.name)
            if kernel is not None:
                view.entries, view.leftovers = kernel.entries, kernel.leftovers
            _check_view(view, cluster, is_alone=len(names) == 1)
            part.nodes.append(audit_node(view, cluster, options))
            if not view.incomplete:
                part.split.add(view.name, view.services)
        part.problems = evidence.problems[known:]
        part.unreadable = evidence.unreadable[unknown:]
        return part

    # What is the same for all nodes is worked out with the first one, before there are copies.
    ordered = evidence.in_order(names)
    first = map(audited, [ordered[:1]])
    for part in chain(first, in_processes(ordered[1:], audited, evidence.reopen)):
        report.nodes += part.nodes
        split.merge(part.split)
        evidence.take(part.problems, part.unreadable)
        if on_node is not None:
            for each in part.nodes:
                on_node(each)
    order = {name: place for place, name in enumerate(evidence.names)}
    report.nodes.sort(key=lambda each: order.get(each.name, 0))
    report.disagreements = split.found()
    report.problems = evidence.problems
    report.unreadable = evidence.unreadable
    return report


def _check_objects(cluster: Cluster, report: ClusterReport) -> None:
    kinds = cluster.objects.kinds
    if kinds and "Service" not in kinds:
        # Every cluster has some: all that is listed would be a finding.
        raise AuditInputError("there is no Service among the objects of Kubernetes")
    if kinds and not kinds & _ENDPOINTS:
        report.notes.append(
            "There are no EndpointSlices among the objects of Kubernetes: all backends that "
            "agents list look like too much."
        )


def _check_view(view: NodeView, cluster: Cluster, *, is_alone: bool) -> None:
    """Refuse a dump with nothing to compare, or with objects but no known node."""
    has_objects = bool(cluster.objects.services)
    if is_alone and not has_objects and view.entries is None and view.tables is None:
        raise AuditInputError(
            "nothing to compare the dump with: give --kubernetes, --bpf or dumps of other nodes"
        )
    if is_alone and has_objects and not view.name:
        raise AuditInputError("--node has to say which node the dump is from")


def _chosen(names: list[str], patterns: Sequence[str]) -> list[str]:
    if not patterns:
        return names
    chosen = [name for name in names if any(fnmatchcase(name, each) for each in patterns)]
    if not chosen:
        known = ", ".join(names)
        raise AuditInputError(f"there is no node {' or '.join(patterns)}; there are: {known}")
    return chosen


def _conflicts(cluster: Cluster, options: Options) -> list[Finding]:
    """Return the conflicts on any node, each once, by the rules of the newest release."""
    release = options.release or RULE_RELEASES[0]
    if not release.since(18):
        return []
    found: dict[str, Finding] = {}
    known = [node_from_objects(cluster.objects, name) for _, name in cluster.objects.nodes]
    for node in known or [Node()]:
        for each in conflict_findings(cluster.conflicts(options.applied(node), release)):
            found.setdefault(each.key, each)
    return [*found.values()]
