"""The nodes of sysdumps and collections as sources of services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import LoadBalancerError
from ...sysdump.containers import format_of
from ...sysdump.limits import SysdumpError
from ...sysdump.opening import NodeDump, open_sysdump
from .sources import AGENT, STDIN, CannotRead, Source, find_sources

__all__ = ["NodeSource", "find_dumps", "is_sysdump"]


@dataclass(frozen=True, slots=True)
class NodeSource(Source):
    """What a sysdump has of the services of one node."""

    node: NodeDump

    @property
    def name(self) -> str:
        """The path of the sysdump, and the node."""
        return f"{self.path}: {self.node.name}"

    @property
    def size(self) -> int | None:
        """Unknown before it is read."""
        return None

    def chunks(self, on_read: Callable[[int], None] | None = None) -> Iterator[bytes]:
        """Yield what lists the services, in the first form that is readable.

        Raises:
            CannotRead: nothing of the node lists services.
        """
        found = self.node.read_services(_readable)
        if found is None:
            reasons = "; ".join(map(str, self.node.problems))
            raise CannotRead(self.name, reasons or "nothing has the services that the agent lists")
        yield found


def _readable(data: bytes) -> bytes:
    from ...dumps.reading import read_dumps

    read_dumps(data)
    return data


def is_sysdump(path: str) -> bool:
    """Return whether a path is an archive, or a folder in the layout of a sysdump."""
    if path == STDIN or path.startswith(AGENT):
        return False
    place = Path(path)
    try:
        if place.is_dir():
            names = [each.name for each in place.iterdir()]
            return "cmd" in names or any(each.startswith("cilium-bugtool-") for each in names)
        return format_of(place) is not None
    except (OSError, SysdumpError):
        # Reading it gives the reason.
        return False


def find_dumps(arguments: Iterable[str]) -> Iterator[Source | CannotRead]:
    """Yield the sources that arguments stand for; a sysdump stands for each of its nodes."""
    for argument in arguments:
        if is_sysdump(argument):
            yield from _nodes(argument)
        else:
            yield from find_sources([argument])


def _nodes(path: str) -> Iterator[Source | CannotRead]:
    try:
        sysdump = open_sysdump(path)
    except LoadBalancerError as error:
        yield CannotRead(path, str(error).removeprefix(f"{path}: "))
        return
    for node in sysdump.nodes:
        yield NodeSource(path, node)
