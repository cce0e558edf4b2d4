"""Which dumps are not the API's JSON, told by how they begin. Imports no Pydantic."""

from __future__ import annotations

import re

__all__ = ["is_another_format"]

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
    """Whether the beginning of a dump is that of YAML, a table, StateDB, gzip or UTF-16."""
    return _BEGINNINGS.match(beginning) is not None
