"""Payloads checked: what the values of a text stand for, and all that is wrong with them.

Good payloads go the library's fast way, many at once. Only what is refused there is looked
at value by value.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from ..dumps.facts import JSON_OMITS
from ..dumps.formats import archive_format, begins_as_payload, sections
from ..dumps.json_text.positions import Path, find_spans, pointer
from ..dumps.json_text.splitting import Batch, Element, read_batches
from ..dumps.json_text.values import is_object
from ..dumps.notes import ABOUT_THE_TEXT, Note
from .kinds import Kind, as_read_by_agent, has_unknown_keys, recognise
from .problems import Finding, Problem, Rule

if TYPE_CHECKING:
    from loadbalancer import SVC, Backend, L3n4Addr
    from loadbalancer.models import ServiceSpec

    from ..dumps.dump import Dump
    from ..releases import ReleaseRange
    from .diagnosis import Diagnosis
    from .release_check import ReleaseLook

__all__ = ["Checked", "Checker", "Item", "StateUpdate"]


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """An update of backend states: what was sent, and the backends that the agent reads."""

    spec: ServiceSpec
    backends: list[Backend]


@dataclass(frozen=True, slots=True)
class Item:
    """A valid value: what kind it is of, and the domain object it stands for."""

    kind: Kind
    domain: SVC | Backend | L3n4Addr | StateUpdate
    dump: str = ""
    """The heading of the dump in which it stands, where a text has several."""


@dataclass
class Checked:
    """What has been found out about a piece of a text."""

    items: list[Item] = field(default_factory=list[Item])
    problems: list[Problem] = field(default_factory=list[Problem])
    refused: list[Kind | None] = field(default_factory=list["Kind | None"])
    """What each invalid value was taken for; None for one that was not recognised."""
    undiagnosed: int = 0
    """How many invalid values have no problems here, see `Checker.most_diagnosed`."""
    is_list: bool = False
    """Whether the text has a JSON array so far, be it empty."""
    notes: list[tuple[int | None, Note]] = field(default_factory=list["tuple[int | None, Note]"])
    """The differences from 1.13, each with the line of its service if known."""
    span: ReleaseRange | None = None
    """The releases that the text can be from, by all that was seen so far; None if not looked."""

    name: str = ""
    """The heading of the dump, where a text has several."""
    omitted: frozenset[str] = frozenset()
    """The facts that the form of the dump does not have."""
    rest: str | None = None
    """Text behind the JSON that is not JSON."""

    def add_notes(self, notes: Iterable[Note], line: int | None = None) -> None:
        """Add notes on one service, or on a whole dump."""
        self.notes += [(line, note) for note in notes]


@dataclass(frozen=True)
class Checker:
    """How values are checked."""

    kind: Kind | None = None
    """What they are to be; else it is told by their keys."""
    strict_keys: bool = False
    warns: bool = True
    """Whether it warns of unknown keys that come close to a known one."""
    is_strict: bool = False
    """Whether services are to be as release 1.13 has them; else any release will do."""
    looks_at_releases: bool = False
    """Whether it says which releases services can be from, unless it is strict."""
    release: str | None = None
    """The release that services are to be from; else any will do."""
    allow_empty: bool = False
    """Whether a state file may have no services."""
    most_diagnosed: int = 0
    """After how many problems invalid values of JSON are only counted; 0 is never."""

    @property
    def reads_dumps(self) -> bool:
        """Whether dumps in any format and from any release are accepted."""
        return not self.is_strict and self.kind in (None, Kind.SERVICE)

    @property
    def looks_at_keys(self) -> bool:
        """Whether there is something to say of a key that is not known."""
        return self.strict_keys or self.warns

    def check(self, chunks: Iterable[bytes], file: str = "") -> Iterator[Checked]:
        """What there is in a text that comes in pieces, in order; `file` is its name in problems.

        Raises:
            CannotRead: the pieces are of a `Source` that cannot be read, or no further.
        """
        pieces = iter(chunks)
        first = next(pieces, b"")
        if not self.reads_dumps or begins_as_payload(first):
            yield from self._check_json(chain([first], pieces), file)
            return
        # An archive is refused, however long it is.
        data = first if archive_format(first) else b"".join([first, *pieces])
        yield from self._check_dumps(data, file)

    def _check_json(self, chunks: Iterable[bytes], file: str) -> Iterator[Checked]:
        look = self._release_look()
        pieces = iter(chunks)
        room = self.most_diagnosed or sys.maxsize
        for batch in read_batches(pieces):
            checked = _BatchCheck(self, file, batch, look, room).run()
            room -= len(checked.problems)
            yield checked
            if checked.rest is not None:
                yield from self._check_rest(checked.rest.encode() + b"".join(pieces), file)

    def _check_rest(self, data: bytes, file: str) -> Iterator[Checked]:
        """Check the text behind JSON, which may have other dumps in it."""
        text = data.decode(errors="replace")
        if next(sections(text)).format != "other":
            yield from self._check_dumps(data, file)
            return
        first = text.strip().partition("\n")[0]
        note = Note("", "trailing-text", f"not read: {first[:80]!r}")
        yield Checked(notes=[(None, note)])

    def _release_look(self) -> ReleaseLook | None:
        if self.is_strict or not (self.looks_at_releases or self.release):
            return None
        from .release_check import ReleaseLook

        return ReleaseLook(self.release or "")

    def _check_dumps(self, data: bytes, file: str) -> Iterator[Checked]:
        """Check dumps in other formats than the API's JSON; they are held as a whole."""
        from ..dumps.decoding import decoded
        from ..dumps.reading import read_dumps
        from ..errors import LoadBalancerError

        try:
            content = decoded(data)
            content = content.encode() if isinstance(content, str) else content
            if begins_as_payload(content) and content is not data:
                yield from self._check_json([content], file)
                return
            if (found := self._check_state_file(content, file)) is not None:
                yield found
                return
            dumps = read_dumps(content, release=self.release)
        except LoadBalancerError as error:
            finding = Finding(str(error), rule="unrecognised")
            yield Checked(problems=[Problem(file, 1, 1, "", finding)])
            return
        for dump in dumps:
            yield self._checked(dump, file)

    def _check_state_file(self, content: bytes, file: str) -> Checked | None:
        """Check a state file; None if it is something else."""
        from .state_files import check_state_text, state_file_of

        text = content.decode(errors="replace")
        if (document := state_file_of(text)) is None:
            return None
        return check_state_text(
            text, document, file, release=self.release, allow_empty=self.allow_empty
        )

    def _checked(self, dump: Dump, file: str) -> Checked:
        items = [Item(Kind.SERVICE, svc, dump.name) for svc in dump.services]
        checked = Checked(items, is_list=True, name=dump.name, omitted=dump.omitted)
        for problem in dump.problems:
            checked.refused.append(Kind.SERVICE)
            rule: Rule = "invalid-value" if problem.pointer or items else "unrecognised"
            finding = Finding(problem.reason, rule=rule)
            checked.problems.append(Problem(file, problem.line or 1, 1, problem.pointer, finding))
        look = self._release_look()
        if look is None:
            checked.add_notes(each for each in dump.notes if each.rule in ABOUT_THE_TEXT)
        elif dump.services:
            checked.add_notes(look.dump(dump))
            checked.span = look.span
            if refusal := look.refusal():
                checked.problems.append(Problem(file, 1, 1, "", refusal))
        return checked


