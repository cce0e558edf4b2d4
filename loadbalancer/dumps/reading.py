"""`read_dump` and `read_dumps`: which formats a text has, and who reads each."""

from __future__ import annotations

from collections.abc import Iterable

from ..releases import Release
from ..wire.gc_pause import gc_paused
from .decoding import UndecodableError, decoded
from .dump import Dump
from .formats import Section, begins_as_payload, sections
from .json_dump import read_json, read_quickly, values_of
from .notes import DumpProblem, Look, Note
from .statedb.reading import is_statedb, read_statedb
from .table import read_table
from .yaml_dump import read_yaml

__all__ = ["read_dump", "read_dumps"]

# Enough to tell by: the first keys of the first object.
_BEGINNING = 4096
_SHOWN = 3


def read_dump(data: bytes | str, *, release: str | Release | None = None) -> Dump:
    """Read the services of a dump that an agent or client of release 1.6 or later printed.

    The format is detected: JSON (an array, an object or several), YAML, the text table of
    `service list`, or StateDB; gzip and UTF-16 with a byte order mark are unpacked first.
    Prompts, headings, fences and the like around the dump are skipped, with a note. What cannot
    be read is in `problems` of the result, beside all services that can.

    Args:
        data: the text, or its bytes.
        release: the release it is from, for what a dump does not say by itself: the numbers of
            states in StateDB, which moved in 1.18.5.

    Returns:
        The dump. A text with several dumps is a problem: `read_dumps` returns them all.

    Raises:
        ReleaseError: the text is not a release, or is older than 1.6.
        YamlMissingError: the dump is in YAML, and PyYAML is not installed.
    """
    dumps = read_dumps(data, release=release)
    if len(dumps) == 1:
        return dumps[0]
    reason = f"{len(dumps)} dumps in one text: read_dumps reads them all"
    return Dump([], dumps[0].format, [DumpProblem("", reason, 1)])


def read_dumps(data: bytes | str, *, release: str | Release | None = None) -> list[Dump]:
    """Read all dumps in a text, each with the heading found before it as its name.

    Returns:
        At least one dump; if nothing in the text is one, its problem says what the text is.

    Raises:
        ReleaseError: the text is not a release, or is older than 1.6.
        YamlMissingError: a dump is in YAML, and PyYAML is not installed.
    """
    parsed = None if release is None else Release.parse(release)
    try:
        content = decoded(data) if isinstance(data, bytes) else data.removeprefix("\ufeff")
        dumps = _whole_json(content)
        if dumps is None:
            text = content.decode() if isinstance(content, bytes) else content
            with gc_paused():
                dumps = [_read(each, parsed) for each in sections(text)]
    except UndecodableError as error:
        return [_unreadable(str(error))]
    except UnicodeDecodeError as error:
        return [_unreadable(f"not UTF-8: byte 0x{error.object[error.start]:02x}")]
    if parsed is not None and parsed.is_newer_than_known:
        for each in dumps:
            each.notes.append(newer_note(parsed))
    return dumps


def newer_note(release: Release) -> Note:
    """Return the note on a release that is newer than those whose rules are known."""
    return Note("", "release-newer", f"{release} is newer than any known release")


def _whole_json(content: bytes | str) -> list[Dump] | None:
    """Return the one dump of a JSON text of services in which all is well; None if it is not."""
    beginning = content[:_BEGINNING]
    if isinstance(beginning, str):
        beginning = beginning.encode(errors="replace")
    if not beginning.strip() or not begins_as_payload(beginning):
        return None
    dump = read_quickly(content)
    return None if dump is None else [dump]


def _read(section: Section, release: Release | None) -> Dump:
    match section.format:
        case "json":
            dump = _read_json(section.text, release)
        case "yaml":
            dump = read_yaml(section.text)
        case "text":
            dump = read_table(section.text)
        case _:
            return _unreadable(section.reason, section.line)
    dump.name = section.name
    return _moved(dump, section)


def _read_json(text: str, release: Release | None) -> Dump:
    values = values_of(text)
    if any(is_statedb(each.value) for each in values.values):
        return read_statedb(values, release)
    return read_json(text, values)


def _moved(dump: Dump, section: Section) -> Dump:
    """Return a dump with lines counted in the whole text, and a note on what was skipped."""
    offset = section.line - 1
    if offset:
        dump.problems = [
            DumpProblem(x.pointer, x.reason, x.line and x.line + offset, x.frontend)
            for x in dump.problems
        ]
    if section.skipped or not section.has_header:
        notes = [*_notes_on(section)]
        look = dump.look

        def with_notes() -> Look:
            found = look()
            found.notes += notes
            return found

        dump.look = with_notes
    return dump


def _notes_on(section: Section) -> Iterable[Note]:
    if not section.has_header:
        yield Note("", "header-absent", "rows without the header of the table")
    lines = section.skipped
    behind = [text for line, text in lines if line > section.line]
    is_behind = bool(lines) and len(behind) == len(lines)
    if is_behind and (section.format == "json" or behind[0].startswith("> ")):
        yield Note("", "trailing-text", f"not read: {behind[0][:80]!r}")
    elif lines:
        numbers = ", ".join(str(line) for line, _ in lines[:_SHOWN])
        more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
        plural = "line" if len(lines) == 1 else "lines"
        message = f"skipped {plural} {numbers}{more}: {lines[0][1][:80]!r}"
        yield Note("", "surrounding-text", message)


def _unreadable(reason: str, line: int = 1) -> Dump:
    return Dump([], "json", [DumpProblem("", reason, line)])
