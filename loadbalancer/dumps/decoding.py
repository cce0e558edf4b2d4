"""From the bytes of a dump to its text: compression, UTF-8 and UTF-16."""

from __future__ import annotations

import codecs
from io import BytesIO

from ..errors import LoadBalancerError
from .compression import Compression, CompressionError, compression_of, unpack
from .formats import archive_format

__all__ = ["MAX_UNPACKED", "UndecodableError", "decoded"]

MAX_UNPACKED = 1 << 30
"""How many bytes a file may unpack to: a dump of 100,000 services has a tenth of that."""

_RATIO = 250
_PIECE = 1 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UndecodableError(LoadBalancerError):
    """Bytes are not the text of a dump."""


def decoded(data: bytes, *, max_unpacked: int = MAX_UNPACKED) -> bytes | str:
    """UTF-8 bytes without byte order mark, or a text that was in another encoding.

    Raises:
        UndecodableError: broken compressed data, too large a file, not UTF-16 as its mark says,
            or an archive of files.
    """
    if compression := compression_of(data):
        data = _unpacked(data, compression, max_unpacked)
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


def _unpacked(data: bytes, compression: Compression, limit: int) -> bytes:
    read = unpack(compression, BytesIO(data).read, limit=limit, ratio=_RATIO)
    try:
        return b"".join(iter(lambda: read(_PIECE), b""))
    except CompressionError as error:
        raise UndecodableError(str(error)) from None
