"""What a text is: dumps in each format, and other things by their names. Imports no Pydantic.

One detector for readers, checks and commands. `begins_as_payload` looks at the beginning alone,
so that JSON can be read piece by piece; `sections` finds the dumps in a text with anything
around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecoder
from typing import Literal

from .compression import compression_of

__all__ = [
    "KUBERNETES",
    "STATE_FILE",
    "TABLE_HEADER",
    "Section",
    "SectionFormat",
    "archive_format",
    "begins_as_dump",
    "begins_as_payload",
    "sections",
]

SectionFormat = Literal["json", "yaml", "text", "other"]

# The mark of a tar has a NUL behind it, as no text has: names may have "ustar" in them.
_ARCHIVES = re.compile(
    rb"(?P<zip>PK(?:\x03\x04|\x05\x06))|.{257}(?P<tar>ustar(?:\x00|[ ]{2}\x00))", re.DOTALL
)
_PAYLOAD_KEYS = (
    rb"spec|status|backend-addresses|flags|frontend-address|id|updateServices"
    rb"|ip|nodeName|port|preferred|protocol|scope|state|weight|zone"
)
# A list or object of the API, another JSON value but null, or a UTF-32 or binary file.
_PAYLOAD = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)*(?:\{\s*(?:\"(?:" + _PAYLOAD_KEYS + rb")\"|\}|\Z)"
    rb"|[\]\[\"\x00]|true|false|-?[0-9]+\s*\Z|\Z)"
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

TABLE_HEADER = re.compile(r"\s*ID\s+Frontend\s+(Service Type\s+)?Backend\s*")
_ROW_START = re.compile(r"\s*\d+\s+(\S*)", re.ASCII)
_ROW_BACKEND = re.compile(r"\d => ", re.ASCII)
_IN_HOST = re.compile(r"[.:\]x*<]")
_CUT = re.compile(r"\s*(?:\.{2,}|…)\s*|.*(?:<[a-z -]+>|x\.x).*")
_JSON_START = re.compile(r"\s*(?:\[\s*(?:[\[{\]]|\Z)|\{\s*(?:[\"}]|\Z))")
_YAML_START = re.compile(r"\s*(?:-\s+)?(?:spec|status):(?:\s.*)?\Z")
_YAML_OTHERS = re.compile(
    r"\s*(?:-\s+)?(?P<key>apiVersion|kind|items|metadata|services|endpoints):"
)
_HEADING_START = re.compile(r"={2,}>?|-{3,}|#{2,}")
_PROMPT = re.compile(r"(?:[\w.@:~/\[\] -]*[#$%>])\s+\S.*|\s*[$#]\s*\S.*")
# The pod of `kubectl exec`, and the options before it.
_EXEC = re.compile(
    r"\bexec\s+(?:-\S+(?:\s+(?!-)(?=\S+\s+\S+\s+--)\S+)?\s+)*(?:pods?/)?(?P<pod>[\w.-]+)"
)
_FENCE = re.compile(r"\s*(?:```|~~~).*")
_FAILURE = re.compile(r"> Error while running '(?P<command>.*)':\s+(?P<reason>.*?)\s*\Z")
_ERROR = re.compile(
    r"\s*(?:(?:error|Error|ERROR)(?: from server)?(?: \(\w+\))?:.*|command terminated with .*"
    r"|Is the agent running\?)\s*"
)
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07)")
_COMMAND = "{what}, not a list of services: {wanted}"
_OTHERS: list[tuple[re.Pattern[str], str]] = [
    (
        re.compile(r"\s*SERVICE ADDRESS\s+BACKEND ADDRESS\b.*"),
        _COMMAND.format(
            what="the output of `cilium bpf lb list`",
            wanted="give it to `loadbalancer audit --bpf`",
        ),
    ),
    (
        re.compile(r"\s*ID\s+BACKEND ADDRESS\b.*|\s*(?:BACKEND|SERVICE|FRONTEND) ADDRESS\b.*"),
        _COMMAND.format(
            what="a part of the kernel's maps",
            wanted="use `cilium bpf lb list` without --frontends, --backends or --revnat, and give "
            "it to `loadbalancer audit --bpf`",
        ),
    ),
    (
        re.compile(r"\s*(?:NAMESPACE\s+)?NAME\s+(?:[A-Z][A-Z0-9()/ -]+)"),
        _COMMAND.format(
            what="a table of kubectl",
            wanted="use `kubectl get -o json`, and give it to `loadbalancer expect` or to "
            "`loadbalancer audit --kubernetes`",
        ),
    ),
    (
        re.compile(r"\s*(?:Address\s+(?:Type|Instances|Shadows|ServiceName)|Name\s+Source)\s.*"),
        _COMMAND.format(what="a table of `db/show`", wanted="use `db/show frontends -f json`"),
    ),
]
KUBERNETES = _COMMAND.format(
    what="Kubernetes objects",
    wanted="`loadbalancer expect` shows the services of them, and `loadbalancer audit "
    "--kubernetes` compares",
)
STATE_FILE = _COMMAND.format(what="a state file", wanted="`loadbalancer expect` shows its services")
_decode = JSONDecoder().raw_decode
_skip = re.compile(r"[ \t\r\n]*").match


def archive_format(beginning: bytes) -> str | None:
    """Return `zip` or `tar` if bytes begin as such an archive does."""
    found = _ARCHIVES.match(beginning)
    return found and found.lastgroup


def begins_as_payload(beginning: bytes) -> bool:
    """Return whether bytes begin as JSON of the service API does."""
    return bool(_PAYLOAD.match(beginning))


def begins_as_dump(beginning: bytes) -> bool:
    """Return whether bytes begin as a dump of any format does."""
    is_packed = compression_of(beginning) is not None or beginning.startswith(_UTF_16)
    if is_packed or begins_as_payload(beginning):
        return bool(beginning.strip())
    if archive_format(beginning):
        return False
    text = beginning.decode(errors="replace").removeprefix("\ufeff")
    found = next(sections(text), None)
    return found is not None and found.format != "other"


@dataclass(slots=True)
class Section:
    """A part of a text that is a dump, or something else with a name."""

    format: SectionFormat
    text: str
    line: int
    """The line at which it begins, from 1."""
    name: str = ""
    """The heading found before it."""
    reason: str = ""
    """What it is and what is wanted instead, if it is not a dump."""
    skipped: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Lines before it, and behind the last one, that are not part of any dump."""
    has_header: bool = True
    """Whether a table begins with its header."""


