"""Bytes of an archive as they come: forward, counted, and never more at once than asked for."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from .limits import SysdumpError

__all__ = ["ForwardReader", "read_limited"]

CHUNK = 1 << 16
# What `tarfile` asks for in one piece is a header, or the long names and attributes before one.
LARGEST_HEADER = 1 << 16
# `tarfile` before Python 3.11.10 takes a time that is quadratic in these.
_LONG_NUMBER = re.compile(rb"\d{100}")


class ForwardReader(io.RawIOBase):
    """A stream for `tarfile` to move forward in.

    `tarfile` looks one byte back before each header. In a compressed stream that would mean to
    begin again, so the last bytes are kept. A file on disk is moved in directly.
    """

    def __init__(self, raw: Callable[[int], bytes], jump: Callable[[int], int] | None) -> None:
        self._raw = raw
        self._jump = jump
        self._position = 0
        self._tail = b""
        self._back = 0
        self.last_block = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position - self._back

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= LARGEST_HEADER:
            raise SysdumpError("a header of the tar claims to be larger than any is")
        kept = self._tail[len(self._tail) - self._back :][:size] if self._back else b""
        self._back -= len(kept)
        pieces = [kept]
        missing = size - len(kept)
        while missing and (piece := self._raw(missing)):
            pieces.append(piece)
            missing -= len(piece)
            self._position += len(piece)
        data = b"".join(pieces)
        if _is_attributes(self.last_block) and _LONG_NUMBER.search(data):
            raise SysdumpError("a header of the tar has a number that is longer than any is")
        if len(data) > len(kept):
            self._tail = (self._tail + data[len(kept) :])[-512:]
        self.last_block = data if size == 512 else self.last_block
        return data

    def finish(self) -> None:
        """Read what follows the tar in a packed stream, whose checksum stands at its end."""
        while self._jump is None and self.read(CHUNK):
            pass

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if self._jump is not None:
            self._position = self._jump(offset)
            self._back, self._tail = 0, b""
        elif offset <= self._position:
            if self._position - offset > len(self._tail):
                raise SysdumpError("the tar cannot be read backwards")
            self._back = self._position - offset
        else:
            self._back = 0
            while self._position < offset and self.read(min(CHUNK, offset - self._position)):
                pass
        return self.tell()


def _is_attributes(header: bytes) -> bool:
    """Return whether what follows a header of a tar are extended attributes of POSIX."""
    return header[156:157] in (b"x", b"g")


def read_limited(read: Callable[[int], bytes], limit: int) -> bytes:
    """Everything, in pieces; more than `limit` bytes are an error."""
    pieces: list[bytes] = []
    size = 0
    while piece := read(CHUNK):
        size += len(piece)
        if size > limit:
            raise SysdumpError(f"it is larger than the {limit} bytes that are read of one file")
        pieces.append(piece)
    return b"".join(pieces)
