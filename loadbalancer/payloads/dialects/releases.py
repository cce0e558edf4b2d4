"""The releases whose dumps are read and written, and what can be told of them from a dump."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import LoadBalancerError

__all__ = [
    "EARLIEST",
    "LATEST",
    "RELEASES",
    "ReleaseError",
    "Span",
    "release_number",
]

EARLIEST, LATEST = 6, 20
RELEASES = tuple(f"1.{minor}" for minor in range(EARLIEST, LATEST + 1))

_RELEASE = re.compile(r"v?1\.(\d{1,4})(?:\.\d+)?(?:[-+].*)?", re.ASCII)


class ReleaseError(LoadBalancerError):
    """A text does not name a release that is known, or the release lacks the format."""


def release_number(release: str) -> int:
    """The minor number of a release: 18 of `1.18`, `v1.18` and `1.18.4`.

    Raises:
        ReleaseError: it is none of 1.6 to 1.20.
    """
    match = _RELEASE.fullmatch(release)
    number = int(match[1]) if match else 0
    if not EARLIEST <= number <= LATEST:
        raise ReleaseError(f"unknown release {release!r}, expected {RELEASES[0]} to {RELEASES[-1]}")
    return number


@dataclass
class Span:
    """The releases that a dump can be from, narrowed by what it says."""

    earliest: int = EARLIEST
    latest: int = LATEST

    def since(self, minor: int) -> None:
        """Something was found that is there from this release on."""
        self.earliest = max(self.earliest, minor)

    def until(self, minor: int) -> None:
        """Something was found that is there up to this release."""
        self.latest = min(self.latest, minor)

    def names(self) -> tuple[str, str]:
        """Both ends as text. Where the dump contradicts itself, they enclose all it says."""
        first, last = sorted((self.earliest, self.latest))
        return f"1.{first}", f"1.{last}"
