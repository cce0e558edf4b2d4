"""What is measured, each table by a function that prints it."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import orjson
from pydantic import TypeAdapter
from pydantic_core import from_json

import loadbalancer as lb
from loadbalancer import models

from .contenders import by_hand, by_msgspec
from .dumps import PUT_BODY, dump, later_dump, put_bodies
from .timing import Measured, Work, compare, in_a_new_process

__all__ = ["growth", "memory", "read", "releases", "single", "write"]

_WIRE = TypeAdapter(list[models.Service])


def plainly(data: bytes) -> list[lb.SVC]:
    """Wire models, then a converter: what `load_services` saves."""
    return [lb.new_svc_from_service(each) for each in _WIRE.validate_json(data)]


def read() -> None:
    """The headline: a dump of 5,000 services with 10 backends each."""
    data = dump(5_000, 10)
    print(f"\n5,000 services x 10 backends, {len(data) / 1e6:.1f} MB (spec and realized), read\n")
    table(
        compare(
            {
                "json.loads": lambda: json.loads(data),
                "orjson.loads": lambda: orjson.loads(data),
                "pydantic_core.from_json (the floor)": lambda: from_json(data),
                "load_services": lambda: lb.load_services(data),
                "load_services(pause_gc=False)": lambda: lb.load_services(data, pause_gc=False),
                "generated models alone": lambda: _WIRE.validate_json(data),
                "generated models + converters": lambda: plainly(data),
                "orjson + checks by hand": lambda: by_hand(data),
                "msgspec structs + conversion": lambda: by_msgspec(data),
            },
            rounds=7,
        ),
        per=50_000,
        unit="a backend",
    )


def write() -> None:
    """The way back."""
    print("\nThe same, written\n")
    in_a_new_process(_write, "dump_services", "get_model + to JSON", varied=False)
    print("\nThe same, 5,000 nodes, backends of other ports and weights each\n")
    in_a_new_process(_write, "dump_services", varied=True)


def _write(*names: str, varied: bool) -> None:
    data = dump(5_000, 10, varied=varied)
    services = lb.load_services(data)
    assert lb.dump_services(services) == data
    writers: dict[str, Work] = {
        "dump_services": lambda: lb.dump_services(services),
        "get_model + to JSON": lambda: _WIRE.dump_json([each.get_model() for each in services]),
    }
    results: list[Measured] = []
    # One after the other, since so many models leave another heap behind.
    for name in names:
        works = {"json.loads of it": lambda: json.loads(data), name: writers[name]}
        loads, written = compare(works, rounds=15)
        results += [written] if results else [loads, written]
    table(results, per=50_000, unit="a backend")


def releases() -> None:
    """The same services as two releases list them: read strictly, and by `read_dump`."""
    plain, later = dump(5_000, 10), later_dump(5_000, 10)
    names = [each.name for each in lb.load_services(plain)]
    assert [each.name for each in lb.read_dump(later).services] == names
    assert lb.read_dump(later).releases == ("1.17", "1.20")
    sizes = f"{len(plain) / 1e6:.1f} MB of 1.13, {len(later) / 1e6:.1f} MB of 1.18"
    print(f"\n5,000 services x 10 backends, {sizes}; ratios to the first\n")
    table(
        compare(
            {
                "load_services, 1.13": lambda: lb.load_services(plain),
                "read_dump, 1.13": lambda: lb.read_dump(plain),
                "read_dump, 1.18": lambda: lb.read_dump(later),
                "read_dump with notes, 1.13": lambda: lb.read_dump(plain).notes,
                "read_dump with notes, 1.18": lambda: lb.read_dump(later).notes,
            },
            rounds=7,
        ),
        per=50_000,
        unit="a backend",
    )


def growth(full: bool) -> None:
    """Whether more of the same costs as much a piece."""
    sizes = [(5_000, 1), (1_000, 10), (500, 100), (50, 1_000), (10_000, 10)]
    if full:
        sizes += [(30_000, 10), (100_000, 10)]
    print("\nGrowth: load_services, dump_services, against json.loads\n")
    print("| services | backends each | load, us a backend | ratio | dump, us | ratio |")
    print("|---:|---:|---:|---:|---:|---:|")
    for size in sizes:
        print(in_a_new_process(_growth_row, *size))


def _growth_row(count: int, backends: int) -> str:
    data = dump(count, backends)
    loads = partial(json.loads, data)
    _, load = compare({"json": loads, "load": partial(lb.load_services, data)}, rounds=5)
    dumps = partial(lb.dump_services, lb.load_services(data))
    _, write = compare({"json": loads, "dump": dumps}, rounds=5)
    each = 1e6 / (count * backends)
    return (
        f"| {count:,} | {backends:,} | {load.seconds * each:.2f} | {load.ratio:.2f} "
        f"| {write.seconds * each:.2f} | {write.ratio:.2f} |"
    )


def single() -> None:
    """One request body, one answer."""
    svc = lb.load_service_spec(PUT_BODY)
    answer = lb.dump_service(svc)
    unknown = itertools.cycle(put_bodies(5_000))
    print("\nOne PUT body of two backends\n")
    table(
        compare(
            {
                "json.loads": lambda: json.loads(PUT_BODY),
                "load_service_spec": lambda: lb.load_service_spec(PUT_BODY),
                "load_service_spec, addresses not seen before": lambda: lb.load_service_spec(
                    next(unknown)
                ),
                "ServiceSpec.model_validate_json": lambda: models.ServiceSpec.model_validate_json(
                    PUT_BODY
                ),
                "... + new_svc_from_model": lambda: lb.new_svc_from_model(
                    models.ServiceSpec.model_validate_json(PUT_BODY)
                ),
            },
            rounds=21,
            loops=2_000,
        )
    )
    print("\nOne service of two backends, to JSON\n")
    table(
        compare(
            {
                "json.loads of it": lambda: json.loads(answer),
                "dump_service": lambda: lb.dump_service(svc),
                "get_model().model_dump_json()": lambda: svc.get_model().model_dump_json(),
            },
            rounds=21,
            loops=2_000,
        )
    )


def memory() -> None:
    """Peak memory of a process that does nothing else, where Linux tells it."""
    if not Path("/proc/self/status").exists():
        return
    print("\nPeak memory, 5,000 services x 10 backends\n")
    print("| work | MB |\n|---|---:|")
    for name, call in (
        ("the bytes alone", "data"),
        ("json.loads", "json.loads(data)"),
        ("load_services", "loadbalancer.load_services(data)"),
        ("generated models alone", "wire.validate_json(data)"),
    ):
        code = (
            "import json, re, sys, loadbalancer\n"
            "from pydantic import TypeAdapter\n"
            "wire = TypeAdapter(list[loadbalancer.models.Service])\n"
            f"data = sys.stdin.buffer.read()\nkept = {call}\n"
            "status = open('/proc/self/status').read()\n"
            "print(int(re.search(r'VmHWM:\\s*(\\d+)', status)[1]) // 1024)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], input=dump(5_000, 10), stdout=subprocess.PIPE, check=True
        )
        print(f"| {name} | {done.stdout.decode().strip()} |")


def table(results: Sequence[Measured], *, per: int = 1, unit: str = "") -> None:
    """Print results as a Markdown table."""
    print(f"| work | us {unit} | ratio |".replace("  ", " "))
    print("|---|---:|---:|")
    for each in results:
        print(f"| {each.name} | {each.seconds / per * 1e6:.2f} | {each.ratio:.2f} |")
