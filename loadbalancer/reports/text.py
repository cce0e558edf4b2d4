"""An audit as text for people: first the totals, then what was found, then what was not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..audit.disagreements import Disagreement
from ..audit.meanings import MEANINGS
from ..audit.node_audit import NodeAudit
from ..errors import visible
from ..sysdump.auditing import ClusterReport
from .grouping import Group, counts_of_kinds, groups_of, natural, nodes_text

__all__ = ["Line", "Part", "text_lines"]

Part = str | tuple[str, str]
"""A text, or a text and its style."""

STYLES = {"error": "bold red", "warning": "yellow"}
_WORST = 5


class Line(NamedTuple):
    """A line, with how far it is indented; longer ones are wrapped behind `hanging` columns."""

    parts: Sequence[Part]
    indent: int = 0
    hanging: int = 0


def text_lines(report: ClusterReport, *, most: int = 0, quiet: bool = False) -> Iterator[Line]:
    """Yield the lines of a report; `quiet` leaves out notes, meanings and clean nodes."""
    everything = [each.name for each in report.nodes]
    yield from _totals(report)
    if not quiet:
        yield from _notes(report, everything)
    yield from _findings(report, everything, most, quiet=quiet)
    explained = {(x.frontend, x.service) for node in report.nodes for x in node.findings}
    for each in report.disagreements:
        if (each.frontend, each.name) not in explained:
            yield from _disagreement(each, everything)
    for name in sorted(report.unreadable, key=natural):
        yield Line([(visible(name), "bold"), ": ", ("could not be read", STYLES["error"])])
    clean = [node for node in report.nodes if not node.findings]
    for node in sorted(report.nodes, key=lambda each: natural(each.name)):
        if node.findings or (len(clean) <= _WORST and not quiet):
            yield Line(_summary(node))
    if len(clean) > _WORST and not quiet:
        yield Line([f"{counted(len(clean), 'node')}: ", ("nothing found", "green")])


def counted(number: int, noun: str) -> str:
    """Return `1 node`, `2 nodes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _totals(report: ClusterReport) -> Iterator[Line]:
    """Yield the summary of several nodes: how many, which kinds, the worst nodes."""
    if len(report.nodes) + len(report.unreadable) < 2:
        return
    ill = [node for node in report.nodes if node.findings]
    clean = len(report.nodes) - len(ill)
    facts = [counted(len(report.nodes) + len(report.unreadable), "node"), f"{clean:,} clean"]
    if ill:
        facts.append(f"{len(ill):,} with findings")
    if report.unreadable:
        facts.append(f"{len(report.unreadable):,} unreadable")
    yield Line([("summary", "bold")])
    yield Line([f"{facts[0]}: {', '.join(facts[1:])}"], 4)
    names = [each.name for each in report.nodes]
    for each in counts_of_kinds(report.nodes):
        yield Line(
            [
                (f"{each.severity}: {each.kind}", STYLES[each.severity]),
                f", {counted(each.services, 'service')}, {nodes_text(each.nodes, names)}",
            ],
            4,
        )
    if len(ill) > 1:
        worst = sorted(ill, key=lambda x: (-x.errors, -len(x.findings), natural(x.name)))[:_WORST]
        shown = (f"{visible(x.name)} ({counted(len(x.findings), 'finding')})" for x in worst)
        yield Line(["worst nodes: ", ", ".join(shown)], 4)
    yield Line([])


def _notes(report: ClusterReport, everything: list[str]) -> Iterator[Line]:
    """Yield what to know before findings are believed; what nodes have in common, once."""
    where: dict[str, list[str]] = {note: [] for note in report.notes}
    for node in report.nodes:
        for note in node.notes:
            where.setdefault(note, []).append(node.name)
    if not where:
        return
    yield Line([("notes", "bold")])
    for note, names in where.items():
        yield Line(["- ", visible(note), *_on(names, everything)], 4, 2)
    yield Line([])


def _findings(
    report: ClusterReport, everything: list[str], most: int, *, quiet: bool
) -> Iterator[Line]:
    own = NodeAudit("", 0, findings=report.conflicts)
    nodes = [own] if report.conflicts else report.nodes
    last: Group | None = None
    for each in groups_of(nodes, most=most):
        if last is None or (each.kind, each.severity) != (last.kind, last.severity):
            if last is not None:
                yield from _meaning(last, quiet=quiet)
            yield Line([(f"{each.severity}: {each.kind}", STYLES[each.severity])])
        yield Line(["- ", visible(each.text), *_on(each.nodes, everything)], 4, 2)
        last = each
    if last is not None:
        yield from _meaning(last, quiet=quiet)


def _meaning(group: Group, *, quiet: bool) -> Iterator[Line]:
    if not quiet:
        meaning = MEANINGS[group.kind]
        seen = f" (cilium {meaning.issue})" if meaning.issue else ""
        yield Line([meaning.text, seen], 4)
        yield Line(["Look at: ", meaning.next, "."], 4)
        yield Line(["To do: ", meaning.remedy], 4)
    yield Line([])


def _on(names: Sequence[str], everything: list[str]) -> list[Part]:
    """Return which nodes something is about; nothing where there is one node."""
    if len(everything) < 2 or not names:
        return []
    return [(f"  [{visible(nodes_text(names, everything))}]", "cyan")]


def _disagreement(disagreement: Disagreement, everything: list[str]) -> Iterator[Line]:
    frontend, name = visible(disagreement.frontend), visible(disagreement.name)
    yield Line([(f"nodes disagree: {frontend} {name}", "bold magenta")])
    for nodes, backends in disagreement.views:
        seen = "not listed" if backends is None else ", ".join(backends) or "no backends"
        yield Line([(visible(nodes_text(nodes, everything)), "cyan"), ": ", visible(seen)], 4, 2)
    yield Line([])


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
        parts.append((counted(node.errors, "error"), STYLES["error"]))
    if node.errors and warnings:
        parts.append(", ")
    if warnings:
        parts.append((counted(warnings, "warning"), STYLES["warning"]))
    return parts
