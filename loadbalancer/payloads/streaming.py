"""Services one after the other, out of input that need not fit into memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import IO, Any, NoReturn

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from ..domain.service import SVC
from ..errors import ConversionError
from ..wire.lists import load_service, load_services

__all__ = ["iter_services"]

Source = IO[bytes] | IO[str] | Iterable[bytes | str] | bytes | str

# Read in pieces of this many bytes or characters, and converted in batches of about as many.
_CHUNK = 1 << 20
# A syntax error this close to the end of what has been read may be none once there is more:
# it takes no more than that to be in the middle of a number, a word or an escape.
_UNDECIDED = 32

# Only where a value ends is wanted: numbers stay the texts they are, however long.
_decode = json.JSONDecoder(parse_int=len, parse_float=len).raw_decode
_skip_space = re.compile(r"[ \t\r\n]*").match


def iter_services(source: Source) -> Iterator[SVC]:
    """The services of a file, or of pieces of text, as they come.

    Takes a JSON list of Service objects or one Service after the other, on lines of their
    own or not. No more is held than about two megabytes and the largest service.

    Raises:
        pydantic.ValidationError: something is no service; its place starts with the index.
        ConversionError: likewise.
        UnicodeDecodeError: bytes are no UTF-8.
    """
    index = 0
    for batch in _batches(_texts(source)):
        yield from _convert(batch, index)
        index += len(batch)


def _convert(texts: list[str], first: int) -> Iterable[SVC]:
    try:
        return load_services(f"[{','.join(texts)}]")
    except ValueError:
        # Once more one by one: the good ones are to come out before the bad one, whose place
        # is counted from the start of the input.
        return (_convert_one(text, first + index) for index, text in enumerate(texts))


def _convert_one(text: str, index: int) -> SVC:
    try:
        return load_service(text)
    except ConversionError as error:
        raise error.below(f"/{index}") from None
    except ValidationError as error:
        _raise_at(error, index)


def _raise_at(error: ValidationError, index: int) -> NoReturn:
    """Raise the same error with the index of the service in front of each place."""
    details: list[InitErrorDetails] = []
    for line in error.errors(include_url=False):
        detail: InitErrorDetails = {
            "type": line["type"],
            "loc": (index, *line["loc"]),
            "input": line["input"],
        }
        if "ctx" in line:
            detail["ctx"] = line["ctx"]
        details.append(detail)
    raise ValidationError.from_exception_data(error.title, details, input_type="json") from None


def _texts(source: Source) -> Iterator[str]:
    """The text of a source in pieces; a byte order mark at its start is no part of it."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for piece in _pieces(source):
        yield piece if isinstance(piece, str) else decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _pieces(source: Source) -> Iterator[bytes | str]:
    if isinstance(source, bytes | str):
        yield source
        return
    read: Any = getattr(source, "read", None)
    if read is None:
        yield from source
        return
    while piece := read(_CHUNK):
        yield piece


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    """The texts of the elements of a list or sequence, about `_CHUNK` characters at a time."""
    batch: list[str] = []
    size = 0
    for element in _elements(texts):
        batch.append(element)
        size += len(element)
        if size >= _CHUNK:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _elements(texts: Iterator[str]) -> Iterator[str]:
    reader = _Reader(texts)
    index = 0
    in_list = reader.skip("[")
    if in_list and reader.skip("]"):
        reader.expect_end(index)
        return
    while in_list or reader.more():
        yield reader.element(index)
        index += 1
        if in_list and not reader.skip(","):
            if not reader.skip("]"):
                reader.fail(index)
            reader.expect_end(index)
            return


class _Reader:
    """A buffer that is filled when what is asked for is not in it as a whole."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts
        self._buffer = ""
        self._place = 0

    def _fill(self) -> bool:
        """Get more, at least as much again as there is, so as not to try too often."""
        kept = self._buffer[self._place :]
        pieces, size = [kept], 0
        for text in self._texts:
            pieces.append(text)
            size += len(text)
            if size and size >= len(kept):
                break
        self._buffer, self._place = "".join(pieces), 0
        return size > 0

    def more(self) -> bool:
        """Whether anything but white space is left."""
        while True:
            if match := _skip_space(self._buffer, self._place):
                self._place = match.end()
            if self._place < len(self._buffer):
                return True
            if not self._fill():
                return False

    def skip(self, mark: str) -> bool:
        """Step over a mark, if it is what comes next."""
        if not self.more() or self._buffer[self._place] != mark:
            return False
        self._place += 1
        return True

    def element(self, index: int) -> str:
        """The text of the JSON value that comes next."""
        self.more()
        while True:
            try:
                _, end = _decode(self._buffer, self._place)
            except json.JSONDecodeError as error:
                undecided = error.pos > len(self._buffer) - _UNDECIDED
                if not (undecided or error.msg.startswith("Unterminated")) or not self._fill():
                    self.fail(index)
            except RecursionError:
                self.fail(index)
            else:
                # A number may go on in the next piece; an object or list has come to its end.
                if end < len(self._buffer) or not self._fill():
                    text = self._buffer[self._place : end]
                    self._place = end
                    return text

    def expect_end(self, index: int) -> None:
        """Refuse anything but white space."""
        if self.more():
            self.fail(index)

    def fail(self, index: int) -> NoReturn:
        """Raise what Pydantic says of the text that is left, which is no JSON value."""
        _convert_one(self._buffer[self._place :], index)
        # It is one after all, where none should be.
        raise ConversionError("trailing characters", "service", f"/{index}")
