"""Which findings count: by name, namespace, kind and severity, and by a baseline of known ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from ..audit.findings import Finding
from ..dumps.json_text.values import is_array, is_object
from ..errors import LoadBalancerError
from ..kubernetes.documents import DocumentError, read_documents
from ..sysdump.auditing import ClusterReport
from .documents import findings_by_node

__all__ = ["Baseline", "BaselineError", "FindingSelection", "baseline_document", "selected"]


class BaselineError(LoadBalancerError):
    """A text is not a baseline; the message has the place and the reason."""


@dataclass(frozen=True, slots=True)
class FindingSelection:
    """What is asked for; empty if everything is."""

    name: str = ""
    """A pattern of `namespace/name`, or of the name alone."""
    namespace: str = ""
    kinds: tuple[str, ...] = ()
    severity: str = ""

    def takes(self, finding: Finding) -> bool:
        """Return whether a finding is asked for."""
        namespace, _, name = finding.service.partition("/")
        full = finding.service if "/" in self.name else name
        return (
            (not self.name or fnmatchcase(full, self.name))
            and (not self.namespace or fnmatchcase(namespace, self.namespace))
            and (not self.kinds or any(fnmatchcase(finding.kind, each) for each in self.kinds))
            and self.severity in ("", finding.severity)
        )


@dataclass(frozen=True, slots=True)
class Baseline:
    """Known findings, by node and key, with the last day on which they are accepted."""

    known: Mapping[str, date | None]

    @classmethod
    def parse(cls, text: str) -> Baseline:
        """Return the baseline that a file has, JSON or YAML.

        Raises:
            BaselineError: it is not a baseline.
        """
        try:
            document: Any = next(read_documents(text), None)
        except DocumentError as error:
            raise BaselineError(str(error)) from None
        findings = document.get("findings") if is_object(document) else None
        if not is_array(findings):
            raise BaselineError("/findings: expected an array")
        return cls(dict(_known(index, each) for index, each in enumerate(findings)))

    def accepts(self, node: str, finding: Finding, today: date) -> bool:
        """Return whether a finding is known and its date has not passed."""
        for key in (f"{node} {finding.key}", f"* {finding.key}"):
            if key in self.known:
                until = self.known[key]
                return until is None or today <= until
        return False


def _known(index: int, value: object) -> tuple[str, date | None]:
    place = f"/findings/{index}"
    if not is_object(value) or not isinstance(key := value.get("key"), str):
        raise BaselineError(f"{place}/key: expected text")
    if not isinstance(value.get("reason"), str) or not value["reason"]:
        raise BaselineError(f"{place}/reason: expected text, why the finding is accepted")
    until = value.get("until")
    if until is None or isinstance(until, date):
        return key, until
    try:
        return key, date.fromisoformat(str(until))
    except ValueError:
        raise BaselineError(f"{place}/until: not a date: {until!r}, expected 2026-12-31") from None


def baseline_document(report: ClusterReport) -> str:
    """Return a baseline that accepts all findings of a report, to be given reasons and dates."""
    keys = sorted({f"{node} {each.key}" for node, each in findings_by_node(report)})
    findings = [{"key": key, "reason": "known when the baseline was written"} for key in keys]
    return json.dumps({"findings": findings}, indent=2, ensure_ascii=False) + "\n"


def selected(
    report: ClusterReport, selection: FindingSelection, baseline: Baseline | None, today: date
) -> tuple[ClusterReport, int]:
    """Return a report with the findings that count, and how many the baseline accepts."""
    accepted = 0

    def kept(node: str) -> Callable[[Iterable[Finding]], list[Finding]]:
        def filtered(findings: Iterable[Finding]) -> list[Finding]:
            nonlocal accepted
            found: list[Finding] = []
            for each in findings:
                if not selection.takes(each):
                    continue
                if baseline is not None and baseline.accepts(node, each, today):
                    accepted += 1
                else:
                    found.append(each)
            return found

        return filtered

    nodes = [replace(node, findings=kept(node.name)(node.findings)) for node in report.nodes]
    conflicts = kept("")(report.conflicts)
    split = [
        each
        for each in report.disagreements
        if not selection.kinds and not selection.severity and _is_named(each.name, selection)
    ]
    return replace(report, nodes=nodes, conflicts=conflicts, disagreements=split), accepted


def _is_named(service: str, selection: FindingSelection) -> bool:
    namespace, _, name = service.partition("/")
    full = service if "/" in selection.name else name
    is_named = not selection.name or fnmatchcase(full, selection.name)
    return is_named and (not selection.namespace or fnmatchcase(namespace, selection.namespace))
