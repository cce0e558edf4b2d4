"""What is wrong with a payload, and where."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal

from ..dumps.json_text.values import is_array, is_object

__all__ = ["RULES", "Finding", "Problem", "Rule", "Severity", "shortened"]

Rule = Literal[
    "unreadable",
    "not-json",
    "unrecognised",
    "invalid-value",
    "missing-key",
    "unknown-key",
    "wrong-release",
]
"""The rule that a payload breaks: for programs, and the same from release to release."""

RULES: dict[Rule, str] = {
    "unreadable": "The file cannot be opened, or not be read to its end.",
    "not-json": "The text is not JSON from there on.",
    "unrecognised": "It is no payload of the API, and no dump of services.",
    "invalid-value": "The value is not allowed there.",
    "missing-key": "A required key is missing.",
    "unknown-key": "The API has no such key: it is ignored, or an error with --strict-keys.",
    "wrong-release": "The dump cannot be from the release that --release names.",
}

_MAX_LENGTH = 60


class Severity(StrEnum):
    """Whether something makes a payload invalid."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a part of a value."""

    reason: str = ""
    """Empty where what was found and expected says it all."""
    found: str = ""
    expected: str = ""
    meant: str = ""
    """What was probably meant, as JSON; empty if nothing comes close."""
    severity: Severity = Severity.ERROR
    rule: Rule = "invalid-value"


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding with its place in a file."""

    file: str
    line: int
    column: int
    pointer: str
    finding: Finding

    @property
    def message(self) -> str:
        """The finding in one sentence."""
        finding = self.finding
        facts: list[str] = []
        # A reason of the reference may quote what it is about.
        if finding.found and finding.found not in finding.reason:
            facts.append(f"found {finding.found}")
        facts += [f"expected {finding.expected}"] if finding.expected else []
        return ": ".join(part for part in (finding.reason, ", ".join(facts)) if part)

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        facts: dict[str, Any] = asdict(self)
        facts.update(facts.pop("finding"), message=self.message)
        return facts


def shortened(value: Any) -> str:
    """A value as JSON on one line, not longer than one wants to read."""
    if is_array(value) and value:
        return "an array"
    if is_object(value) and value:
        return f"an object with the keys {_cut(', '.join(value))}"
    return _cut(_encode(value))


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"
