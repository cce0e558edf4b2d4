"""Releases of Cilium: parsed, ordered and compared, and ranges of them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from functools import total_ordering

from .errors import LoadBalancerError

__all__ = ["NEWEST", "OLDEST", "Release", "ReleaseError", "ReleaseRange"]

_PARSE = re.compile(
    r"v?(?P<major>[1-9]\d{0,2})\.(?P<minor>\d{1,4})(?:\.(?P<patch>\d{1,4}))?"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?",
    re.ASCII,
)


class ReleaseError(LoadBalancerError):
    """A text does not name a release, or the release lacks what is asked of it."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Release:
    """A release of Cilium, such as `1.18`, `1.18.5` or `1.20.0-rc.1`.

    A minor release alone (`1.18`) stands for all of its patches. Where a rule needs one of
    them, it is the newest: `1.18` sorts behind every `1.18.x`.
    """

    major: int
    minor: int
    patch: int | None = None
    """None for a minor release alone."""
    pre: str = ""
    """The pre-release, such as `rc.1` or `dev`; empty for a final release."""

    @classmethod
    def parse(cls, text: str | Release) -> Release:
        """Return the release that a text names, with or without a leading `v`.

        Build metadata (`+abc`) is left out. A release newer than the newest known is
        accepted.

        Raises:
            ReleaseError: the text is not a release, or is older than 1.6.
        """
        if isinstance(text, Release):
            return text
        match = _PARSE.fullmatch(text.strip())
        if match is None:
            raise ReleaseError(f"not a release of Cilium: {text!r}, expected such as {NEWEST}")
        patch = None if match["patch"] is None else int(match["patch"])
        found = cls(int(match["major"]), int(match["minor"]), patch, match["pre"] or "")
        if not found.since(OLDEST.minor):
            raise ReleaseError(f"unknown release {text!r}, the oldest known is {OLDEST}")
        return found

    @property
    def is_newer_than_known(self) -> bool:
        """Whether the release is newer than the newest one whose rules are known."""
        return (self.major, self.minor) > (NEWEST.major, NEWEST.minor)

    def since(self, minor: int, patch: int = 0) -> bool:
        """Return whether the release has what came with `1.minor.patch`.

        A pre-release has what its final release has.
        """
        return (self.major, self.minor, self._patch) >= (1, minor, patch)

    def __str__(self) -> str:
        patch = "" if self.patch is None else f".{self.patch}"
        return f"{self.major}.{self.minor}{patch}{f'-{self.pre}' if self.pre else ''}"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Release):
            return NotImplemented
        return self._key() < other._key()

    @property
    def _patch(self) -> float:
        return math.inf if self.patch is None else self.patch

    def _key(self) -> tuple[object, ...]:
        # A pre-release sorts before its final release; numbers in it sort as numbers.
        parts = [(0, int(each), "") if each.isdecimal() else (1, 0, each) for each in _parts(self)]
        return (self.major, self.minor, self._patch, not self.pre, parts)


def _parts(release: Release) -> list[str]:
    return release.pre.split(".") if release.pre else []


OLDEST = Release(1, 6)
"""The oldest release whose dumps are read."""
NEWEST = Release(1, 20)
"""The newest release whose rules are known; later ones are read by these."""


@dataclass
class ReleaseRange:
    """The releases that an input can be from, narrowed by what the input says.

    A bound that is a minor release alone includes all of its patches.
    """

    earliest: Release = field(default=OLDEST)
    latest: Release = field(default=NEWEST)

    def since(self, minor: int, patch: int | None = None) -> None:
        """Narrow the range to releases from `1.minor` or `1.minor.patch` on."""
        # Called for each key of a dump, mostly in vain.
        if minor >= self.earliest.minor:
            self.earliest = max(self.earliest, Release(1, minor, patch), key=_as_lower_bound)

    def until(self, minor: int, patch: int | None = None) -> None:
        """Narrow the range to releases up to `1.minor` or `1.minor.patch`."""
        if minor <= self.latest.minor:
            self.latest = min(self.latest, Release(1, minor, patch))

    def intersect(self, other: ReleaseRange) -> None:
        """Narrow the range to what both ranges have."""
        self.earliest = max(self.earliest, other.earliest, key=_as_lower_bound)
        self.latest = min(self.latest, other.latest)

    @property
    def is_empty(self) -> bool:
        """Whether no release fits, since the input contradicts itself."""
        return _as_lower_bound(self.earliest) > self.latest

    def __contains__(self, release: object) -> bool:
        """Return whether a release, or any patch of a minor release, is in the range."""
        if not isinstance(release, Release):
            return False
        return _as_lower_bound(self.earliest) <= release and _as_lower_bound(release) <= self.latest

    def names(self) -> tuple[str, str] | None:
        """Return both bounds as text; None if no release fits."""
        return None if self.is_empty else (str(self.earliest), str(self.latest))


def _as_lower_bound(release: Release) -> Release:
    """Return the point at which a range that starts with the release begins."""
    return replace(release, patch=0, pre="0") if release.patch is None else release
