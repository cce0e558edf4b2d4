"""What checking one text gave: how many values of which kind, and whether anything is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .checker import Checked, StateUpdate
from .kinds import Kind
from .problems import Severity

if TYPE_CHECKING:
    from ..releases import ReleaseRange

__all__ = ["Verdict", "counted"]


@dataclass
class Verdict:
    """What is in one text, and whether it is valid."""

    kinds: Counter[Kind] = field(default_factory=Counter[Kind])
    """How many valid values of each kind there are."""
    refused: Counter[Kind] = field(default_factory=Counter[Kind])
    """How many invalid values of each kind there are; those of no kind are not counted."""
    backends: int = 0
    """How many backends the valid services and updates have."""
    errors: int = 0
    warnings: int = 0
    span: ReleaseRange | None = None
    """The releases it can be from; None if it has no services or they were not looked for."""
    rules: Counter[str] = field(default_factory=Counter[str])
    """How often each rule was used to read what 1.13 writes otherwise."""
    unreadable: str = ""
    """Why it could not be read to its end."""

    @property
    def is_valid(self) -> bool:
        """Whether it was read to its end and nothing in it is wrong."""
        return not self.errors and not self.unreadable

    def add(self, checked: Checked) -> None:
        """Count a piece of the text in."""
        from loadbalancer import SVC

        for item in checked.items:
            self.kinds[item.kind] += 1
            if isinstance(item.domain, SVC | StateUpdate):
                self.backends += len(item.domain.backends)
        self.refused.update(kind for kind in checked.refused if kind)
        self.errors += checked.undiagnosed
        self.span = checked.span or self.span
        self.rules.update(note.rule for _, note in checked.notes)
        for problem in checked.problems:
            if problem.finding.severity is Severity.WARNING:
                self.warnings += 1
            else:
                self.errors += 1

    def contents(self) -> str:
        """`1 service, 2 backends`: the valid values in words; empty if there are none."""
        told = ", ".join(counted(self.kinds[kind], kind.value) for kind in Kind if self.kinds[kind])
        return f"{told} with {counted(self.backends, 'backend')}" if self.backends else told

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "valid": self.is_valid,
            "values": _by_name(self.kinds.items()),
            "invalid_values": _by_name(self.refused.items()),
            "backends": self.backends,
            "errors": self.errors,
            "warnings": self.warnings,
        }


def counted(number: int, noun: str) -> str:
    """`1 service`, `2 services`, `2 updates of backend states`."""
    if number != 1:
        first, space, rest = noun.partition(" of ")
        noun = f"{first}s{space}{rest}"
    return f"{number:,} {noun}"


def _by_name(counts: Iterable[tuple[Kind, int]]) -> dict[str, int]:
    return {kind.value: number for kind, number in counts}
