"""The input of commands: the valid values of sources. Everything else is reported as a problem."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ...checking.checker import Checked, Checker, Item
from ...checking.kinds import Kind
from ...checking.problems import Problem, Severity
from ..exit_codes import INVALID, OK, TROUBLE
from ..output.printing import Printer, complain
from ..output.reporting import print_problem
from .sources import CannotRead, Source

if TYPE_CHECKING:
    from loadbalancer import SVC

__all__ = ["Intake"]

_MOST_TOLD = 100


class Intake:
    """Reads valid values from sources, and reports everything else on standard error."""

    def __init__(self, hide_bar: Callable[[], None], on_read: Callable[[int], None]) -> None:
        self.exit_code = OK
        self._has_read = False
        self.is_list = False
        """Whether there has been an array, or more than one value, valid or not."""
        self.dumps: dict[str, None] = {}
        """The headings of the dumps."""
        self.omitted: set[str] = set()
        """The facts that the forms of the dumps do not have."""
        self._values = 0
        self._hide_bar = hide_bar
        self._on_read = on_read
        self._errors: Printer | None = None
        self._told = self._left_out = 0

    @property
    def is_unreadable(self) -> bool:
        """Whether no source could be read, not even its first value."""
        return self.exit_code == TROUBLE and not self._has_read

    def items(self, sources: Iterable[Source | CannotRead], kind: Kind | None) -> Iterator[Item]:
        """All valid values; afterwards `exit_code` says whether there were invalid ones."""
        checker = Checker(kind, warns=False, most_diagnosed=_MOST_TOLD)
        for source in sources:
            try:
                if isinstance(source, CannotRead):
                    raise source
                for checked in checker.check(source.chunks(self._on_read), source.name):
                    self._count(checked)
                    self.omitted |= checked.omitted
                    self._report_notes(source.name, checked)
                    yield from checked.items
                    for problem in checked.problems:
                        self._refuse(problem)
                    self._left_out += checked.undiagnosed
                self._has_read = True
            except CannotRead as error:
                self._hide_bar()
                complain(f"cannot read {error.name}: {error.reason}")
                self.exit_code = TROUBLE
        if self._left_out:
            complain(f"and {self._left_out:,} more problems, see `loadbalancer validate`")
            self._left_out = 0

    def services(self, sources: Iterable[Source | CannotRead]) -> Iterator[SVC]:
        """Yield all valid services; other values are reported and left out."""
        return (svc for svc, _ in self.named_services(sources))

    def named_services(self, sources: Iterable[Source | CannotRead]) -> Iterator[tuple[SVC, str]]:
        """Yield all valid services, each with the heading of its dump where a text has several."""
        from ...domain.service import SVC

        for item in self.items(sources, None):
            if isinstance(item.domain, SVC):
                self.dumps[item.dump] = None
                yield item.domain, item.dump
            else:
                self._hide_bar()
                complain(f"left out, since it is not a service: {item.kind}")
                self.exit_code = max(self.exit_code, INVALID)

    def _report_notes(self, name: str, checked: Checked) -> None:
        for _, note in checked.notes:
            self._hide_bar()
            complain(f"{name}: {note.message}")

    def _count(self, checked: Checked) -> None:
        self._has_read = True
        self._values += len(checked.items) + len(checked.refused)
        self.is_list = self.is_list or checked.is_list or self._values > 1

    def _refuse(self, problem: Problem) -> None:
        if problem.finding.severity is Severity.ERROR:
            self.exit_code = max(self.exit_code, INVALID)
        if self._told == _MOST_TOLD:
            self._left_out += 1
            return
        self._told += 1
        self._hide_bar()
        if self._errors is None:
            self._errors = Printer(sys.stderr)
        print_problem(self._errors, problem)
