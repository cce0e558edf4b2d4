"""How much of an archive of unknown origin is read, and what is said when that is not enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..errors import LoadBalancerError

__all__ = ["Limits", "Problem", "SysdumpError"]


class SysdumpError(LoadBalancerError):
    """An archive, or a file in it, cannot be read; the message names the file and the reason."""


class Problem(NamedTuple):
    """Something that was left out: which file, and why. The rest was read all the same."""

    path: str
    """The file, by its path within the archive."""
    reason: str
    """Why it, or a part of it, was left out."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most. Sizes are bytes after unpacking.

    The defaults leave room for clusters of thousands of nodes. Files that nothing is wanted of
    (logs, maps) are passed over without being held, so they count only towards `stream_bytes`.
    """

    member_bytes: int = 256 << 20
    """One file that is read."""
    stream_bytes: int = 16 << 30
    """All that one compressed stream unpacks to."""
    members: int = 200_000
    """Files and folders, in an archive or below a folder, nested ones included."""
    ratio: int = 250
    """Unpacked over packed size of zip and gzip, looked at once `ratio_from` bytes are out."""
    ratio_from: int = 32 << 20
    """How many bytes have to have come out before the ratio counts."""
    directory_bytes: int = 64 << 20
    """The table of contents of a zip."""
