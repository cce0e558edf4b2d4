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

__all__ = ["TITLES", "WIDE_TITLES", "Row", "print_services", "row_of", "wide_row_of"]

TITLES = ("ID", "Frontend", "Service Type", "Backend")
WIDE_TITLES = ("ID", "Node", "Name", "Frontend", "Protocol", "Service Type", "Backend")
_PADDING = 3
_MIN_WIDTH = 5


class Row(NamedTuple):
    """What the table shows of a service; kept small, since a million backends have to fit."""

    cells: tuple[str, ...]
    """What stands in front of the backends."""
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
    frontend = service.frontend
    cells = (str(frontend.id), visible(str(frontend)), str(service.type))
    return Row(cells, _backends(service))


def wide_row_of(service: SVC, node: str) -> Row:
    """The row of a service with its name, its protocol and the node that lists it."""
    frontend = service.frontend
    name = str(service.name) if service.name.name else ""
    protocol = "" if frontend.protocol == "NONE" else str(frontend.protocol)
    number, address, svc_type = row_of(service).cells
    cells = (number, visible(node), visible(name), address, protocol, svc_type)
    return Row(cells, _backends(service))


def _backends(service: SVC) -> str:
    return "\n".join(f"{visible(str(each))} {each.state}" for each in service.backends)


def print_services(printer: Printer, rows: Sequence[Row], titles: Sequence[str] = TITLES) -> None:
    """Print the table of rows."""
    widths = _widths(rows, titles)
    # Without the space at its end a line fits into less.
    if printer.width is not None and sum(widths) - _PADDING > printer.width:
        for row in rows:
            _print_block(printer, row)
    elif printer.is_styled:
        printer.line(("".join(_padded(titles, widths)).rstrip(), "bold"))
        for row in rows:
            for cells, state in _lines(row):
                *left, backend = _padded(cells, widths)
                printer.line(*left, *_backend(backend.rstrip(), state))
    else:
        printer.lines(_plain(rows, titles, widths))


def _plain(rows: Sequence[Row], titles: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    line = "".join(f"{{:{width}}}" for width in widths).format
    yield line(*titles)
    for row in rows:
        for (*cells, backend), state in _lines(row):
            yield line(*cells, f"{backend}({state})" if state else "")


def _lines(row: Row) -> Iterator[tuple[tuple[str, ...], str]]:
    """The cells of each line of a row, and the state at the end of the last cell."""
    cells = row.cells
    for backend, state in row.backend_lines():
        yield (*cells, backend), state
        cells = ("",) * len(cells)
    if not row.backends:
        yield (*cells, ""), ""


def _backend(text: str, state: str) -> list[Part]:
    return [f"{text} ", (f"({state})", STATE_STYLES.get(state, ""))] if state else [text]


def _print_block(printer: Printer, row: Row) -> None:
    number, *others = row.cells
    printer.line((number, "bold"), " ", " ".join(filter(None, others)))
    for backend, state in row.backend_lines():
        printer.line("  ", *_backend(backend.rstrip(), state))


def _padded(cells: Iterable[str], widths: Iterable[int]) -> list[str]:
    return [f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)]


def _widths(rows: Iterable[Row], titles: Iterable[str]) -> list[int]:
    longest = [len(title) for title in titles]
    for row in rows:
        for column, cell in enumerate(row.cells):
            longest[column] = max(longest[column], len(cell))
        for backend, state in row.backend_lines():
            longest[-1] = max(longest[-1], len(backend) + len(state) + 2)
    return [max(_MIN_WIDTH, length + _PADDING) for length in longest]
