"""An audit as one page of HTML that needs nothing else: no script, style or font from anywhere."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from ..audit.meanings import MEANINGS
from ..sysdump.auditing import ClusterReport
from .documents import findings_by_node
from .grouping import counts_of_kinds, groups_of, natural, nodes_text

__all__ = ["html_page"]

_MARK = "/*DATA*/null"


def html_page(report: ClusterReport) -> str:
    """Return the page: a summary, a matrix of services and nodes, and the findings."""
    template = files("loadbalancer.reports").joinpath("page.html").read_text(encoding="utf-8")
    data = json.dumps(_data(report), ensure_ascii=False, separators=(",", ":"))
    # Within a script nothing may look like its end.
    return template.replace(_MARK, data.replace("<", "\\u003c").replace("\u2028", "\\u2028"))


def _data(report: ClusterReport) -> dict[str, Any]:
    names = sorted((node.name for node in report.nodes), key=natural)
    place = {name: index for index, name in enumerate(names)}
    severities: dict[str, dict[int, int]] = {}
    for name, finding in findings_by_node(report):
        if name in place and finding.service:
            row = severities.setdefault(finding.service, {})
            row[place[name]] = max(row.get(place[name], 0), 2 if finding.severity == "error" else 1)
    kinds = counts_of_kinds(report.nodes)
    own = [node for node in report.nodes if node.findings]
    return {
        "nodes": names,
        "listed": {node.name: node.listed for node in report.nodes},
        "clean": len(report.nodes) - len(own),
        "unreadable": sorted(report.unreadable, key=natural),
        "problems": report.problems,
        "kinds": [
            [x.severity, x.kind, x.findings, x.services, nodes_text(x.nodes, names)] for x in kinds
        ],
        "matrix": [
            [service, sorted(row.items())]
            for service, row in sorted(severities.items(), key=lambda item: natural(item[0]))
        ],
        "findings": [
            [x.severity, x.kind, x.text, nodes_text(x.nodes, names), [place[y] for y in x.nodes]]
            for x in groups_of(report.nodes)
        ],
        "conflicts": [each.message for each in report.conflicts],
        "disagreements": [
            [
                each.frontend,
                each.name,
                [
                    [nodes_text(nodes, names), None if backends is None else [*backends]]
                    for nodes, backends in each.views
                ],
            ]
            for each in report.disagreements
        ],
        "meanings": {x.kind: [*MEANINGS[x.kind][1:]] for x in kinds},
    }
