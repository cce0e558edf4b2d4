"""JSON read piece by piece: the values of a text of any length, with their places in it.

A text is a JSON array, whose elements are the values, or a JSON value, or several of either
in a row, which newline-delimited JSON is. Only a piece of it is in memory at a time.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from json import JSONDecodeError, JSONDecoder
from sys import get_int_max_str_digits
from typing import Any, NamedTuple, NoReturn

from .positions import TOKENS

__all__ = ["Batch", "BrokenText", "Element", "read_batches", "split_texts"]

"""What reads many values of a text at once, from an index on, with commas between them.

It returns what they are, and the index behind the last of them; nothing if they are to be taken
apart.
"""


class Element(NamedTuple):
    """One value: what it is, where in the text of its batch it stands, and its pointer."""

    value: Any
    start: int
    end: int
    pointer: str
    """The place in the JSON value it belongs to: `/3` in an array, empty for a whole."""


@dataclass(frozen=True, slots=True)
class BrokenText:
    """Where and why a text is not JSON."""

    at: int
    pointer: str
    reason: str


@dataclass
class Batch:
    """Values that stand in a row, and what breaks the row off, if anything does."""

    text: str
    line: int
    """The line at which the text begins, from 1."""
    column: int
    """The column at which the text begins, from 1."""
    elements: list[Element]
    broken: BrokenText | None = None
    is_list: bool = False
    """Whether there has been an array of values so far, be it empty."""
    is_empty: bool = False
    """Whether there has been nothing but white space so far."""
    end: int = 0
    """The index behind the last value, at which the next one would begin."""

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, from 1, of an index into the text."""
        index = bisect_right(self._line_starts, at)
        if not index:
            return self.line, self.column + at
        return self.line + index, at - self._line_starts[index - 1] + 1

    @property
    def text_behind(self) -> str:
        """The text that stands where another value could begin, but is not JSON; empty if none."""
        broken = self.broken
        if broken is None or broken.pointer or self.text[self.end : broken.at].strip():
            return ""
        rest = self.text[broken.at :]
        return "" if rest[:1] in ("{", "[") else rest

    @cached_property
    def _line_starts(self) -> list[int]:
        return [match.end() for match in re.finditer("\n", self.text)]


def read_batches(chunks: Iterable[bytes]) -> Iterator[Batch]:
    """The values of a JSON text in UTF-8, with or without byte order mark.

    What is not JSON ends the text, but for a line of newline-delimited JSON: what follows
    the line is read.
    """
    return _Reader(_decoded(chunks)).batches()


