"""Results in the formats of CI systems: SARIF, JUnit, GitHub and GitLab.

They are made of `Entry`s, so that `validate` and `audit` share them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

__all__ = [
    "FORMATS",
    "Entry",
    "Level",
    "ci_text",
    "github_lines",
    "gitlab_document",
    "junit_text",
    "sarif_document",
]

Level = Literal["error", "warning"]
FORMATS = ("sarif", "junit", "github", "gitlab")

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_INFORMATION = "https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/"
_SEVERITIES = {"error": "critical", "warning": "minor"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding or a problem, as CI systems know it."""

    rule: str
    severity: Level
    message: str
    path: str
    """The file, or the node."""
    line: int = 0
    """The line, from 1 on; 0 if it is a node."""
    column: int = 0
    key: str = ""
    """What stays the same from one run to the next."""
    pointer: str = ""
    """The JSON Pointer of the place in the file."""

    @property
    def text(self) -> str:
        """The message behind the pointer."""
        return f"{self.pointer}: {self.message}" if self.pointer else self.message

    @property
    def place(self) -> str:
        """`path:line:column`, or the node."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


Descriptions = Mapping[str, tuple[str, str]]
"""What each rule means, and what to do about it; the latter may be empty."""


def ci_text(
    form: str, entries: Sequence[Entry], paths: Iterable[str], name: str, rules: Descriptions
) -> str:
    """Return a report in one of `FORMATS`.

    Args:
        form: the format.
        entries: what was found.
        paths: the files or nodes that were looked at, for JUnit.
        name: the name of the test suite in JUnit.
        rules: the descriptions of rules in SARIF.
    """
    match form:
        case "sarif":
            from loadbalancer import __version__

            return _json(sarif_document(entries, __version__, rules))
        case "junit":
            return junit_text(entries, paths, name)
        case "github":
            return "".join(f"{each}\n" for each in github_lines(entries))
        case _:
            return _json(gitlab_document(entries))


def _json(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"


def sarif_document(
    entries: Sequence[Entry], version: str, descriptions: Descriptions
) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log (OASIS) with one run."""
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
                        "rules": [
                            {"id": each, **_description(*descriptions.get(each, ("", "")))}
                            for each in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    {
                        "ruleId": each.rule,
                        "ruleIndex": rules.index(each.rule),
                        "level": each.severity,
                        "message": {"text": each.text},
                        "locations": [_location(each)],
                        "partialFingerprints": {"key/v1": fingerprint},
                    }
                    for each, fingerprint in zip(entries, _fingerprints(entries), strict=True)
                ],
            }
        ],
    }


def _location(entry: Entry) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": quote(entry.path)},
        "region": {"startLine": entry.line or 1, "startColumn": entry.column or 1},
    }
    logical = {"logicalLocations": [{"fullyQualifiedName": entry.pointer}]} if entry.pointer else {}
    return {"physicalLocation": place, **logical}


def _description(text: str, remedy: str) -> dict[str, Any]:
    facts = {"shortDescription": text, "help": remedy}
    return {name: {"text": each} for name, each in facts.items() if each}


def junit_text(entries: Iterable[Entry], paths: Iterable[str], name: str) -> str:
    """Return JUnit XML: a test case for each file or node, failed by its errors."""
    from xml.etree import ElementTree

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
        lines = [f"{x.place}: {x.severity}: {x.rule}: {x.text}" for x in several]
        errors = [x for x in several if x.severity == "error"]
        if errors:
            failure = ElementTree.SubElement(
                case, "failure", type=errors[0].rule, message=_xml(errors[0].text)
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
        place = f"file={_property(each.path)},line={each.line or 1},col={each.column or 1}"
        yield f"::{each.severity} {place},title={each.rule}::{_data(each.text)}"


def gitlab_document(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return a report of GitLab's Code Quality."""
    return [
        {
            "description": each.text,
            "check_name": each.rule,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[each.severity],
            "location": {"path": each.path, "lines": {"begin": each.line or 1}},
        }
        for each, fingerprint in zip(entries, _fingerprints(entries), strict=True)
    ]


def _fingerprints(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield what tells each entry from all others, and stays the same if lines move."""
    import hashlib

    seen: Counter[str] = Counter()
    for each in entries:
        key = each.key or f"{each.path}:{each.rule}:{each.text}"
        text = f"{key} {seen[key]}" if seen[key] else key
        seen[key] += 1
        yield hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def _xml(text: str) -> str:
    """Return a text without the characters that XML 1.0 does not have."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
