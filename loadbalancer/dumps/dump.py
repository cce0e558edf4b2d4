"""A dump that was read: its services, where it is from, and what was remarkable about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ..domain.service import SVC
from ..releases import ReleaseRange

__all__ = ["Dump", "DumpProblem", "Format", "Look", "Note"]

Format = Literal["json", "yaml", "text", "statedb"]


@dataclass(frozen=True, slots=True)
class Note:
    """A place of a dump that was read otherwise than release 1.13 writes it."""

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


@dataclass
class Dump:
    """What `read_dump` returns."""

    services: list[SVC]
    """Every service that could be read, in the order of the dump."""
    format: Format
    """What the text is: `json`, `yaml`, `text` (the table of `service list`) or `statedb`."""
    problems: list[DumpProblem]
    """What could not be read."""
    _look: Callable[[], Look] = field(repr=False, compare=False)

    @cached_property
    def _looked(self) -> Look:
        return self._look()

    @property
    def releases(self) -> tuple[str, str] | None:
        """The earliest and the latest release that this dump can be from, by what it says.

        None if it contradicts itself, so that no release fits.
        """
        return self._looked.span.names()

    @property
    def release_range(self) -> ReleaseRange:
        """The same as a range that can be narrowed further."""
        return self._looked.span

    @property
    def notes(self) -> list[Note]:
        """Each place that was read otherwise than 1.13 writes it, in the order of the text.

        They are looked for when they are first asked for: many programs want the services
        alone, and a look at every place takes longer than to read it.
        """
        return self._looked.notes
