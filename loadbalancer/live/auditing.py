"""`audit_live`: a cluster collected and audited; only what is there at a second look counts."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..audit.findings import Finding
from ..audit.views import Options
from ..sysdump.auditing import ClusterReport, audit_cluster
from .collecting import Collection, CollectOptions, NodeResult, collect
from .kubectl import Kubectl

__all__ = ["LiveReport", "audit_live"]

SETTLE_SECONDS = 5.0
"""How long to wait before nodes with findings are asked again, in seconds."""


@dataclass(slots=True)
class LiveReport:
    """The audit of a live cluster."""

    report: ClusterReport
    collection: Collection
    gone: int = 0
    """How many findings were gone at the second look."""
    unanswered: list[NodeResult] = field(default_factory=list[NodeResult])
    """The nodes whose agents could not be asked everything."""


def audit_live(
    kubectl: Kubectl,
    collecting: CollectOptions | None = None,
    options: Options | None = None,
    *,
    settle: float = SETTLE_SECONDS,
    save: str | Path | None = None,
    on_node: Callable[[NodeResult], None] | None = None,
) -> LiveReport:
    """Collect from a live cluster and audit it.

    Kubernetes and the agents are not asked at the same instant. Nodes with findings are
    therefore asked again after `settle` seconds, with fresh objects, and only what is found
    both times is reported.

    Args:
        kubectl: how kubectl is called.
        collecting: what is collected, and how.
        options: what the caller knows better than the input.
        settle: how long to wait before the second look, in seconds.
        save: where to keep the (first) collection.
        on_node: called with each node when it has been asked.

    Raises:
        LiveError: kubectl cannot be used, or the agents cannot be found.
    """
    collecting = collecting or CollectOptions()
    with tempfile.TemporaryDirectory(prefix="loadbalancer-") as folder:
        target = Path(save) if save is not None else Path(folder, "cilium-sysdump-first")
        collection = collect(kubectl, target, collecting, on_node=on_node)
        report = audit_cluster([str(target)], options=options)
        gone = 0
        ill = tuple(node.name for node in report.nodes if node.findings)
        split = {name for each in report.disagreements for names, _ in each.views for name in names}
        if ill or report.disagreements or report.conflicts:
            time.sleep(settle)
            wanted = replace(collecting, nodes=tuple({*ill, *split}))
            second = Path(folder, "cilium-sysdump-second")
            collect(kubectl, second, wanted)
            gone = _settle(report, audit_cluster([str(second)], options=options))
    unanswered = [each for each in collection.nodes if each.reason]
    reasons = [f"{each.node}: {each.reason}" for each in unanswered]
    report.problems = [*collection.problems, *report.problems, *reasons]
    return LiveReport(report, collection, gone, unanswered)


def _settle(first: ClusterReport, second: ClusterReport) -> int:
    """Keep what both reports have; return how many findings are gone."""
    found = {node.name: {each.key for each in node.findings} for node in second.nodes}
    gone = 0

    def kept(name: str, findings: list[Finding]) -> list[Finding]:
        nonlocal gone
        # A node that does not answer any more keeps what was found.
        keys = found.get(name)
        still = [each for each in findings if keys is None or each.key in keys]
        gone += len(findings) - len(still)
        return still

    for node in first.nodes:
        node.findings = kept(node.name, node.findings)
    still_split = {(each.frontend, each.name) for each in second.disagreements}
    first.disagreements = [x for x in first.disagreements if (x.frontend, x.name) in still_split]
    return gone
