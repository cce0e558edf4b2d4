"""Findings in the formats of CI systems: SARIF, JUnit, GitHub and GitLab.

They are made of `Entry`s, so that `validate` and `audit` share them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote
from xml.etree import ElementTree

from ..audit.meanings import MEANINGS
from ..sysdump.auditing import ClusterReport
from .documents import findings_by_node

__all__ = [
    "Entry",
    "entries_of",
    "github_lines",
    "gitlab_document",
    "junit_text",
    "sarif_document",
]

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_INFORMATION = "https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/"
_SEVERITIES = {"error": "critical", "warning": "minor"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding or a problem, as CI systems know it."""

    rule: str
    severity: Literal["error", "warning"]
    message: str
    path: str
    """The file, or the node."""
    line: int = 1
    column: int = 1
    key: str = ""
    """What stays the same from one run to the next."""


def entries_of(report: ClusterReport) -> Iterator[Entry]:
    """Yield the findings of an audit; their path is the node."""
    for node, each in findings_by_node(report):
        path = node or "cluster"
        yield Entry(each.kind, each.severity, each.message, path, key=f"{path} {each.key}")


def sarif_document(entries: Iterable[Entry], version: str) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log (OASIS) with one run."""
    entries = [*entries]
    rules = sorted({each.rule for each in entries})
    return {
        "$schema": _SARIF,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "loadbalancer",
                        "version": version,
                        "informationUri": _INFORMATION,
                        "rules": [{"id": each, **_description(each)} for each in rules],
                    }
                },
                "results": [
                    {
                        "ruleId": each.rule,
                        "ruleIndex": rules.index(each.rule),
                        "level": each.severity,
                        "message": {"text": each.message},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": quote(each.path)},
                                    "region": {
                                        "startLine": each.line,
                                        "startColumn": each.column,
                                    },
                                }
                            }
                        ],
                        "partialFingerprints": {"key/v1": _fingerprint(each)},
                    }
                    for each in entries
                ],
            }
        ],
    }


def _description(rule: str) -> dict[str, Any]:
    meaning = next((each for kind, each in MEANINGS.items() if kind == rule), None)
    if meaning is None:
        return {}
    return {"shortDescription": {"text": meaning.text}, "help": {"text": meaning.remedy}}


def junit_text(entries: Iterable[Entry], paths: Iterable[str], name: str) -> str:
    """Return JUnit XML: a test case for each file or node, failed by its errors."""
    by_path: dict[str, list[Entry]] = {each: [] for each in paths}
    for each in entries:
        by_path.setdefault(each.path, []).append(each)
    failed = sum(any(x.severity == "error" for x in several) for several in by_path.values())
    suites = ElementTree.Element("testsuites", tests=str(len(by_path)), failures=str(failed))
    suite = ElementTree.SubElement(
        suites, "testsuite", name=name, tests=str(len(by_path)), failures=str(failed)
    )
    for path, several in by_path.items():
        case = ElementTree.SubElement(suite, "testcase", name=_xml(path), classname=name)
        lines = [f"{x.severity}: {x.rule}: {x.message}" for x in several]
        errors = [x for x in several if x.severity == "error"]
        if errors:
            failure = ElementTree.SubElement(
                case, "failure", type=errors[0].rule, message=_xml(errors[0].message)
            )
            failure.text = _xml("\n".join(lines))
        elif several:
            ElementTree.SubElement(case, "system-out").text = _xml("\n".join(lines))
    ElementTree.indent(suites)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return f"{head}{ElementTree.tostring(suites, 'unicode')}\n"


def github_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield workflow commands of GitHub Actions, which annotate a run."""
    for each in entries:
        place = f"file={_property(each.path)},line={each.line},col={each.column}"
        yield f"::{each.severity} {place},title={each.rule}::{_data(each.message)}"


def gitlab_document(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return a report of GitLab's Code Quality."""
    return [
        {
            "description": each.message,
            "check_name": each.rule,
            "fingerprint": _fingerprint(each),
            "severity": _SEVERITIES[each.severity],
            "location": {"path": each.path, "lines": {"begin": each.line}},
        }
        for each in entries
    ]


def _fingerprint(entry: Entry) -> str:
    key = entry.key or f"{entry.path}:{entry.line}:{entry.rule}:{entry.message}"
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]


def _xml(text: str) -> str:
    """Return a text without the characters that XML 1.0 does not have."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
