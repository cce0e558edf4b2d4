"""Compressed data (gzip, xz, zstd), unpacked in bounded time and memory."""

from __future__ import annotations

import lzma
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..errors import LoadBalancerError

__all__ = ["Compression", "CompressionError", "compression_of", "unpack"]

_CHUNK = 1 << 16
# A dictionary of 128 MiB, twice that of the highest preset of xz.
_XZ_MEMORY = 160 << 20


class CompressionError(LoadBalancerError):
    """Compressed data is damaged, cut off, or unpacks to too much."""


class _Decompressor(Protocol):
    """The interface of `lzma.LZMADecompressor`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """`zlib.decompressobj` with the interface of `lzma.LZMADecompressor`."""

    def __init__(self) -> None:
        self._machine = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._machine.eof

    @property
    def needs_input(self) -> bool:
        return not self._machine.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._machine.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._machine.decompress(self._machine.unconsumed_tail + data, max_length)


@dataclass(frozen=True, slots=True)
class Compression:
    """A format of compressed data: its name, its first bytes, what unpacks it, what that raises."""

    name: str
    magic: bytes
    decompressor: Callable[[], _Decompressor]
    error: type[Exception]


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def _no_zstd() -> _Decompressor:
    raise CompressionError(
        "it is packed by zstd, which Python reads from 3.14 on: unpack it with `zstd -d`"
    )


if sys.version_info >= (3, 14):
    from compression import zstd

    _ZSTD = Compression("zstd", b"\x28\xb5\x2f\xfd", zstd.ZstdDecompressor, zstd.ZstdError)
else:
    _ZSTD = Compression("zstd", b"\x28\xb5\x2f\xfd", _no_zstd, CompressionError)

_COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b", _Gzip, zlib.error),
    Compression("xz", b"\xfd7zXZ\0", _xz, lzma.LZMAError),
    _ZSTD,
)


def compression_of(beginning: bytes) -> Compression | None:
    """Return the compression of data by its first bytes, or None."""
    return next((each for each in _COMPRESSIONS if beginning.startswith(each.magic)), None)


def unpack(
    compression: Compression,
    read: Callable[[int], bytes],
    *,
    limit: int,
    ratio: int | None = None,
    ratio_from: int = 32 << 20,
) -> Callable[[int], bytes]:
    """Return a `read(size)` of what a compressed stream unpacks to.

    What comes before a damaged or missing end is read; the end itself is an error.

    Args:
        compression: the format of the stream.
        read: a `read(size)` of the compressed stream.
        limit: how many bytes the stream may unpack to.
        ratio: how many times its size, looked at from `ratio_from` unpacked bytes on.
        ratio_from: how many bytes have to have come out before the ratio counts.

    Raises:
        CompressionError: by the function that is returned, too.
    """
    machine = compression.decompressor()
    name = compression.name
    too_much = f"the {name} data unpacks to more than"
    taken = given = 0
    pending = b""

    def read_unpacked(size: int) -> bytes:
        nonlocal machine, taken, given, pending
        while True:
            if machine.eof:
                # Streams may follow one another; zeros behind the last are padding.
                pending = (machine.unused_data or read(_CHUNK)).lstrip(b"\0")
                if not pending:
                    return b""
                machine = compression.decompressor()
            elif machine.needs_input:
                pending = read(_CHUNK)
                taken += len(pending)
                if not pending:
                    raise CompressionError(f"the {name} data ends early")
            try:
                data = machine.decompress(pending, size)
            except compression.error as error:
                raise CompressionError(f"broken {name} data: {error}") from None
            pending = b""
            given += len(data)
            if given > limit:
                raise CompressionError(f"{too_much} {limit:,} bytes")
            if ratio is not None and given > ratio_from and given > ratio * taken:
                raise CompressionError(
                    f"the {name} data unpacks to more than {ratio} times its size"
                )
            if data:
                return data

    return read_unpacked
