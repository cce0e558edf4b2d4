"""A dump that was read: its services, the releases it can be from, notes and problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ..domain.service import SVC
from ..releases import ReleaseRange
from ..wire.gc_pause import gc_paused
from .facts import omitted_facts
from .notes import DumpProblem, Look, Note
from .statedb.tables import Tables

__all__ = ["Dump", "Format"]

Format = Literal["json", "yaml", "text", "statedb"]


@dataclass
class Dump:
    """What `read_dump` returns."""

    services: list[SVC]
    """Every service that could be read, in the order of the dump."""
    format: Format
    """What the text is: `json`, `yaml`, `text` (the table of `service list`) or `statedb`."""
    problems: list[DumpProblem]
    """What could not be read."""
    name: str = ""
    """The heading found before the dump in a text, such as the name of a node or pod."""
    look: Callable[[], Look] = field(default=Look, repr=False, compare=False)
    """What inspects the text for notes and releases, when they are asked for."""
    tables: Tables | None = field(default=None, repr=False, compare=False)
    """The tables of StateDB, if the dump is from there."""

    @cached_property
    def _looked(self) -> Look:
        with gc_paused():
            return self.look()

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
    def incomplete(self) -> frozenset[str]:
        """The frontends of which something could not be read; empty text if it is unknown which.

        Nothing is concluded from what they lack.
        """
        return frozenset(each.frontend for each in self.problems)

    @property
    def omitted(self) -> frozenset[str]:
        """The facts that the form of the dump does not carry, such as `policies` of a table.

        Comparisons leave them out.
        """
        return self.omitted_by(self.release_range)

    def omitted_by(self, releases: ReleaseRange) -> frozenset[str]:
        """Return the same if it is known which releases the dump can be from."""
        has_services = self.tables is not None and bool(self.tables.services)
        return omitted_facts(self.format, releases, has_service_table=has_services)

    @property
    def notes(self) -> list[Note]:
        """The differences from 1.13, in the order of the text.

        They are looked for when they are first asked for: many programs want the services
        alone, and a look at every place takes longer than to read it.
        """
        return self._looked.notes
