"""Services one after the other, out of input that need not fit into memory."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import IO, Any, NoReturn

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from ...domain.service import SVC
from ...errors import ConversionError
from ...wire.services import last_between, load_service, load_services
from .splitting import split_texts

__all__ = ["iter_services"]

Source = IO[bytes] | IO[str] | Iterable[bytes | str] | bytes | str

# Read and converted in pieces of this many bytes or characters.
_CHUNK = 1 << 20
# Of less than this, the last service is not kept back to be read with the next piece.
_LARGE = 1 << 16
_opening = re.compile(r"[ \t\r\n]*\[[ \t\r\n]*").match


def iter_services(source: Source) -> Iterator[SVC]:
    """The services of a file, or of pieces of text, as they come.

    Takes a JSON list of Service objects or one Service after the other, on lines of their
    own or not. No more is held than about two megabytes and the largest service.

    Raises:
        pydantic.ValidationError: something is not a service; its place starts with the index.
        ConversionError: likewise.
        UnicodeDecodeError: the bytes are not UTF-8.
    """
    pieces = _texts(source)
    rest, index = yield from _by_marks(pieces)
    for batch in split_texts(chain([rest], pieces)):
        texts = [batch.text[each.start : each.end] for each in batch.elements]
        yield from _convert(texts, index)
        index += len(texts)
        if batch.broken and not batch.is_empty:
            _refuse(batch.text[batch.end :], index)


def _by_marks(texts: Iterator[str]) -> Generator[SVC, None, tuple[str, int]]:
    """The services of large pieces of a list; what is left to be read, and how many they were.

    A piece ends before the last text that looks like what is between two services. It does end
    there if it is read as whole services, which the parser decides; else, and where it does not
    look so, it is left. To look for each service's end takes a third of the time.
    """
    text, index, is_list = "", 0, False
    for piece in texts:
        text += piece
        if not is_list:
            start = _opening(text)
            if start is None or len(text) < _LARGE:
                break
            text, is_list = text[start.end() :], True
        end, after = last_between(text)
        if end < 0 or len(piece) < _LARGE:
            break
        try:
            services = load_services(f"[{text[:end]}]")
        except ValueError:
            break
        text = text[after:]
        index += len(services)
        yield from services
    return f"[{text}" if is_list else text, index


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
    """The text of a source in pieces; a byte order mark at its start is not part of it."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for piece in _pieces(source):
        # What is given as a whole is split piece by piece all the same.
        for start in range(0, len(piece), _CHUNK):
            part = piece[start : start + _CHUNK]
            yield part if isinstance(part, str) else decoder.decode(part)
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


def _refuse(text: str, index: int) -> NoReturn:
    """Raise what Pydantic says of the text that is left, which does not begin with a value."""
    _convert_one(text, index)
    # A whole service can stand where the list should have gone on or ended.
    raise ConversionError("trailing characters", "service", f"/{index}")
