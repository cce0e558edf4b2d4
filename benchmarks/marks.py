"""The marks: how many times its base each piece of work may take."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import loadbalancer as lb
from loadbalancer import models
from loadbalancer.kubernetes import Node, expected_services, read_objects

from .cluster import objects_of, write_cluster
from .dumps import PUT_BODY, dump, later_dump, put_bodies, statedb_dump, wrong_dump
from .timing import command_seconds, in_a_new_process, ratio, seconds

__all__ = ["Result", "marks"]

_LOADS = "`json.loads`"


@dataclass(frozen=True)
class Result:
    """What was measured of a mark."""

    work: str
    base: str
    mark: float
    ratio: float

    @property
    def is_met(self) -> bool:
        """Whether it takes no more than it may."""
        return self.ratio <= self.mark


def marks(file: Path | None = None) -> None:
    """Print all marks, met or not; with a file, write them there as a JSON list, too."""
    print("\n| work | base | mark | measured | |")
    print("|---|---|---:|---:|---|")
    results: list[Result] = []
    for measure in _MEASURED:
        for each in in_a_new_process(measure):
            met = "met" if each.is_met else "**not met**"
            line = f"| {each.work} | {each.base} | {each.mark:g} | {each.ratio:.2f} | {met} |"
            print(line, flush=True)
            results.append(each)
    if file:
        file.write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n")


def _load_services() -> list[Result]:
    data = dump(5_000, 10)
    found = ratio(partial(lb.load_services, data), partial(json.loads, data))
    return [Result("`load_services`, 1.13", _LOADS, 1.2, found)]


def _read_later() -> list[Result]:
    data = later_dump(5_000, 10)
    base = partial(json.loads, data)
    plain = ratio(partial(lb.read_dump, data), base)
    noted = ratio(lambda: lb.read_dump(data).notes, base, rounds=5)
    return [
        Result("`read_dump`, 1.18", _LOADS, 1.5, plain),
        Result("`read_dump`, 1.18, with its notes", _LOADS, 3, noted),
    ]


def _read_statedb() -> list[Result]:
    data = statedb_dump(5_000, 10)
    text = data.encode()
    decode = json.JSONDecoder().raw_decode

    def base() -> None:
        at = 0
        while at < len(data):
            at = decode(data, at)[1] + 1

    found = ratio(partial(lb.read_dump, text), base, rounds=5)
    return [Result("`read_dump`, StateDB frontends", _LOADS, 2, found)]


def _dump_services(*, varied: bool) -> list[Result]:
    data = dump(5_000, 10, varied=varied)
    services = lb.load_services(data)
    found = ratio(partial(lb.dump_services, services), partial(json.loads, data))
    kind = "ports and weights differ" if varied else "ports alike"
    return [Result(f"`dump_services`, {kind}", _LOADS, 0.45, found)]


def _bodies() -> list[Result]:
    bodies, as_many = (itertools.cycle(put_bodies(20_000)) for _ in range(2))
    found = ratio(
        lambda: lb.load_service_spec(next(bodies)),
        lambda: json.loads(next(as_many)),
        rounds=25,
        loops=2_000,
    )
    return [Result("`load_service_spec`, new addresses", _LOADS, 1.6, found)]


def _wire_models() -> list[Result]:
    validate = models.ServiceSpec.model_validate_json
    svc = lb.load_service_spec(PUT_BODY)
    model = svc.get_model()
    into = ratio(
        lambda: lb.new_svc_from_model(validate(PUT_BODY)),
        lambda: validate(PUT_BODY),
        rounds=25,
        loops=2_000,
    )
    out = ratio(
        lambda: svc.get_model().model_dump_json(), model.model_dump_json, rounds=25, loops=2_000
    )
    return [
        Result("wire model in, converted", "`model_validate_json` alone", 2, into),
        Result("wire model out, converted", "`model_dump_json` alone", 1.8, out),
    ]


def _expected() -> list[Result]:
    listed = [each for kind in objects_of(100, 20_000).values() for each in kind]
    wanted = [each for each in listed if each["kind"] != "Pod"]
    text = json.dumps(wanted)
    objects = read_objects(wanted)
    work = partial(expected_services, objects, Node("worker-1"), release="1.18")
    found = ratio(work, partial(json.loads, text), rounds=3)
    name = "`expected_services`, 20,000 services, 100,000 endpoints, 1.18"
    return [Result(name, _LOADS, 5, found)]


def _commands() -> list[Result]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data = later_dump(5_000, 10)
        (folder / "dump.json").write_bytes(data)
        (folder / "small.json").write_bytes(later_dump(1, 1))
        base = seconds(partial(lb.read_dump, data))
        found: list[Result] = []
        for name in ("validate", "list"):
            command = ("-m", "loadbalancer", name)
            start = command_seconds((*command, "small.json"), folder)
            whole = command_seconds((*command, "dump.json"), folder)
            of = "`read_dump` and the start"
            found.append(Result(f"`{name}` of a dump of 1.18", of, 3, whole / (base + start)))
    return found


def _wrong_values() -> list[Result]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        good_values = '{"ip":"10.0.0.1","port":80}'
        (folder / "good.json").write_text(f"[{','.join([good_values] * 36_000)}]")
        (folder / "small.json").write_text(good_values)
        command = ("-m", "loadbalancer", "validate")
        start = command_seconds((*command, "small.json"), folder)
        good = command_seconds((*command, "good.json"), folder) - start
        worst = 0.0
        for text in wrong_dump(1_000_000):
            (folder / "wrong.json").write_bytes(text)
            wrong = command_seconds((*command, "wrong.json"), folder, rounds=3) - start
            worst = max(worst, wrong / good)
    return [
        Result(
            "`validate` of 1 MB of wrong values, the worst kind", "1 MB of good backends", 20, worst
        )
    ]


def _audit() -> list[Result]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_cluster(folder / "sysdump", 200, 2_000)
        command = ("-m", "loadbalancer", "audit", "sysdump")
        taken = command_seconds(command, folder, rounds=1)
    return [Result("`audit`, 200 nodes, 2,000 services", "90 s and 0.8 s a node", 1, taken / 250)]


def _start() -> list[Result]:
    here = Path()
    bare = command_seconds(("-c", "import pydantic"), here, rounds=15)
    library = command_seconds(("-c", "import loadbalancer"), here, rounds=15)
    version = command_seconds(("-m", "loadbalancer", "--version"), here, rounds=15)
    return [
        Result("`import loadbalancer`", "`import pydantic`", 1.5, library / bare),
        Result("`loadbalancer --version`", "`import pydantic`", 1.5, version / bare),
    ]


_MEASURED: tuple[Callable[[], list[Result]], ...] = (
    *(_load_services, _read_later, _read_statedb),
    *(partial(_dump_services, varied=False), partial(_dump_services, varied=True)),
    *(_bodies, _wire_models, _expected, _commands, _wrong_values, _audit, _start),
)
