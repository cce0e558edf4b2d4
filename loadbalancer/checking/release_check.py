"""Which releases a text can be from, told service by service, and whether one is among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ..dumps.dump import Dump
from ..dumps.inspection import ServiceLook
from ..dumps.notes import Look, Note
from ..releases import Release, ReleaseRange
from .problems import Finding

__all__ = ["ReleaseLook"]


@dataclass
class ReleaseLook:
    """What has been seen of one text so far."""

    release: str = ""
    """The release that it has to be from; empty if any will do."""
    span: ReleaseRange = field(default_factory=ReleaseRange)
    _is_refused: bool = False

    def service(self, value: object, pointer: str) -> list[Note]:
        """Look at a Service that could be read: what in it 1.13 would not write."""
        self._services.service(value, pointer)
        notes, self._look.notes = self._look.notes, []
        return notes

    @cached_property
    def _look(self) -> Look:
        return Look(span=self.span)

    @cached_property
    def _services(self) -> ServiceLook:
        return ServiceLook(self._look)

    def dump(self, dump: Dump) -> list[Note]:
        """The same of a dump that was read as a whole."""
        self.span.intersect(dump.release_range)
        return dump.notes

    def refusal(self) -> Finding | None:
        """Why the text cannot be from the release; None if it can be, or if it was said."""
        if not self.release or self._is_refused:
            return None
        release, span = Release.parse(self.release), self.span
        if release in span:
            return None
        if release < span.earliest:
            reason = f"has what is there from {span.earliest} on"
        else:
            reason = f"is from {span.latest} or earlier"
        self._is_refused = True
        return Finding(f"not from release {release}: it {reason}", rule="wrong-release")
