"""Where payloads come from: files, directories, glob patterns and standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...dumps.formats import begins_as_dump

__all__ = ["AGENT", "STDIN", "CannotRead", "Source", "find_sources", "standard_input_if_piped"]

STDIN = "-"
AGENT = "unix:"
"""How the path of an agent's socket begins."""
CHUNK_SIZE = 1 << 20
_PACKED = (".json.gz", ".yaml.gz", ".yml.gz", ".txt.gz")
# Files of any kind have these names: their beginning tells which are dumps.
_PERHAPS = (".yaml", ".yml", ".txt")
_BEGINNING = 4096


class CannotRead(Exception):
    """A source that cannot be read, and why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or standard input."""

    path: str
    """`-` is standard input."""

    @property
    def name(self) -> str:
        """What it is called where people read of it."""
        return "<stdin>" if self.path == STDIN else self.path

    @property
    def is_stream(self) -> bool:
        """Whether it is a pipe, a device or a socket, or what this process alone has open."""
        if (
            self.path == STDIN
            or self.path.startswith(AGENT)
            or self.path.startswith(("/dev/", "/proc/"))
        ):
            return True
        return os.path.exists(self.path) and not os.path.isfile(self.path)

    @property
    def size(self) -> int | None:
        """Its length in bytes, None if that is not known beforehand."""
        try:
            status = os.fstat(sys.stdin.fileno()) if self.path == STDIN else os.stat(self.path)
        except (OSError, ValueError):
            return None
        return status.st_size or None

    def chunks(self, on_read: Callable[[int], None] | None = None) -> Iterator[bytes]:
        """What is in it, piece by piece; `on_read` is told the length of each.

        Raises:
            CannotRead: there is no such file, or it cannot be read.
        """
        if self.path.startswith(AGENT):
            yield self._listed()
            return
        try:
            with self._open() as file:
                while chunk := file.read(CHUNK_SIZE):
                    if on_read:
                        on_read(len(chunk))
                    yield chunk
        except OSError as error:
            raise CannotRead(self.name, error.strerror or str(error)) from None
        except ValueError as error:
            raise CannotRead(self.name, str(error)) from None

    def _listed(self) -> bytes:
        """Return what an agent lists over its socket."""
        from ...errors import LoadBalancerError
        from ...live.agent_socket import AgentSocket

        try:
            listed = AgentSocket(self.path.removeprefix(AGENT)).get("/v1/service")
        except LoadBalancerError as error:
            raise CannotRead(self.name, str(error)) from None
        if listed is None:
            raise CannotRead(self.name, "no service API")
        return listed

    def _open(self) -> BinaryIO:
        if self.path == STDIN:
            # None if the process was started without: a type checker does not know.
            if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]
                raise ValueError("it is closed")
            # Unbuffered as far as may be: a slow writer is read as it writes.
            return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
        return open(self.path, "rb", buffering=0)


def find_sources(arguments: Iterable[str]) -> Iterator[Source | CannotRead]:
    """The sources that arguments stand for, in order; what stands for none, as an error.

    A directory stands for its `*.json`, its `*.json.gz`, `*.yaml.gz` and so on, and those of its
    `*.yaml`, `*.yml` and `*.txt` that begin as dumps do; a pattern for the files that it matches.
    """
    for argument in arguments:
        if argument == STDIN:
            yield Source(STDIN)
        elif argument.startswith(AGENT):
            yield Source(argument)
        elif os.path.isdir(argument):
            names = [path for path in Path(argument).glob("*") if _is_to_be_read(path)]
            yield from _found(argument, names, "a directory without *.json files or dumps")
        elif glob.has_magic(argument) and not os.path.lexists(argument):
            names = [Path(name) for name in glob.iglob(argument, recursive=True)]
            files = [path for path in names if not path.is_dir()]
            yield from _found(argument, files, "no file matches")
        else:
            yield Source(argument)


def _is_to_be_read(path: Path) -> bool:
    """Whether a file in a directory is read."""
    if path.name.endswith((".json", *_PACKED)):
        return not path.is_dir()
    if not path.name.endswith(_PERHAPS) or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError:
        # Who reads it tells why it cannot be read.
        return True
    return beginning.lstrip()[:1] in (b"[", b"{") or begins_as_dump(beginning)


def _found(argument: str, paths: list[Path], reason: str) -> Iterator[Source | CannotRead]:
    if not paths:
        yield CannotRead(argument, reason)
    for path in sorted(paths):
        yield Source(str(path))


def standard_input_if_piped(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments; standard input if there are none and something is piped into it."""
    if arguments or sys.stdin is None or sys.stdin.isatty():
        return arguments
    return (STDIN,)