_Group = tuple[Kind | None, list[Element]]


@dataclass
class _BatchCheck:
    checker: Checker
    file: str
    batch: Batch
    look: ReleaseLook | None
    room: int
    """How many problems are diagnosed."""

    def run(self) -> Checked:
        checked = Checked(is_list=self.batch.is_list, omitted=JSON_OMITS)
        for kind, elements in self._groups():
            texts = [self._text(each) for each in elements]
            domains = _load(kind, texts, is_strict=self.checker.is_strict) if kind else None
            if kind is None or domains is None:
                for element in elements:
                    self._check_one(kind, element, checked)
                continue
            for element, domain in zip(elements, domains, strict=True):
                self._accept(element, Item(kind, domain), checked)
                if self.checker.looks_at_keys:
                    self._add_problems(element, self._diagnose_keys(element, kind), checked)
        if broken := self.batch.broken:
            has_values = self.batch.is_list or bool(checked.items or checked.refused)
            if has_values and self.checker.reads_dumps and self.batch.text_behind:
                checked.rest = self.batch.text_behind
                return checked
            line, column = self.batch.place(broken.at)
            finding = Finding(f"not JSON: {broken.reason}", rule="not-json")
            checked.problems.append(Problem(self.file, line, column, broken.pointer, finding))
        return checked

    def _groups(self) -> Iterator[_Group]:
        """The elements, as long as they are of one kind together."""

        def kind_of(element: Element) -> Kind | None:
            if self.checker.kind:
                return as_read_by_agent(self.checker.kind, element.value)
            return recognise(element.value)

        for kind, elements in groupby(self.batch.elements, kind_of):
            yield kind, list(elements)

    def _check_one(self, kind: Kind | None, element: Element, checked: Checked) -> None:
        """Check an element, which may be refused."""
        from .diagnosis import diagnose, unrecognised

        value = element.value
        is_diagnosed = len(checked.problems) < self.room
        if kind is None or not is_object(value):
            checked.refused.append(kind)
            if not is_diagnosed:
                checked.undiagnosed += 1
                return
            self._add_problems(element, [unrecognised(value)], checked)
            return
        text = self._text(element)
        domains = _load(kind, [text], is_strict=self.checker.is_strict)
        if domains:
            self._accept(element, Item(kind, domains[0]), checked)
            found = self._diagnose_keys(element, kind) if self.checker.looks_at_keys else ()
        elif not is_diagnosed:
            checked.refused.append(kind)
            checked.undiagnosed += 1
            return
        else:
            checked.refused.append(kind)
            strict_keys = self.checker.strict_keys
            found = diagnose(text, value, kind, strict_keys=strict_keys)
            if kind is Kind.SERVICE and not self.checker.is_strict:
                from .any_release import of_any_release

                found = of_any_release(text, found)
        self._add_problems(element, found, checked)

    def _accept(self, element: Element, item: Item, checked: Checked) -> None:
        """Take in a valid value, and look at what releases it can be from."""
        checked.items.append(item)
        if self.look is None or item.kind is not Kind.SERVICE:
            return
        notes = self.look.service(element.value, element.pointer)
        refusal = self.look.refusal()
        checked.span = self.look.span
        if not notes and not refusal:
            return
        line, column = self.batch.place(element.start)
        checked.add_notes(notes, line)
        if refusal:
            problem = Problem(self.file, line, column, element.pointer, refusal)
            checked.problems.append(problem)

    def _diagnose_keys(self, element: Element, kind: Kind) -> Sequence[Diagnosis]:
        if not has_unknown_keys(element.value, kind):
            return ()
        from .diagnosis import diagnose_keys

        return list(diagnose_keys(element.value, kind, strict_keys=self.checker.strict_keys))

    def _add_problems(
        self, element: Element, diagnoses: Iterable[Diagnosis], checked: Checked
    ) -> None:
        diagnoses = list(diagnoses)
        if not diagnoses:
            return
        paths: list[Path] = [each.path for each in diagnoses]
        spans = find_spans(self.batch.text, element.start, paths)
        problems: list[Problem] = []
        for path, finding, about in diagnoses:
            span = spans[path]
            at = span.value if about == "value" or span.key is None else span.key
            line, column = self.batch.place(at)
            where = element.pointer + pointer(path)
            problems.append(Problem(self.file, line, column, where, finding))
        problems.sort(key=lambda problem: (problem.line, problem.column))
        checked.problems += problems

    def _text(self, element: Element) -> str:
        return self.batch.text[element.start : element.end]