def split_texts(texts: Iterator[str]) -> Iterator[Batch]:
    """The same of a text that has been decoded, for those who read the values themselves.

    Elements have no `value`, and numbers may be any. The text is one array or a sequence of
    values: what is behind an array breaks it off.
    """
    return _Reader(texts, decode=_find_end, is_one_list=True).batches()


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    is_first = True
    try:
        for chunk in chunks:
            if is_first and (chunk[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in chunk[:4]):
                raise _Undecodable("UTF-16, UTF-32 or binary data; expected JSON in UTF-8")
            is_first = False
            yield decode(chunk)
        decode(b"", True)
    except UnicodeDecodeError as error:
        yield error.object[: error.start].decode()
        reason = f"byte 0x{error.object[error.start]:02x} is no UTF-8"
        raise _Undecodable(reason) from None


class _Expects(Enum):
    """What may come next."""

    VALUE = "a value of its own, or an array of values"
    FIRST = "the first element of an array, or its end"
    COMMA = "a comma or the end of an array"
    ELEMENT = "an element of an array"


class _NeedsMore(Exception):
    """The text so far ends too early to tell."""


class _Undecodable(Exception):
    """The bytes go on, but not as text."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class _Broken(Exception):
    def __init__(self, at: int, reason: str) -> None:
        self.at = at
        self.reason = reason


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_CONSTANTS = ("NaN", "Infinity", "-Infinity")
_decode = JSONDecoder(parse_constant=_refuse_constant).raw_decode
# Only where a value ends is wanted: numbers stay the texts they are, however long.
_raw_decode = JSONDecoder(parse_int=len, parse_float=len).raw_decode


def _find_end(text: str, at: int) -> tuple[None, int]:
    return None, _raw_decode(text, at)[1]


_skip_space = re.compile(r"[ \t\r\n]*").match
# How far before the end of a text the decoder may complain about its ending too early: the
# longest token it looks at as a whole is a pair of escaped surrogates.
_LONGEST_TOKEN = 16


@dataclass
class _Reader:
    texts: Iterator[str]
    decode: Callable[[str, int], tuple[Any, int]] = _decode
    is_one_list: bool = False
    """Whether an array is all there may be."""
    text: str = ""
    at: int = 0
    line: int = 1
    column: int = 1
    elements: list[Element] = field(default_factory=list[Element])
    expects: _Expects = _Expects.VALUE
    index: int = 0
    """Of the next element of the array."""
    is_empty: bool = True
    is_list: bool = False
    undecodable: str = ""
    """Why the text ends where it does, if not because everything has been read."""

    def batches(self) -> Iterator[Batch]:
        is_last = False
        while True:
            try:
                self._scan(is_last)
            except _NeedsMore:
                pass
            except _Broken as broken:
                distance = broken.at - self.at
                yield self._batch(broken)
                if not self._goes_on_below(distance):
                    return
                continue
            if is_last:
                yield self._batch(self._end())
                return
            if self.elements:
                yield self._batch()
            # As much again as there is left: an element is not looked at too often while it grows.
            wanted = len(self.text)
            pieces = [self.text]
            while wanted >= 0 and not is_last:
                piece = self._next_text()
                is_last = piece is None
                pieces.append(piece or "")
                wanted -= len(pieces[-1]) or 1
            self.text = "".join(pieces)

    def _next_text(self) -> str | None:
        try:
            return next(self.texts, None)
        except _Undecodable as error:
            self.undecodable = error.reason
            return None

    def _scan(self, is_last: bool) -> None:
        """Take elements until the text is used up."""
        while True:
            space = _skip_space(self.text, self.at)
            self.at = space.end() if space else self.at
            if self.at >= len(self.text):
                return
            char = self.text[self.at]
            has_value, self.is_empty = not self.is_empty, False
            match self.expects:
                case _Expects.VALUE if self.is_one_list and self.is_list:
                    raise _Broken(self.at, "text behind the JSON")
                case _Expects.VALUE if char == "[" and not (self.is_one_list and has_value):
                    self.at += 1
                    self.index = 0
                    self.expects = _Expects.FIRST
                    self.is_list = True
                case _Expects.FIRST | _Expects.COMMA if char == "]":
                    self.at += 1
                    self.expects = _Expects.VALUE
                case _Expects.COMMA if char == ",":
                    self.at += 1
                    self.expects = _Expects.ELEMENT
                case _Expects.COMMA:
                    raise _Broken(self.at, f"expected a comma or ], found {self._found(self.at)}")
                case _:
                    self._take_element(is_last)

    def _take_element(self, is_last: bool) -> None:
        try:
            value, end = self.decode(self.text, self.at)
        except JSONDecodeError as error:
            ends_early = error.msg.startswith("Unterminated string")
            if not is_last and (ends_early or error.pos >= len(self.text) - _LONGEST_TOKEN):
                raise _NeedsMore from None
            if error.pos >= len(self.text.rstrip()) or self.undecodable:
                raise self._end_within() from None
            if ends_early:
                raise _Broken(error.pos, "a string without its closing quote") from None
            raise _Broken(error.pos, self._syntax_error(error)) from None
        except RecursionError:
            raise _Broken(self.at, "nested too deeply") from None
        except ValueError as error:
            raise self._odd_number(error) from None
        if end == len(self.text) and not is_last:
            # A number may go on.
            raise _NeedsMore
        if self.expects is _Expects.VALUE:
            pointer = ""
        else:
            pointer = f"/{self.index}"
            self.index += 1
            self.expects = _Expects.COMMA
        self.elements.append(Element(value, self.at, end, pointer))
        self.at = end

    def _batch(self, broken: _Broken | None = None) -> Batch:
        """What has been taken, and let go of the text so far."""
        pointer = "" if self.expects is _Expects.VALUE else f"/{self.index}"
        cause = BrokenText(broken.at, pointer, broken.reason) if broken else None
        batch = Batch(
            self.text,
            self.line,
            self.column,
            self.elements,
            cause,
            self.is_list,
            self.is_empty,
            self.at,
        )
        newlines = self.text.count("\n", 0, self.at)
        self.line += newlines
        last = self.text.rfind("\n", 0, self.at)
        self.column = self.at - last if newlines else self.column + self.at
        self.text = self.text[self.at :]
        self.at = 0
        self.elements = []
        return batch

    def _goes_on_below(self, distance: int) -> bool:
        """Go on below a broken line, if it may be one of newline-delimited JSON.

        The text begins with the value that is broken, at that distance from its beginning.
        """
        if self.expects is not _Expects.VALUE or self.column != 1 or self.undecodable:
            return False
        end = self.text.find("\n")
        if end < distance or not self.text.startswith(("{", "["), end + 1):
            return False
        self.at = end + 1
        return True

    def _end(self) -> _Broken | None:
        if self.undecodable or self.expects is not _Expects.VALUE:
            return self._end_within()
        return _Broken(self.at, "empty, expected JSON") if self.is_empty else None

    def _end_within(self) -> _Broken:
        reason = self.undecodable or "the text ends here, in the middle of a JSON value"
        return _Broken(len(self.text), reason)

    def _syntax_error(self, error: JSONDecodeError) -> str:
        if self.text[error.pos] == "\0":
            return "a NUL byte; the file is binary, or was not written to its end"
        reason = error.msg[:1].lower() + error.msg[1:]
        return f"{reason}, found {self._found(error.pos)}"

    def _odd_number(self, error: ValueError) -> _Broken:
        """Where the number is that is none of JSON, or is more than Python reads."""
        limit = get_int_max_str_digits()
        for match in TOKENS.finditer(self.text, self.at):
            if match[0] in _CONSTANTS:
                return _Broken(match.start(), str(error))
            if len(match[0]) > limit and match[0][0] != '"':
                return _Broken(match.start(), f"a number of more than {limit:,} digits")
        return _Broken(self.at, str(error))

    def _found(self, at: int) -> str:
        return "a NUL byte" if self.text[at] == "\0" else ascii(self.text[at])
