"""`read_dump`: what the format of a dump is, and who reads it."""

from __future__ import annotations

import re

from ..releases import Release
from .decoding import UndecodableError, decoded
from .dump import Dump, DumpProblem, Look
from .json_dump import read_json, values_of
from .statedb import is_statedb, read_statedb
from .table import is_table, read_table
from .yaml_dump import read_yaml

__all__ = ["read_dump"]

_WHITE_SPACE = b" \t\r\n"
# Enough to tell by: the first keys of the first object.
_BEGINNING = 4096
_YAML = re.compile(r"(?:---|#|- |-\n|[a-z]+:)")
_SERVICES = re.compile(rb'\s*\[?\s*\{\s*"(?:spec|status)"')


def read_dump(data: bytes | str, *, release: str | None = None) -> Dump:
    """Read the services of a dump that an agent or client of release 1.6 to 1.20 printed.

    The format is found out: JSON (an array, an object or several), YAML, the text table of
    `service list`, or StateDB; gzip and UTF-16 with a byte order mark are unpacked first. What
    cannot be read is in `problems` of the result, beside all services that can.

    `release` says which release it is from, for what a dump does not tell by itself: the
    numbers of states in StateDB, which moved in 1.19.

    Raises:
        ReleaseError: the text is not a release, or is older than 1.6.
        YamlMissingError: the dump is in YAML, and PyYAML is not installed.
    """
    if release is not None:
        Release.parse(release)
    try:
        content = decoded(data) if isinstance(data, bytes) else data.removeprefix("\ufeff")
        beginning = content[:_BEGINNING]
        if isinstance(beginning, str):
            beginning = beginning.encode(errors="replace")
        if beginning.lstrip(_WHITE_SPACE)[:1] in (b"[", b"{", b"n"):
            return _read_json(content, beginning, release)
        text = content.decode() if isinstance(content, bytes) else content
    except UndecodableError as error:
        return _unreadable(str(error))
    except UnicodeDecodeError as error:
        return _unreadable(f"not UTF-8: byte 0x{error.object[error.start]:02x}")
    if is_table(text):
        return read_table(text)
    if _YAML.match(text.lstrip()):
        return read_yaml(text)
    if not text.strip():
        return _unreadable("empty")
    return _unreadable("neither JSON nor YAML nor the table of service list")


def _read_json(content: bytes | str, beginning: bytes, release: str | None) -> Dump:
    if not _SERVICES.match(beginning):
        values = values_of(content)
        if any(is_statedb(each.value) for each in values.values):
            return read_statedb(values, release)
    return read_json(content)


def _unreadable(reason: str) -> Dump:
    return Dump([], "json", [DumpProblem("", reason, 1)], Look)
