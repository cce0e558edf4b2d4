"""The table of services that `cilium service list` prints.

Piped, it is that table to the byte: columns as wide as their widest text and three spaces,
but five characters at least, the last one, too. In a terminal states have colours, and where
the table does not fit, every service has a block of lines instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .printing import STATE_STYLES, Part, Printer, visible

if TYPE_CHECKING:
    from loadbalancer import SVC

__all__ = ["Row", "print_services", "row_of"]

_TITLES = ("ID", "Frontend", "Service Type", "Backend")
_PADDING = 3
_MIN_WIDTH = 5


class Row(NamedTuple):
    """What the table says of a service. A million backends have to fit: it is kept small."""

    id: int
    frontend: str
    type: str
    backends: str
    """One line for each: address, space, state."""

    def backend_lines(self) -> Iterator[tuple[str, str]]:
        """The start of each backend's text, and its state."""
        lines = self.backends.split("\n") if self.backends else ()
        for number, line in enumerate(lines, start=1):
            address, _, state = line.rpartition(" ")
            yield f"{number} => {address} ", state


def row_of(service: SVC) -> Row:
    """The row of a service."""
    backends = "\n".join(f"{visible(str(each))} {each.state}" for each in service.backends)
    frontend = service.frontend
    return Row(frontend.id, visible(str(frontend)), str(service.type), backends)


def print_services(printer: Printer, rows: Sequence[Row]) -> None:
    """Print the table of rows."""
    widths = _widths(rows)
    # Without the space at its end a line fits into less.
    if printer.width is not None and sum(widths) - _PADDING > printer.width:
        for row in rows:
            _print_block(printer, row)
    elif printer.width is not None:
        printer.line(("".join(_padded(_TITLES, widths)).rstrip(), "bold"))
        for row in rows:
            for cells, state in _lines(row):
                *left, backend = _padded(cells, widths)
                printer.line(*left, *_backend(backend.rstrip(), state))
    else:
        printer.lines(_plain(rows, widths))


def _plain(rows: Sequence[Row], widths: Sequence[int]) -> Iterator[str]:
    yield "".join(_padded(_TITLES, widths))
    id_width, frontend_width, type_width, backend_width = widths
    for row in rows:
        for (id_, frontend, type_, backend), state in _lines(row):
            text = f"{backend}({state})" if state else ""
            yield (
                f"{id_:{id_width}}{frontend:{frontend_width}}"
                f"{type_:{type_width}}{text:{backend_width}}"
            )


def _lines(row: Row) -> Iterator[tuple[tuple[str, str, str, str], str]]:
    """The cells of each line of a row, and the state at the end of the last cell."""
    id_, frontend, type_ = str(row.id), row.frontend, row.type
    for backend, state in row.backend_lines():
        yield (id_, frontend, type_, backend), state
        id_ = frontend = type_ = ""
    if not row.backends:
        yield (id_, frontend, type_, ""), ""


def _backend(text: str, state: str) -> list[Part]:
    return [f"{text} ", (f"({state})", STATE_STYLES.get(state, ""))] if state else [text]


def _print_block(printer: Printer, row: Row) -> None:
    printer.line((f"{row.id}", "bold"), f" {row.frontend} {row.type}")
    for backend, state in row.backend_lines():
        printer.line("  ", *_backend(backend.rstrip(), state))


def _padded(cells: Iterable[str], widths: Iterable[int]) -> list[str]:
    return [f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)]


def _widths(rows: Iterable[Row]) -> list[int]:
    longest = [len(title) for title in _TITLES]
    for row in rows:
        longest[0] = max(longest[0], len(str(row.id)))
        longest[1] = max(longest[1], len(row.frontend))
        longest[2] = max(longest[2], len(row.type))
        for backend, state in row.backend_lines():
            longest[3] = max(longest[3], len(backend) + len(state) + 2)
    return [max(_MIN_WIDTH, length + _PADDING) for length in longest]