def _load(
    kind: Kind, texts: Sequence[str], *, is_strict: bool
) -> Sequence[SVC | Backend | L3n4Addr | StateUpdate] | None:
    """The domain objects of JSON texts of one kind; None if any of them is refused."""
    from pydantic import ValidationError

    from loadbalancer import ConversionError

    try:
        if kind is Kind.SERVICE and not is_strict:
            return _load_services_of_any_release(texts)
        return _LOADERS[kind](texts)
    except (ValidationError, ConversionError):
        return None


def _load_services(texts: Iterable[str]) -> Sequence[SVC]:
    from loadbalancer import load_services

    return load_services(f"[{','.join(texts)}]")


def _load_services_of_any_release(texts: Iterable[str]) -> Sequence[SVC]:
    from ..dumps.service_schema import read_services

    return read_services(f"[{','.join(texts)}]")


def _load_specs(texts: Iterable[str]) -> Sequence[SVC]:
    return _load_services('{"spec":' + text + "}" for text in texts)


def _load_backends(texts: Iterable[str]) -> Sequence[Backend]:
    from loadbalancer import new_backend_from_backend_model
    from loadbalancer.models import BackendAddress

    return [
        new_backend_from_backend_model(BackendAddress.model_validate_json(text)) for text in texts
    ]


def _load_frontends(texts: Iterable[str]) -> Sequence[L3n4Addr]:
    from loadbalancer import new_l3n4_addr_from_model
    from loadbalancer.models import FrontendAddress

    found = [new_l3n4_addr_from_model(FrontendAddress.model_validate_json(text)) for text in texts]
    return [each for each in found if each is not None]


def _load_state_updates(texts: Iterable[str]) -> Sequence[StateUpdate]:
    from loadbalancer import new_backend_from_backend_model
    from loadbalancer.models import ServiceSpec

    specs = [ServiceSpec.model_validate_json(text) for text in texts]
    return [
        StateUpdate(
            spec, [new_backend_from_backend_model(each) for each in spec.backend_addresses or ()]
        )
        for spec in specs
    ]


_LOADERS: dict[Kind, Callable[[Iterable[str]], Sequence[Any]]] = {
    Kind.SERVICE: _load_services,
    Kind.SPEC: _load_specs,
    Kind.BACKEND: _load_backends,
    Kind.FRONTEND: _load_frontends,
    Kind.STATE_UPDATE: _load_state_updates,
}
