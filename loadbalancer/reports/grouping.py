"""Findings put together: those that several nodes or frontends of a service have in common."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..audit.findings import Finding, FindingKind, Severity
from ..audit.meanings import MEANINGS
from ..audit.node_audit import NodeAudit

__all__ = ["Group", "KindCount", "counts_of_kinds", "groups_of", "natural", "nodes_text"]

_SHOWN_FRONTENDS = 3
_MANY_NODES = 6
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Group:
    """A finding as it is told once: for all its frontends, and all nodes that have it."""

    kind: FindingKind
    severity: Severity
    text: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KindCount:
    """How often a kind was found."""

    kind: FindingKind
    severity: Severity
    findings: int
    services: int
    nodes: tuple[str, ...]


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts `worker-2` before `worker-10`."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in _NUMBER.split(text)
        if part
    ]


def nodes_text(nodes: Sequence[str], everything: Sequence[str]) -> str:
    """Return which of all nodes are meant: names, a count, or all but a few."""
    if len(nodes) == len(everything):
        return "all nodes"
    named = sorted((each or "<stdin>" for each in nodes), key=natural)
    if len(named) <= _MANY_NODES:
        return ", ".join(named)
    others = sorted({*everything} - {*nodes}, key=natural)
    if len(others) <= _MANY_NODES // 2:
        return f"all but {', '.join(others)}"
    return f"{len(named):,} of {len(everything):,} nodes"


def counts_of_kinds(nodes: Iterable[NodeAudit]) -> list[KindCount]:
    """Return how many findings, services and nodes each kind has, the most severe first."""
    findings: dict[tuple[FindingKind, Severity], Counter[str]] = defaultdict(Counter)
    where: dict[tuple[FindingKind, Severity], dict[str, None]] = defaultdict(dict)
    for node in nodes:
        for each in node.findings:
            findings[each.kind, each.severity][each.service or each.frontend] += 1
            where[each.kind, each.severity][node.name] = None
    return [
        KindCount(kind, severity, services.total(), len(services), tuple(where[kind, severity]))
        for kind in MEANINGS
        for severity in ("error", "warning")
        if (services := findings.get((kind, severity)))
    ]


def groups_of(nodes: Iterable[NodeAudit], *, most: int = 0) -> Iterator[Group]:
    """Yield the findings of all nodes, the most severe kinds first.

    `most` limits how many are told of each kind and node; 0 is no limit.
    """
    where: dict[tuple[FindingKind, Severity, str], dict[str, None]] = {}
    for node in nodes:
        for kind, severity, text in _limited(node, most):
            where.setdefault((kind, severity, text), {})[node.name] = None
    ranks = {kind: rank for rank, kind in enumerate(MEANINGS)}
    order = {"error": 0, "warning": 1}
    for kind, severity, text in sorted(where, key=lambda x: (order[x[1]], ranks[x[0]])):
        names = tuple(where[kind, severity, text])
        yield Group(kind, severity, text, names)


_Told = tuple[FindingKind, Severity, str]


def _limited(node: NodeAudit, most: int) -> Iterator[_Told]:
    told: Counter[FindingKind] = Counter()
    left: dict[tuple[FindingKind, Severity], int] = Counter()
    for kind, severity, text in _per_service(_replaced(node.findings)):
        told[kind] += 1
        if most and told[kind] > most:
            left[kind, severity] += 1
        else:
            yield kind, severity, text
    for (kind, severity), count in left.items():
        yield kind, severity, f"… and {count:,} more on this node (--max-findings 0 shows all)"


def _replaced(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield findings, a backend that is listed in place of another one as one finding."""
    stale: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    missing: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for each in findings:
        if each.kind in ("stale-backend", "missing-backend"):
            table = stale if each.kind == "stale-backend" else missing
            table[each.frontend, each.protocol].append(each)
    partner = {
        id(old): (old, new)
        for place, several in stale.items()
        for old, new in zip(several, missing.get(place, ()), strict=False)
    }
    gone = {id(new) for _, new in partner.values()}
    for each in findings:
        if id(each) in partner:
            old, new = partner[id(each)]
            about = old.message.partition(" is listed with")[0]
            text = f"{about} lists the backend {old.backend} in place of {new.backend}"
            yield replace(old, message=text)
        elif id(each) not in gone:
            yield each


def _per_service(findings: Iterable[Finding]) -> Iterator[_Told]:
    """Yield findings, those that differ by the frontend alone as one."""
    alike: dict[tuple[FindingKind, Severity, str, str], list[Finding]] = {}
    for each in findings:
        protocol = f"/{each.protocol}" if each.protocol else ""
        scope = "/i" if each.frontend.endswith("/i") else ""
        full = f"{each.frontend.removesuffix('/i')}{protocol}{scope}"
        core = each.message.replace(full, "\0").replace(each.frontend, "\0")
        alike.setdefault((each.kind, each.severity, each.service, core), []).append(each)
    for (kind, severity, _, _), several in alike.items():
        text = several[0].message
        if others := [each.frontend for each in several[1:]]:
            shown = ", ".join(others[:_SHOWN_FRONTENDS])
            more = len(others) - _SHOWN_FRONTENDS
            rest = f" and {more:,} more" if more > 0 else ""
            text += f"; likewise at {shown}{rest}"
        yield kind, severity, text
