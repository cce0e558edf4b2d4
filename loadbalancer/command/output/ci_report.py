"""The results of validating for CI systems, in the formats that an audit has, too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ...checking.problems import RULES, Problem, Severity
from ...checking.verdict import Verdict, counted
from ...reports.ci import Entry, Level, ci_text
from .printing import Printer, complain, visible
from .reporting import Reporter, Summary

if TYPE_CHECKING:
    from ...dumps.notes import Note

__all__ = ["CiReporter"]

_NOT_SHOWN = "not-shown"
_RULES = {
    **{str(rule): (meaning, "") for rule, meaning in RULES.items()},
    _NOT_SHOWN: ("There are more problems than --max-problems shows.", ""),
}


class CiReporter(Reporter):
    """For CI systems: one report at the end, or a line for each problem (`concise`)."""

    wants_notes = False

    def __init__(self, printer: Printer, max_problems: int, output_format: str) -> None:
        super().__init__(max_problems)
        self._printer = printer
        self._format = output_format
        self._entries: list[Entry] = []
        self._paths: list[str] = []
        self._told = 0
        """How many of the entries are of the files before this one."""

    def _tell(self, problem: Problem) -> None:
        finding = problem.finding
        message = problem.message
        if finding.meant:
            message += f"; did you mean {finding.meant}?"
        is_warning = finding.severity is Severity.WARNING
        entry = Entry(
            finding.rule,
            "warning" if is_warning else "error",
            message,
            _in_repository(problem.file),
            problem.line,
            problem.column,
            pointer=problem.pointer,
        )
        self._entries.append(entry)

    def notes(self, notes: Iterable[tuple[int | None, Note]]) -> None:
        """Differences from 1.13 are no problems."""

    def file(self, name: str, verdict: Verdict) -> None:
        path = _in_repository(name)
        self._paths.append(path)
        told = self._entries[self._told :]
        errors = verdict.errors - sum(each.severity == "error" for each in told)
        if more := verdict.errors + verdict.warnings - len(told):
            message = f"{counted(more, 'more problem')} not shown; --max-problems 0 shows all"
            severity: Level = "error" if errors else "warning"
            self._entries.append(Entry(_NOT_SHOWN, severity, message, path, 1, 1))
        if verdict.unreadable:
            complain(f"cannot read {name}: {verdict.unreadable}")
            message = f"cannot be read: {verdict.unreadable}"
            self._entries.append(Entry("unreadable", "error", message, path, 1, 1))
        self._told = len(self._entries)

    def end(self, summary: Summary) -> None:
        if self._format == "concise":
            for each in self._entries:
                line = f"{each.place}: {each.severity}: {each.rule}: {each.text}"
                self._printer.line(visible(line))
            return
        name = "loadbalancer validate"
        text = ci_text(self._format, self._entries, self._paths, name, _RULES)
        self._printer.stream.write(text)


def _in_repository(name: str) -> str:
    """Return the path as CI systems know it: from the working directory on, without `./`."""
    path, here = Path(name), Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
