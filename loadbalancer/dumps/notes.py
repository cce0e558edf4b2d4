"""What is reported of a dump beside its services. Imports no Pydantic."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..releases import ReleaseRange

__all__ = ["ABOUT_THE_TEXT", "DumpProblem", "Look", "Note"]

ABOUT_THE_TEXT = frozenset(
    {"annotation", "header-absent", "release-newer", "surrounding-text", "trailing-text"}
)
"""The rules of notes that are not about differences from 1.13."""


@dataclass(frozen=True, slots=True)
class Note:
    """A place of a dump that differs from what release 1.13 writes."""

    pointer: str
    """The place, a JSON Pointer (RFC 6901); `/3` is the fourth service of a text table."""
    rule: str
    """The name of the rule it was read by, such as `protocol-case`."""
    message: str
    """What stands there, and what it was read as."""


@dataclass(frozen=True, slots=True)
class DumpProblem:
    """A part of a dump that could not be read. All other services are there."""

    pointer: str
    """The place, a JSON Pointer (RFC 6901); empty if it is the dump as a whole."""
    reason: str
    """What is wrong there."""
    line: int | None = None
    """The line of the text, from 1; None if the format has no lines to speak of."""
    frontend: str = ""
    """The frontend of the service that it belongs to, `ip:port`; empty if that is unknown."""

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line else []
        return ": ".join([*place, *([self.pointer] if self.pointer else []), self.reason])


@dataclass
class Look:
    """What a look at the text itself tells, beside the services."""

    notes: list[Note] = field(default_factory=list[Note])
    span: ReleaseRange = field(default_factory=ReleaseRange)

    def note(self, pointer: str, rule: str, message: str) -> None:
        """Note a place."""
        self.notes.append(Note(pointer, rule, message))
