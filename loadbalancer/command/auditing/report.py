"""What an audit found, as people and as programs read it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO

from loadbalancer.audit import MEANINGS, Disagreement, Finding, FindingKind

from ..output.printing import Part, Printer, visible
from ..output.reporting import counted
from .node_audit import NodeAudit

__all__ = ["Report", "print_report", "write_json"]

_STYLES = {"error": "bold red", "warning": "yellow"}


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found."""

    nodes: Sequence[NodeAudit]
    disagreements: Sequence[Disagreement] = ()
    problems: Sequence[str] = field(default=())
    """What could not be read."""

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to report."""
        return not self.disagreements and not any(each.findings for each in self.nodes)


def write_json(stream: TextIO, report: Report) -> None:
    """The report as one JSON document."""
    kinds = {each.kind for node in report.nodes for each in node.findings}
    document: dict[str, Any] = {
        "nodes": [asdict(each) for each in report.nodes],
        "disagreements": [
            {
                "frontend": each.frontend,
                "name": each.name,
                "views": [{"nodes": nodes, "backends": backends} for nodes, backends in each.views],
            }
            for each in report.disagreements
        ],
        "meanings": {kind: MEANINGS[kind]._asdict() for kind in MEANINGS if kind in kinds},
        "problems": report.problems,
    }
    stream.write(json.dumps(document, indent=2) + "\n")


def print_report(printer: Printer, report: Report) -> None:
    """Notes, findings by kind, the gravest first, what nodes disagree on, a line for each node."""
    _print_notes(printer, report.nodes)
    for kind in MEANINGS:
        _print_kind(printer, kind, report.nodes)
    for each in report.disagreements:
        _print_disagreement(printer, each)
    for node in report.nodes:
        printer.line(*_summary(node))


def _print_notes(printer: Printer, nodes: Sequence[NodeAudit]) -> None:
    """What to know before findings are believed; what several nodes have in common, once."""
    where: dict[str, list[str]] = {}
    for node in nodes:
        for note in node.notes:
            where.setdefault(note, []).append(node.name)
    if not where:
        return
    printer.line(("notes", "bold"))
    for note, names in where.items():
        printer.paragraph("- ", visible(note), *_on(names, len(nodes)))
    printer.line()


def _print_kind(printer: Printer, kind: FindingKind, nodes: Sequence[NodeAudit]) -> None:
    """The findings of a kind; what several nodes have in common is said once."""
    where: dict[Finding, list[str]] = {}
    for node in nodes:
        for finding in node.findings:
            if finding.kind == kind:
                where.setdefault(finding, []).append(node.name)
    if not where:
        return
    meaning = MEANINGS[kind]
    printer.line((f"{meaning.severity}: {kind}", _STYLES[meaning.severity]))
    for finding, names in where.items():
        printer.paragraph("- ", visible(finding.message), *_on(names, len(nodes)))
    printer.paragraph(meaning.text)
    printer.paragraph("Look at: ", meaning.next, ".")
    printer.line()


def _on(names: Sequence[str], of: int) -> list[Part]:
    """Which of so many nodes something is about; nothing where there is one."""
    if of == 1:
        return []
    listed = (
        "all nodes" if len(names) == of else visible(", ".join(each or "<stdin>" for each in names))
    )
    return [(f"  [{listed}]", "cyan")]


def _print_disagreement(printer: Printer, disagreement: Disagreement) -> None:
    frontend, name = visible(disagreement.frontend), visible(disagreement.name)
    printer.line((f"nodes disagree: {frontend} {name}", "bold magenta"))
    for nodes, backends in disagreement.views:
        seen = "not listed" if backends is None else ", ".join(backends) or "no backends"
        printer.paragraph((visible(", ".join(nodes)), "cyan"), ": ", visible(seen))
    printer.line()


def _summary(node: NodeAudit) -> list[Part]:
    facts = [f"{counted(node.listed, 'service')} listed"]
    if node.expected is not None:
        facts.append(f"{node.expected:,} expected")
    if node.in_kernel is not None:
        facts.append(f"{node.in_kernel:,} in the kernel")
    parts: list[Part] = [(visible(node.name) or "<stdin>", "bold"), f": {', '.join(facts)}: "]
    warnings = len(node.findings) - node.errors
    if not node.findings:
        return [*parts, ("nothing found", "green")]
    if node.errors:
        parts.append((counted(node.errors, "error"), _STYLES["error"]))
    if node.errors and warnings:
        parts.append(", ")
    if warnings:
        parts.append((counted(warnings, "warning"), _STYLES["warning"]))
    return parts