def sections(text: str) -> Iterator[Section]:
    """Yield the dumps in a text, with what surrounds them.

    If there is none, one section of the format `other` has the reason.
    """
    yield from _Finder(_cleaned(text)).sections()


def _cleaned(text: str) -> str:
    """Return a text without colours and quoting; its lines stay where they are."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    lines = text.splitlines()
    filled = [each for each in lines if each.strip()]
    is_quoted = bool(filled) and all(each.lstrip().startswith(">") for each in filled)
    if is_quoted and not any(map(_FAILURE.fullmatch, filled)):
        text = "\n".join(each.lstrip().removeprefix(">").removeprefix(" ") for each in lines)
    return text


class _Finder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.splitlines(keepends=True)
        self._at = 0
        self._name = ""
        self._skipped: list[tuple[int, str]] = []
        self._failure = ""

    def sections(self) -> Iterator[Section]:
        last: Section | None = None
        other: Section | None = None
        while self._at < len(self._lines):
            found = self._section()
            if found is None:
                self._pass_over()
            elif found.format == "other":
                other = other or found
                self._skipped.append((found.line, found.text.partition("\n")[0]))
            else:
                if last is not None:
                    yield last
                last = found
                last.skipped, self._skipped = self._skipped, []
        if last is not None:
            last.skipped += self._skipped
            yield last
        else:
            yield other or Section("other", "", 1, reason=self._reason())

    def _reason(self) -> str:
        if self._failure:
            return self._failure
        if not self._text.strip():
            return "empty"
        return "neither JSON nor YAML nor the table of service list"

    def _pass_over(self) -> None:
        line = self._lines[self._at]
        text = line.strip()
        if text:
            self._skipped.append((self._at + 1, text))
            if heading := _heading(line):
                self._name = heading
            elif command := _EXEC.search(line):
                self._name = command["pod"]
            if failure := _FAILURE.match(text):
                self._failure = f"the command failed: {failure['reason']}"
            elif _ERROR.fullmatch(line) and not self._failure:
                self._failure = f"the command failed: {text}"
        self._at += 1

    def _section(self) -> Section | None:
        line = self._lines[self._at]
        if TABLE_HEADER.fullmatch(line) or _is_row(line):
            return self._table()
        if line.strip() == "null" or _JSON_START.match(line + self._next_line()):
            return self._json()
        if _YAML_START.match(line.rstrip()):
            return self._lines_of("yaml", "")
        if found := _YAML_OTHERS.match(line):
            is_state_file = found["key"] in ("services", "endpoints")
            return self._lines_of("other", STATE_FILE if is_state_file else KUBERNETES)
        for pattern, reason in _OTHERS:
            if pattern.fullmatch(line.rstrip()):
                return self._lines_of("other", reason)
        return None

    def _next_line(self) -> str:
        following = self._lines[self._at + 1 : self._at + 2]
        return following[0] if following else ""

    def _table(self) -> Section:
        first = self._at
        has_header = bool(TABLE_HEADER.fullmatch(self._lines[first]))
        end = self._at = first + 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if _is_boundary(line) or TABLE_HEADER.fullmatch(line) or _JSON_START.match(line):
                break
            self._at += 1
            if _is_row(line) or _CUT.fullmatch(line.rstrip("\n")):
                end = self._at
        kept = [
            each if not each.strip() or _is_row(each) or _CUT.fullmatch(each.rstrip("\n")) else "\n"
            for each in self._lines[first + 1 : end]
        ]
        for number, each in enumerate(self._lines[first + 1 : self._at], first + 2):
            is_kept = number <= end and kept[number - first - 2].strip()
            if each.strip() and not is_kept:
                self._skipped.append((number, each.strip()))
        text = "".join([self._lines[first], *kept])
        return Section("text", text, first + 1, self._taken_name(), has_header=has_header)

    def _lines_of(self, format: SectionFormat, reason: str) -> Section:
        first = self._at
        while self._at < len(self._lines) and (
            self._at == first or not _is_boundary(self._lines[self._at])
        ):
            self._at += 1
        lines = self._lines[first : self._at]
        indent = min(len(x) - len(x.lstrip()) for x in lines if x.strip())
        text = "".join(each[indent:] if each.strip() else each for each in lines)
        return Section(format, text, first + 1, self._taken_name(), reason)

    def _json(self) -> Section:
        """Return JSON values one after another, up to what is not JSON."""
        first = self._at
        start = sum(map(len, self._lines[:first]))
        at = start
        while True:
            begin = _end_of_space(self._text, at)
            if at != start and self._text[begin : begin + 1] not in ("{", "["):
                break
            try:
                value, at = _decode(self._text, begin)
            except (ValueError, RecursionError):
                at = self._end_of_broken(begin)
                break
            if isinstance(value, list):
                break
        consumed = self._text.count("\n", start, at)
        rest = self._text[at : self._end_of_line(at)]
        self._at = first + consumed + 1
        section = Section("json", self._text[start:at], first + 1, self._taken_name())
        if rest.strip():
            self._skipped.append((first + consumed + 1, rest.strip()))
        return section

    def _end_of_broken(self, at: int) -> int:
        """Return where the next heading, prompt or dump begins, or the end."""
        end = self._end_of_line(at)
        while end < len(self._text):
            following = self._end_of_line(end + 1)
            line = self._text[end + 1 : following]
            if _heading(line) or _FENCE.fullmatch(line) or TABLE_HEADER.fullmatch(line):
                return end
            end = following
        return len(self._text)

    def _end_of_line(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _taken_name(self) -> str:
        name, self._name = self._name, ""
        return name


def _end_of_space(text: str, at: int) -> int:
    found = _skip(text, at)
    return found.end() if found else at


def _is_row(line: str) -> bool:
    if _ROW_BACKEND.search(line):
        return True
    found = _ROW_START.match(line)
    host = found[1].rpartition(":")[0] if found else ""
    return _IN_HOST.search(host) is not None


def _heading(line: str) -> str:
    """Return the name in a heading such as `=== node-1 ===`; empty if it is none."""
    text = line.strip()
    start = _HEADING_START.match(text)
    if start is None:
        return ""
    name = text[start.end() :]
    if name.endswith("=="):
        name = name.rstrip("=").removesuffix("<")
    elif name.endswith("---"):
        name = name.rstrip("-")
    else:
        name = name.rstrip("#")
    return name.strip()


def _is_boundary(line: str) -> bool:
    """Return whether a line ends what stands before it: a heading, a fence, a prompt, a failure."""
    return bool(
        _FENCE.fullmatch(line.rstrip("\n"))
        or _heading(line)
        or _FAILURE.match(line)
        or (_PROMPT.fullmatch(line.rstrip("\n")) and not _is_row(line))
    )
