"""Label selectors, as texts (`app=web,tier in (a, b)`) and as objects of Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .objects import LabelSelector

__all__ = ["Requirement", "matches", "parse_selector", "requirements_of"]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_KEY = rf"(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}"
_VALUE = rf"(?:{_NAME})?"
_REQUIREMENT = re.compile(
    rf"""\s*(?:
        !\s*(?P<absent>{_KEY})
      | (?P<set_key>{_KEY})\s+(?P<set_operator>in|notin)\s*\((?P<values>[^()]*)\)
      | (?P<key>{_KEY})\s*(?P<operator>==|=|!=|>|<)\s*(?P<value>{_VALUE})
      | (?P<present>{_KEY})
    )\s*(?:,|$)""",
    re.VERBOSE | re.ASCII,
)
_is_value = re.compile(_VALUE, re.ASCII).fullmatch
_is_integer = re.compile(r"[+-]?\d{1,19}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label; the operators are those of a LabelSelector, `Gt` and `Lt`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels satisfy the condition."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
            case _:
                if value is None or not _is_integer(value):
                    return False
                bound = int(self.values[0])
                return int(value) > bound if self.operator == "Gt" else int(value) < bound


def matches(requirements: tuple[Requirement, ...], labels: Mapping[str, str]) -> bool:
    """Return whether labels satisfy all conditions; no conditions select everything."""
    return all(each.matches(labels) for each in requirements)


def parse_selector(text: str) -> tuple[Requirement, ...] | None:
    """Return the conditions of a selector as text; None if it cannot be parsed.

    The grammar is that of `kubectl get --selector` (Go: `labels.Parse`).
    """
    if not text.strip():
        return ()
    found: list[Requirement] = []
    at = 0
    while at < len(text):
        match = _REQUIREMENT.match(text, at)
        requirement = _requirement(match) if match else None
        if match is None or requirement is None:
            return None
        found.append(requirement)
        at = match.end()
    return None if text.rstrip().endswith(",") else tuple(found)


def _requirement(match: re.Match[str]) -> Requirement | None:
    if match["absent"]:
        return Requirement(match["absent"], "DoesNotExist")
    if match["present"]:
        return Requirement(match["present"], "Exists")
    if match["set_key"]:
        values = tuple(each.strip() for each in match["values"].split(","))
        operator = "In" if match["set_operator"] == "in" else "NotIn"
        is_valid = all(map(_is_value, values))
        return Requirement(match["set_key"], operator, values) if is_valid else None
    operator = {"=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt"}[match["operator"]]
    if operator in ("Gt", "Lt") and not _is_integer(match["value"]):
        return None
    return Requirement(match["key"], operator, (match["value"],))


def requirements_of(selector: LabelSelector) -> tuple[Requirement, ...]:
    """Return the conditions of a LabelSelector object."""
    equal = [Requirement(key, "In", (value,)) for key, value in selector.match_labels.items()]
    others = [
        Requirement(each.key, each.operator, tuple(each.values))
        for each in selector.match_expressions
    ]
    return (*equal, *others)
