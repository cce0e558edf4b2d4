"""From the bytes of a dump to its text: gzip, UTF-8 and UTF-16."""

from __future__ import annotations

import codecs
import zlib

from ..errors import LoadBalancerError
from .formats import archive_format

__all__ = ["MAX_UNPACKED", "UndecodableError", "decoded"]

MAX_UNPACKED = 1 << 30
"""How many bytes a gzip file may unpack to: a dump of 100,000 services has a tenth of that."""

_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UndecodableError(LoadBalancerError):
    """Bytes are not the text of a dump."""


def decoded(data: bytes, *, max_unpacked: int = MAX_UNPACKED) -> bytes | str:
    """UTF-8 bytes without byte order mark, or a text that was in another encoding.

    Raises:
        UndecodableError: broken gzip, too large a file, not UTF-16 as its mark says, or an
            archive of files.
    """
    if data.startswith(_GZIP):
        data = _unpacked(data, max_unpacked)
    if archive := archive_format(data):
        raise UndecodableError(
            f"a {archive} archive, not a dump: `loadbalancer audit FILE` reads that of a sysdump"
        )
    if data.startswith(_UTF_16):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise UndecodableError(f"broken UTF-16 at byte {error.start}") from None
    return data.removeprefix(codecs.BOM_UTF8)


def _unpacked(data: bytes, limit: int) -> bytes:
    pieces: list[bytes] = []
    room = limit
    # A gzip file may consist of several, one behind the other.
    while data.startswith(_GZIP):
        inflate = zlib.decompressobj(wbits=31)
        try:
            piece = inflate.decompress(data, room + 1)
        except zlib.error as error:
            raise UndecodableError(f"broken gzip data: {error}") from None
        room -= len(piece)
        if room < 0:
            raise UndecodableError(f"the gzip data unpacks to more than {limit:,} bytes")
        if not inflate.eof:
            raise UndecodableError("the gzip data ends early")
        pieces.append(piece)
        data = inflate.unused_data
    return b"".join(pieces)
