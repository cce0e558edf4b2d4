"""Which dumps are not the API's JSON, told by how they begin. Imports no Pydantic."""

from __future__ import annotations

import re

__all__ = ["archive_format", "is_another_format"]

# The mark of a tar has a NUL behind it, as no text has: names may have "ustar" in them.
_ARCHIVES = re.compile(
    rb"(?P<zip>PK(?:\x03\x04|\x05\x06))|.{257}(?P<tar>ustar(?:\x00|[ ]{2}\x00))", re.DOTALL
)
# Gzip and the byte order marks of UTF-16; the table of `service list`; YAML; a row, a change or
# a whole dump of StateDB.
_BEGINNINGS = re.compile(
    rb"""\x1f\x8b|\xff\xfe|\xfe\xff
    |\s*ID[ ]+Frontend[ ]
    |(?:---\s+|\#[^\n]*\n)*(?:-\s+)?(?:spec|status):
    |\s*\{\s*"(?:Address|obj|frontends)"\s*:
    """,
    re.VERBOSE,
)


def is_another_format(beginning: bytes) -> bool:
    """Whether it begins as YAML, a table, StateDB, gzip, UTF-16 or an archive does."""
    return bool(_BEGINNINGS.match(beginning) or archive_format(beginning))


def archive_format(beginning: bytes) -> str | None:
    """`zip` or `tar`, if it begins as such an archive does."""
    found = _ARCHIVES.match(beginning)
    return found and found.lastgroup
