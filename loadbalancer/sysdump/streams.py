"""Bytes of an archive as they come: forward, counted, and never more at once than asked for."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Protocol

from .limits import Limits, SysdumpError

__all__ = ["ForwardReader", "gunzip", "read_limited"]

CHUNK = 1 << 16
# What `tarfile` asks for in one piece is a header, or the long names and attributes before one.
LARGEST_HEADER = 1 << 20


class Readable(Protocol):
    """A stream of bytes, as far as it is needed here."""

    def read(self, size: int, /) -> bytes: ...


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


def gunzip(packed: Readable, limits: Limits) -> Callable[[int], bytes]:
    """A `read(size)` of what a gzip stream unpacks to, refused where it swells without end.

    What came before a damaged or missing end is read; the end itself is an error.
    """
    machine = zlib.decompressobj(wbits=31)
    taken = given = 0
    pending = b""

    def read(size: int) -> bytes:
        nonlocal machine, taken, given, pending
        while True:
            if machine.eof:
                # Streams may follow one another; zeros behind the last are padding.
                pending = (machine.unused_data or packed.read(CHUNK)).lstrip(b"\0")
                if not pending:
                    return b""
                machine = zlib.decompressobj(wbits=31)
            if not pending:
                pending = packed.read(CHUNK)
                taken += len(pending)
                if not pending:
                    raise SysdumpError("the gzip stream ends in its middle")
            try:
                data = machine.decompress(pending, size)
            except zlib.error as error:
                raise SysdumpError(f"the gzip stream is damaged ({error})") from None
            pending = machine.unconsumed_tail
            given += len(data)
            if given > limits.stream_bytes:
                raise SysdumpError(f"it unpacks to more than {limits.stream_bytes} bytes")
            if given > limits.ratio_from and given > limits.ratio * taken:
                raise SysdumpError(f"it unpacks to more than {limits.ratio} times its size")
            if data:
                return data

    return read


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
