"""The audit of one node: what is compared, and what is left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from loadbalancer import SVC
from loadbalancer.audit import Finding, audit, audit_datapath, by_severity, notes
from loadbalancer.kubernetes import KubernetesError, Node, expected_services, node_from_objects

from .evidence import NodeView, served_addresses

__all__ = ["NodeAudit", "audit_node"]


@dataclass(slots=True)
class NodeAudit:
    """What was found of a node."""

    name: str
    listed: int
    """How many services the agent lists."""
    expected: int | None = None
    """How many it should list; None without Kubernetes objects."""
    in_kernel: int | None = None
    """How many frontends the kernel has; None if that is unknown."""
    findings: list[Finding] = field(default_factory=list[Finding])
    """The gravest first."""
    notes: list[str] = field(default_factory=list[str])

    @property
    def errors(self) -> int:
        """How many of the findings are errors."""
        return sum(each.severity == "error" for each in self.findings)


def audit_node(view: NodeView, objects: Sequence[dict[str, Any]]) -> NodeAudit:
    """Compare what is known of a node.

    Raises:
        LoadBalancerError: a Kubernetes object is not valid.
    """
    result = NodeAudit(view.name, len(view.services))
    findings: list[Finding] = []
    if objects:
        expected = _expected(view, objects, result.notes)
        result.expected = len(expected)
        omitted = view.omitted
        if "names" in view.omitted:
            result.notes.append("The text table does not say names, policies and weights.")
        findings += audit(expected, view.services, omitted=omitted)
        result.notes += notes(expected, view.services)
    if view.entries is not None:
        result.in_kernel = sum(not each.is_wildcard for each in view.entries)
        findings += audit_datapath(view.services, view.entries)
    result.findings = by_severity(findings)
    return result


def _expected(view: NodeView, objects: Iterable[dict[str, Any]], told: list[str]) -> list[SVC]:
    node = _node(view, objects, told)
    return expected_services(objects, node, release=view.release)


def _node(view: NodeView, objects: Iterable[dict[str, Any]], told: list[str]) -> Node:
    options = asdict(view.options)
    try:
        found = node_from_objects(objects, view.name)
    except KubernetesError as error:
        if error.pointer:
            raise
        told.append(
            "There is no Kubernetes Node of this name: with a Local traffic policy, backends of "
            "all nodes but the one of this name are taken to be elsewhere (--node says another)."
        )
        found = Node(view.name)
    addresses = served_addresses(view.services) or found.addresses
    return replace(found, addresses=addresses, **options)
