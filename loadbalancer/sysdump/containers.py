"""Folders, zips and tars, seen alike: names, and the bytes behind a name.

Nothing is ever written to disk. A name is only compared, never opened as a path, except below a
folder that was given, and there only for regular files that really lie below it.
"""

from __future__ import annotations

import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from ..dumps.compression import Compression, CompressionError, compression_of, unpack
from ..dumps.formats import archive_format
from .limits import Limits, SysdumpError
from .streams import ForwardReader, read_limited

__all__ = [
    "Container",
    "Entry",
    "FolderContainer",
    "TarContainer",
    "ZipContainer",
    "format_of",
    "open_container",
    "read_entry",
]

_BLOCK = 512

# What the libraries raise over damaged archives; a tar may lie within a damaged zip.
DAMAGES: tuple[type[Exception], ...] = (
    *(zipfile.BadZipFile, zlib.error, tarfile.TarError, EOFError, ValueError, OSError),
    *(OverflowError, NotImplementedError, RuntimeError),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file. `open` is to be used before the next entry is asked for; `refused` says why not."""

    name: str
    open: Callable[[], BinaryIO]
    refused: str = ""


class Container(Protocol):
    """Something that files lie in."""

    def entries(self) -> Iterator[Entry]: ...


def cleaned(name: str) -> tuple[str, str]:
    """A name with its parts joined by single slashes, and what is wrong with it."""
    slashed = name.replace("\\", "/")
    parts = [each for each in slashed.split("/") if each not in ("", ".")]
    leaves = slashed.startswith("/") or ".." in parts or parts[0][1:2] == ":" if parts else False
    return "/".join(parts), "its name leads out of the archive" if leaves else ""


def unopened() -> BinaryIO:
    raise SysdumpError("it cannot be opened")


class FolderContainer:
    """A folder on disk. Links are followed to regular files below the folder, not out of it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def entries(self) -> Iterator[Entry]:
        for folder, folders, files in os.walk(self.root):
            folders.sort()
            for file in sorted(files):
                path = Path(folder, file)
                yield self._entry(path, path.relative_to(self.root).as_posix())

    def entry(self, name: str) -> Entry:
        """The file of a name that `entries` gave, without a walk through the folder."""
        return self._entry(self.root / name, name)

    def _entry(self, path: Path, name: str) -> Entry:
        try:
            real = path.resolve(strict=True)
            regular = stat.S_ISREG(real.stat().st_mode)
        except (OSError, RuntimeError):
            return Entry(name, unopened, "it is a link that leads nowhere")
        if not real.is_relative_to(self.root):
            return Entry(name, unopened, "it is a link that leads out of the folder")
        if not regular:
            return Entry(name, unopened, "it is not a regular file")
        return Entry(name, lambda: real.open("rb"))


class ZipContainer:
    """A zip on disk."""

    def __init__(self, path: Path, limits: Limits) -> None:
        check_directory(path, limits)
        self._path = path
        try:
            self.file = zipfile.ZipFile(path)
        except DAMAGES as error:
            raise SysdumpError(
                f"{path}: the zip cannot be read, is it complete? ({error})"
            ) from None
        size = sum(info.file_size for info in self.file.infolist())
        if size > max(limits.ratio_from, limits.ratio * path.stat().st_size):
            self.close()
            raise SysdumpError(f"{path}: it unpacks to more than {limits.ratio} times its size")

    def entries(self) -> Iterator[Entry]:
        for info in self.file.infolist():
            if info.is_dir():
                continue
            name, refused = cleaned(info.filename)
            if stat.S_ISLNK(info.external_attr >> 16):
                refused = "it is a symbolic link, which is not followed"
            elif info.flag_bits & 1:
                refused = "it is encrypted: unpack it with its password and give the folder"
            yield Entry(name, self._opener(info), refused)

    def _opener(self, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
        def open_member() -> BinaryIO:
            try:
                return self.file.open(info)  # type: ignore[return-value]
            except DAMAGES as error:
                raise SysdumpError(f"it cannot be unpacked ({error})") from None

        return open_member

    def reopen(self) -> None:
        """Open the file anew, in a copy of the process: its place in the file is shared."""
        self.file = zipfile.ZipFile(self._path)

    def close(self) -> None:
        self.file.close()


def check_directory(path: Path, limits: Limits) -> None:
    """Refuse a zip whose table of contents, which is read as a whole, is beyond all measure."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_557 - 20))
        end = file.read()
        at = end.rfind(b"PK\5\6")
        if at < 0 or len(end) < at + 20:
            raise SysdumpError(
                f"{path}: the zip has no table of contents: it is cut off (download it again)"
            )
        (size,) = struct.unpack_from("<L", end, at + 12)
        if size == 0xFFFFFFFF and end[max(0, at - 20) : at][:4] == b"PK\6\7":
            (place,) = struct.unpack_from("<Q", end, at - 12)
            file.seek(min(place, path.stat().st_size))
            record = file.read(56)
            size = struct.unpack_from("<Q", record, 40)[0] if len(record) == 56 else size
    if size > limits.directory_bytes:
        raise SysdumpError(f"{path}: the zip's table of contents has {size} bytes")


class TarContainer:
    """A tar, compressed or not, which `opener` opens anew for each pass through it."""

    def __init__(self, opener: Callable[[], BinaryIO], limits: Limits, on_disk: bool) -> None:
        self.opener = opener
        self.limits = limits
        self.on_disk = on_disk

    def entries(self) -> Generator[Entry]:
        """Yield the files; one pass opens the archive anew."""
        try:
            with self.opener() as file:
                yield from self._entries(self._reader(file))
        except SysdumpError:
            raise
        except DAMAGES as error:
            raise SysdumpError(f"the tar cannot be read to its end ({error})") from None

    def _reader(self, file: BinaryIO) -> ForwardReader:
        start = file.read(_BLOCK)
        if compression := compression_of(start):
            read = Chained(start, file).read
            return ForwardReader(unpacked(compression, read, self.limits), None)
        if self.on_disk:
            file.seek(0)
            return ForwardReader(file.read, file.seek)
        return ForwardReader(Chained(start, file).read, None)

    def _entries(self, reader: ForwardReader) -> Iterator[Entry]:
        tar = tarfile.open(fileobj=reader, mode="r:", errorlevel=0)  # noqa: SIM115
        while (info := tar.next()) is not None:
            cast("Any", tar).members.clear()  # else it keeps every header it has seen
            if not info.isdir():
                yield self._entry(tar, info)
        complete = len(reader.last_block) == 512 and not reader.last_block.strip(b"\0")
        if not complete:
            raise SysdumpError("the tar ends in its middle: it is cut off or damaged")
        reader.finish()

    @staticmethod
    def _entry(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Entry:
        name, refused = cleaned(info.name)
        if info.issym() or info.islnk():
            refused = "it is a link, which is not followed"
        elif not info.isreg():
            refused = "it is not a regular file"

        def open_member() -> BinaryIO:
            file = tar.extractfile(info)
            if file is None:
                raise SysdumpError("it cannot be opened")
            return file  # type: ignore[return-value]

        return Entry(name, open_member, refused)


class Chained:
    """A stream whose first bytes were read already to see what it is."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def read(self, size: int) -> bytes:
        start, self._start = self._start[:size], self._start[size:]
        return start or self._rest.read(size)


def open_container(path: Path, limits: Limits) -> FolderContainer | ZipContainer | TarContainer:
    """What lies at a path, found out by its first bytes; raises `SysdumpError`."""
    if path.is_dir():
        return FolderContainer(path)
    if not path.is_file():
        raise SysdumpError(f"{path}: there is no such file or folder")
    match format_of(path, limits):
        case "zip":
            return ZipContainer(path, limits)
        case "tar":
            return TarContainer(lambda: path.open("rb"), limits, on_disk=True)
        case _:
            raise SysdumpError(f"{path}: neither a folder nor a zip or tar (tar.gz, tar.xz)")


def format_of(path: Path, limits: Limits | None = None) -> str | None:
    """Return `zip` or `tar` if a file is such an archive, compressed or not, by its first bytes.

    Raises `OSError` and, if it is compressed and that is damaged, `SysdumpError`.
    """
    with path.open("rb") as file:
        start = file.read(_BLOCK)
        if compression := compression_of(start):
            try:
                read = unpacked(compression, Chained(start, file).read, limits or Limits())
                start = ForwardReader(read, None).read(_BLOCK)
            except CompressionError as error:
                raise SysdumpError(f"{path}: {error}") from None
    return archive_format(start)


def unpacked(
    compression: Compression, read: Callable[[int], bytes], limits: Limits
) -> Callable[[int], bytes]:
    """Return a `read(size)` of what a stream unpacks to; xz and zstd may swell more than gzip."""
    ratio = limits.ratio if compression.name == "gzip" else None
    return unpack(
        compression, read, limit=limits.stream_bytes, ratio=ratio, ratio_from=limits.ratio_from
    )


def read_entry(entry: Entry, limits: Limits) -> bytes:
    """The bytes of a file; `SysdumpError` if there are too many or they cannot be unpacked."""
    if entry.refused:
        raise SysdumpError(entry.refused)
    try:
        with entry.open() as file:
            return read_limited(file.read, limits.member_bytes)
    except SysdumpError:
        raise
    except DAMAGES as error:
        raise SysdumpError(f"it cannot be unpacked ({error})") from None
