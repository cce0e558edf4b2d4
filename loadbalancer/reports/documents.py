"""An audit as JSON, and as one line for each finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ..audit.findings import Finding
from ..audit.meanings import MEANINGS
from ..sysdump.auditing import ClusterReport
from .ci import Entry

__all__ = ["concise_lines", "entries_of", "findings_by_node", "json_document", "prometheus_text"]


def findings_by_node(report: ClusterReport) -> Iterator[tuple[str, Finding]]:
    """Yield each finding with its node; the node is empty for Kubernetes objects alone."""
    for each in report.conflicts:
        yield "", each
    for node in report.nodes:
        for each in node.findings:
            yield node.name, each


def entries_of(report: ClusterReport) -> Iterator[Entry]:
    """Yield the findings for CI systems; their path is the node."""
    for node, each in findings_by_node(report):
        path = node or "cluster"
        yield Entry(each.kind, each.severity, each.message, path, key=f"{path} {each.key}")


def json_document(report: ClusterReport) -> dict[str, Any]:
    """Return a report as one JSON document: nodes, conflicts, disagreements and meanings."""
    kinds = {finding.kind for _, finding in findings_by_node(report)}
    return {
        "nodes": [
            {**asdict(node), "findings": [_finding(each, node.name) for each in node.findings]}
            for node in report.nodes
        ],
        "conflicts": [_finding(each, "") for each in report.conflicts],
        "disagreements": [
            {
                "frontend": each.frontend,
                "name": each.name,
                "views": [{"nodes": nodes, "backends": backends} for nodes, backends in each.views],
            }
            for each in report.disagreements
        ],
        "meanings": {kind: MEANINGS[kind]._asdict() for kind in MEANINGS if kind in kinds},
        "notes": report.notes,
        "problems": report.problems,
        "unreadable": report.unreadable,
    }


def _finding(finding: Finding, node: str) -> dict[str, Any]:
    return {**asdict(finding), "node": node, "key": finding.key}


def concise_lines(report: ClusterReport) -> Iterator[str]:
    """Yield a line for each finding: node, severity, kind and message, for grep."""
    for node, each in findings_by_node(report):
        yield f"{node or '-'}: {each.severity}: {each.kind}: {each.message}"


def prometheus_text(report: ClusterReport) -> str:
    """Return counts by kind and node in Prometheus' text format.

    `k8s_service_endpoint_count` is named as OpenTelemetry's `k8s.service.endpoint.count`.
    """
    lines = [
        "# HELP cilium_lb_audit_findings Findings of the last audit.",
        "# TYPE cilium_lb_audit_findings gauge",
    ]
    counts: dict[tuple[str, str, str], int] = {}
    for node, each in findings_by_node(report):
        key = node, each.kind, each.severity
        counts[key] = counts.get(key, 0) + 1
    lines += [
        f'cilium_lb_audit_findings{{node="{_escaped(node)}",kind="{kind}",severity="{severity}"}} '
        f"{count}"
        for (node, kind, severity), count in sorted(counts.items())
    ]
    lines += [
        "# HELP cilium_lb_audit_services Services that the agent of a node lists.",
        "# TYPE cilium_lb_audit_services gauge",
    ]
    lines += [
        f'cilium_lb_audit_services{{node="{_escaped(node.name)}"}} {node.listed}'
        for node in report.nodes
    ]
    lines += [
        "# HELP k8s_service_endpoint_count Endpoints of services that the agent of a node lists.",
        "# TYPE k8s_service_endpoint_count gauge",
    ]
    lines += [
        f'k8s_service_endpoint_count{{node="{_escaped(node.name)}"}} {node.endpoints}'
        for node in report.nodes
    ]
    lines += [
        "# HELP cilium_lb_audit_unreadable Nodes that could not be audited.",
        "# TYPE cilium_lb_audit_unreadable gauge",
        f"cilium_lb_audit_unreadable {len(report.unreadable)}",
    ]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
