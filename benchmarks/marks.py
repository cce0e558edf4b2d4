"""The marks: what is to cost at most so many times `json.loads` of the standard library.

Of a list it is `json.loads` of the same list, of a single service that of the body of a PUT with
two backends. Each measurement is made where nothing has been done before, and once more in a
heap that has held much else (`used_heap`).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

import loadbalancer as lb
from loadbalancer import models

from .dumps import PUT_BODY, dump, put_bodies
from .timing import Work, compare, in_a_new_process

__all__ = ["marks"]


@dataclass(frozen=True)
class Mark:
    """Some work, and how many times its base it may take."""

    work: Work
    base: Work
    most: float
    loops: int = 1


def marks() -> None:
    """All marks, met or not."""
    print("\nMarks: ratio to json.loads, in a new process and in a used heap\n")
    print("| work | mark | new | used | |")
    print("|---|---:|---:|---:|---|")
    for group in (_reading, _writing, _writing_varied, _single):
        fresh = in_a_new_process(_ratios, group, is_used=False)
        used = in_a_new_process(_ratios, group, is_used=True)
        for name, (ratio, most) in fresh.items():
            again, _ = used[name]
            met = "met" if max(ratio, again) <= most else "**not met**"
            print(f"| {name} | {most:.2f} | {ratio:.2f} | {again:.2f} | {met} |")


def used_heap() -> list[object]:
    """Leave a heap behind as that of a program that has run for a while; what to keep of it.

    Two dumps become dictionaries, wire models and services. A third of each is kept, the rest
    is freed piece by piece: free room is in small holes between objects that live.
    """
    kept: list[object] = []
    for varied in (False, True):
        data = dump(3_000, 10, varied=varied)
        kept += json.loads(data)[::3]
        kept += TypeAdapter(list[models.Service]).validate_json(data)[::3]
        kept += lb.load_services(data)[::3]
    return kept


def _ratios(
    group: Callable[[], Mapping[str, Mark]], *, is_used: bool
) -> dict[str, tuple[float, float]]:
    kept = used_heap() if is_used else []
    found: dict[str, tuple[float, float]] = {}
    for name, mark in group().items():
        rounds = 15 if mark.loops == 1 else 25
        works = {"json.loads": mark.base, name: mark.work}
        _, measured = compare(works, rounds=rounds, loops=mark.loops)
        found[name] = measured.ratio, mark.most
    del kept
    return found


def _reading() -> dict[str, Mark]:
    data = dump(5_000, 10)
    loads = lambda: json.loads(data)  # noqa: E731
    return {
        "load_services": Mark(lambda: lb.load_services(data), loads, 1.1),
        "iter_services": Mark(lambda: list(lb.iter_services(data)), loads, 1.8),
    }


def _writing() -> dict[str, Mark]:
    return _written("dump_services", 0.40, varied=False)


def _writing_varied() -> dict[str, Mark]:
    return _written("dump_services, ports and weights differ", 0.45, varied=True)


def _written(name: str, most: float, *, varied: bool) -> dict[str, Mark]:
    data = dump(5_000, 10, varied=varied)
    services = lb.load_services(data)
    return {name: Mark(lambda: lb.dump_services(services), lambda: json.loads(data), most)}


def _single() -> dict[str, Mark]:
    svc = lb.load_service_spec(PUT_BODY)
    bodies = put_bodies(20_000)
    first, second, third = (itertools.cycle(bodies) for _ in range(3))
    works: dict[str, tuple[Work, float]] = {
        "load_service_spec": (lambda: lb.load_service_spec(PUT_BODY), 1.5),
        "load_service_spec, new addresses": (lambda: lb.load_service_spec(next(first)), 1.5),
        "ServiceSpec.model_validate_json, new_svc_from_model": (lambda: plainly(PUT_BODY), 2.0),
        "the same, new addresses": (lambda: plainly(next(second)), 2.0),
        "dump_service": (lambda: lb.dump_service(svc), 0.55),
        "get_model().model_dump_json()": (lambda: svc.get_model().model_dump_json(), 1.5),
    }
    base: dict[str, Work] = dict.fromkeys(works, lambda: json.loads(PUT_BODY))
    base |= {name: lambda: json.loads(next(third)) for name in works if "new addresses" in name}
    return {name: Mark(work, base[name], most, 1_000) for name, (work, most) in works.items()}


def plainly(body: bytes) -> lb.SVC:
    """The service of a PUT by way of its wire model."""
    return lb.new_svc_from_model(models.ServiceSpec.model_validate_json(body))
