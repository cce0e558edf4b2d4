"""The marks: how many times its base something may cost.

The base is `json.loads` of the standard library: for a list, of the same list; for one service,
of the body of a PUT with two backends. For a command it is `load_services` of the files it is
given. All but commands are measured where nothing has been done before, and once more in a heap
that has held much else (`used_heap`).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

import loadbalancer as lb
from loadbalancer import models

from .command import MOST, command_costs
from .dumps import PUT_BODY, dump, put_bodies
from .timing import Work, compare, in_a_new_process

__all__ = ["marks", "used_heap"]


@dataclass(frozen=True)
class Mark:
    """A piece of work, and how many times its base it may take."""

    work: Work
    base: Work
    most: float
    loops: int = 1


@dataclass(frozen=True)
class Result:
    """What was measured of a mark, as ratios to its base."""

    work: str
    mark: float
    new: float
    """In a new process."""
    used: float | None
    """In a used heap; None for a command, which has a process of its own whenever it runs."""

    @property
    def is_met(self) -> bool:
        """Whether it holds wherever it was measured."""
        return max(self.new, self.used or 0.0) <= self.mark


def marks(file: Path | None = None) -> None:
    """Print all marks, met or not; with a file, write them there as a JSON list, too."""
    print("\nMarks: ratios, in a new process and in a used heap\n")
    print("| work | mark | new | used | |")
    print("|---|---:|---:|---:|---|")
    results: list[Result] = []
    for measure in (_lists, _bodies, _commands):
        for each in measure():
            used = "" if each.used is None else f"{each.used:.2f}"
            met = "met" if each.is_met else "**not met**"
            print(
                f"| {each.work} | {each.mark:.2f} | {each.new:.2f} | {used} | {met} |", flush=True
            )
            results.append(each)
    if file:
        file.write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n")


def used_heap() -> list[object]:
    """Leave a heap behind as that of a program that has run for a while; what to keep of it.

    Two dumps of 3,000 services become dictionaries, wire models and services. A third of each
    is kept, the rest is freed: what is free are small holes between objects that live, and the
    garbage collector has a million objects to look through.
    """
    kept: list[object] = []
    for varied in (False, True):
        data = dump(3_000, 10, varied=varied)
        kept += json.loads(data)[::3]
        kept += TypeAdapter(list[models.Service]).validate_json(data)[::3]
        kept += lb.load_services(data)[::3]
    return kept


def _in_both_heaps(group: Callable[[], Mapping[str, Mark]]) -> list[Result]:
    new = in_a_new_process(_ratios, group, is_used=False)
    used = in_a_new_process(_ratios, group, is_used=True)
    return [Result(work, most, ratio, used[work][1]) for work, (most, ratio) in new.items()]


def _ratios(
    group: Callable[[], Mapping[str, Mark]], *, is_used: bool
) -> dict[str, tuple[float, float]]:
    """The mark and the ratio of each piece of work."""
    kept = used_heap() if is_used else []
    found: dict[str, tuple[float, float]] = {}
    for name, mark in group().items():
        rounds = 15 if mark.loops == 1 else 25
        works = {"base": mark.base, name: mark.work}
        _, measured = compare(works, rounds=rounds, loops=mark.loops)
        found[name] = mark.most, measured.ratio
    del kept
    return found


def _lists() -> list[Result]:
    groups = _list, _written_list, _varied_list
    return [each for group in groups for each in _in_both_heaps(group)]


def _bodies() -> list[Result]:
    return _in_both_heaps(_body)


def _commands() -> list[Result]:
    return [Result(work, MOST, cost, None) for work, cost in command_costs().items()]


def _list() -> dict[str, Mark]:
    data = dump(5_000, 10)

    def base() -> object:
        return json.loads(data)

    return {
        "`load_services`": Mark(lambda: lb.load_services(data), base, 1.1),
        "`iter_services`": Mark(lambda: list(lb.iter_services(data)), base, 1.8),
    }


def _written_list() -> dict[str, Mark]:
    return {"`dump_services`": _writing(0.40, varied=False)}


def _varied_list() -> dict[str, Mark]:
    return {"`dump_services`, ports and weights differ": _writing(0.45, varied=True)}


def _writing(most: float, *, varied: bool) -> Mark:
    data = dump(5_000, 10, varied=varied)
    services = lb.load_services(data)
    return Mark(lambda: lb.dump_services(services), lambda: json.loads(data), most)


def _body() -> dict[str, Mark]:
    svc = lb.load_service_spec(PUT_BODY)
    unknown, more, as_many = (itertools.cycle(put_bodies(20_000)) for _ in range(3))

    def base() -> object:
        return json.loads(PUT_BODY)

    def base_of_new() -> object:
        return json.loads(next(as_many))

    def mark(work: Work, most: float, base: Work = base) -> Mark:
        return Mark(work, base, most, loops=1_000)

    return {
        "`load_service_spec`": mark(lambda: lb.load_service_spec(PUT_BODY), 1.5),
        "`load_service_spec`, new addresses": mark(
            lambda: lb.load_service_spec(next(unknown)), 1.5, base_of_new
        ),
        "`ServiceSpec.model_validate_json`, `new_svc_from_model`": mark(
            lambda: _plainly(PUT_BODY), 2.0
        ),
        "the same, new addresses": mark(lambda: _plainly(next(more)), 2.0, base_of_new),
        "`dump_service`": mark(lambda: lb.dump_service(svc), 0.55),
        "`get_model().model_dump_json()`": mark(lambda: svc.get_model().model_dump_json(), 1.5),
    }


def _plainly(body: bytes) -> lb.SVC:
    """The service of a PUT by way of its wire model."""
    return lb.new_svc_from_model(models.ServiceSpec.model_validate_json(body))
