"""The result of validating files, gathered while they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ..payloads.checking import Checker
from ..payloads.kinds import Kind
from ..payloads.problems import Problem, Severity
from ..payloads.sources import CannotRead, Source
from .exit_codes import INVALID, OK, TROUBLE

__all__ = ["FileResult", "Summary", "validate_sources"]


@dataclass
class FileResult:
    """What is in one file, and what is wrong with it."""

    file: str
    kinds: Counter[Kind] = field(default_factory=Counter[Kind])
    """How many valid values of each kind there are."""
    backends: int = 0
    """How many backends the valid services have."""
    errors: int = 0
    warnings: int = 0
    unreadable: str = ""
    """Why it could not be read to its end."""

    @property
    def is_valid(self) -> bool:
        """Whether it was read and nothing is wrong with it."""
        return not self.errors and not self.unreadable


@dataclass
class Summary:
    """All files together."""

    files: int = 0
    invalid: int = 0
    unreadable: int = 0
    errors: int = 0
    warnings: int = 0

    def add(self, result: FileResult) -> None:
        """Count a file in."""
        self.files += 1
        self.invalid += bool(result.errors)
        self.unreadable += bool(result.unreadable)
        self.errors += result.errors
        self.warnings += result.warnings

    @property
    def exit_code(self) -> int:
        """Of the command: what could not be read outweighs what is invalid."""
        if self.unreadable:
            return TROUBLE
        return INVALID if self.errors else OK


def validate_sources(
    sources: Sequence[Source | CannotRead],
    checker: Checker,
    *,
    on_problem: Callable[[Problem], None],
    on_read: Callable[[int], None] | None = None,
) -> Iterator[FileResult]:
    """Validate one source after the other; problems are told of as they are found."""
    for source in sources:
        result = FileResult(source.name)
        try:
            if isinstance(source, CannotRead):
                raise source
            _validate(source, checker, result, on_problem, on_read)
        except CannotRead as error:
            result.unreadable = error.reason
        yield result


def _validate(
    source: Source,
    checker: Checker,
    result: FileResult,
    on_problem: Callable[[Problem], None],
    on_read: Callable[[int], None] | None,
) -> None:
    from loadbalancer import SVC, Backend, dump_services

    for checked in checker.check(source, on_read):
        services: list[SVC] = []
        for item in checked.items:
            result.kinds[item.kind] += 1
            if isinstance(item.domain, SVC):
                services.append(item.domain)
                result.backends += len(item.domain.backends)
            elif isinstance(item.domain, Backend):
                item.domain.get_backend_model()
            else:
                item.domain.get_model()
        # And back to the wire, as an agent would do that is asked what it has.
        dump_services(services)
        for problem in checked.problems:
            if problem.finding.severity is Severity.WARNING:
                result.warnings += 1
            else:
                result.errors += 1
            on_problem(problem)
