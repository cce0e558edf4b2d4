"""The results of validating, as people and as programs read them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ...checking.problems import Problem, Severity
from ...checking.verdict import Verdict, counted
from ...releases import Release
from ..exit_codes import INVALID, OK, TROUBLE
from .printing import Part, Printer, complain, visible

if TYPE_CHECKING:
    from ...dumps.notes import Note

__all__ = ["JsonReporter", "Reporter", "Summary", "TextReporter", "counted", "print_problem"]

_PLAIN = Release(1, 13)
"""The minor number of the release whose dumps need no remark."""


@dataclass
class Summary:
    """All files together."""

    files: int = 0
    invalid: int = 0
    unreadable: int = 0
    errors: int = 0
    warnings: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count a file in."""
        self.files += 1
        self.invalid += bool(verdict.errors)
        self.unreadable += bool(verdict.unreadable)
        self.errors += verdict.errors
        self.warnings += verdict.warnings

    @property
    def exit_code(self) -> int:
        """The exit code of the command: unreadable input outweighs invalid input."""
        if self.unreadable:
            return TROUBLE
        return INVALID if self.errors else OK


class Reporter(ABC):
    """Reports problems as they are found, then each file, then all files together."""

    wants_notes = True
    """Whether it does anything with notes."""

    def __init__(self, max_problems: int) -> None:
        self.max_problems = max_problems
        """How many problems are shown; 0 is all of them."""
        self._count = 0

    def problem(self, problem: Problem) -> None:
        """Report a problem, unless the limit is reached; a limit of 0 means no limit."""
        self._count += 1
        if not self.max_problems or self._count <= self.max_problems:
            self._tell(problem)

    def leave_out(self, count: int) -> None:
        """Count problems beyond the limit, which are not there to be reported."""
        self._count += count

    @property
    def left_out(self) -> int:
        """How many problems were not shown."""
        return max(0, self._count - self.max_problems) if self.max_problems else 0

    @abstractmethod
    def _tell(self, problem: Problem) -> None: ...

    @abstractmethod
    def notes(self, notes: Iterable[tuple[int | None, Note]]) -> None:
        """Take in the differences from 1.13, each with its line if known."""

    @abstractmethod
    def file(self, name: str, verdict: Verdict) -> None:
        """Report a file that has been read."""

    @abstractmethod
    def end(self, summary: Summary) -> None:
        """Report all files together."""


class TextReporter(Reporter):
    """For people: a line for each problem, for each file, and for all files."""

    wants_notes = False

    def __init__(self, printer: Printer, max_problems: int, *, is_quiet: bool) -> None:
        super().__init__(max_problems)
        self._printer = printer
        self._is_quiet = is_quiet

    def _tell(self, problem: Problem) -> None:
        print_problem(self._printer, problem)

    def notes(self, notes: Iterable[tuple[int | None, Note]]) -> None:
        """People get the notes counted: the verdict has the counts."""

    def file(self, name: str, verdict: Verdict) -> None:
        if verdict.unreadable:
            complain(f"cannot read {name}: {verdict.unreadable}")
        elif not self._is_quiet:
            self._printer.line(*_file_line(name, verdict))
            if verdict.rules:
                rules = [f"{number:,} {rule}" for rule, number in sorted(verdict.rules.items())]
                self._printer.line(f"    differences from 1.13: {', '.join(rules)}")

    def end(self, summary: Summary) -> None:
        if self.left_out:
            more = counted(self.left_out, "more problem")
            self._printer.line(f"{more} not shown; --max-problems 0 shows all")
        if not self._is_quiet:
            self._printer.line(*_summary_line(summary))


class JsonReporter(Reporter):
    """For programs: one JSON document at the end."""

    def __init__(self, printer: Printer, max_problems: int) -> None:
        super().__init__(max_problems)
        self._printer = printer
        self._files: list[dict[str, Any]] = []
        self._problems: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []

    def _tell(self, problem: Problem) -> None:
        self._problems.append(problem.as_json())

    def notes(self, notes: Iterable[tuple[int | None, Note]]) -> None:
        self._notes += [{"line": line, **asdict(note)} for line, note in notes]

    def file(self, name: str, verdict: Verdict) -> None:
        self._files.append(
            {
                "file": name,
                **verdict.as_json(),
                "unreadable": verdict.unreadable or None,
                "releases": verdict.span and verdict.span.names(),
                "rules": verdict.rules,
                "notes": self._notes,
                "problems": self._problems,
            }
        )
        self._problems, self._notes = [], []

    def end(self, summary: Summary) -> None:
        document = {
            "files": self._files,
            "summary": {**asdict(summary), "problems_left_out": self.left_out},
        }
        self._printer.stream.write(json.dumps(document, indent=2) + "\n")


def print_problem(printer: Printer, problem: Problem) -> None:
    """Print a problem on one line, begun as compilers do: `file:line:column:`.

    In a terminal, where few would fit into a line, the place has a line of its own.
    """
    head = _place(problem)
    finding = problem.finding
    message: list[Part] = [visible(problem.message)]
    if finding.meant:
        message += ["; did you mean ", (visible(finding.meant), "green"), "?"]
    if printer.is_terminal:
        printer.line(*head)
        printer.paragraph(*message)
    else:
        printer.line(*head, " ", *message)


def _place(problem: Problem) -> list[Part]:
    is_warning = problem.finding.severity is Severity.WARNING
    parts: list[Part] = [
        (f"{visible(problem.file)}:{problem.line}:{problem.column}:", "bold"),
        (" warning:", "yellow") if is_warning else (" error:", "bold red"),
    ]
    if problem.pointer:
        parts.append((f" {visible(problem.pointer)}:", "cyan"))
    return parts


def _file_line(name: str, verdict: Verdict) -> list[Part]:
    parts: list[Part] = [f"{visible(name)}: "]
    told = verdict.contents()
    if verdict.is_valid:
        parts += [("ok", "green"), f", {told or 'nothing in it'}"]
    else:
        parts += [("invalid", "bold red"), f", {counted(verdict.errors, 'error')}"]
        parts += [f"; valid: {told}"] if verdict.kinds else []
    if verdict.warnings:
        parts.append(f"; {counted(verdict.warnings, 'warning')}")
    if releases := _releases(verdict):
        parts.append(f"; {releases}")
    return parts


def _releases(verdict: Verdict) -> str:
    """Which releases a dump can be from; empty if 1.13 could have written it."""
    span = verdict.span
    if span is None or (not verdict.rules and _PLAIN in span):
        return ""
    if span.is_empty:
        return (
            f"from no one release: in part {span.latest} at the latest, "
            f"in part {span.earliest} at the earliest"
        )
    if span.earliest == span.latest:
        return f"from release {span.earliest}"
    return f"from release {span.earliest} to {span.latest}"


def _summary_line(summary: Summary) -> list[Part]:
    valid = summary.files - summary.invalid - summary.unreadable
    parts: list[Part] = [f"{counted(summary.files, 'file')}: ", (f"{valid:,} valid", "green")]
    if summary.invalid:
        parts += [", ", (f"{summary.invalid:,} invalid", "bold red")]
    if summary.unreadable:
        parts += [", ", (f"{summary.unreadable:,} unreadable", "bold red")]
    if summary.errors or summary.warnings:
        parts.append(f"; {counted(summary.errors, 'error')}")
        parts.append(f", {counted(summary.warnings, 'warning')}")
    return parts
