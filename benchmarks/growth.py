"""How cost grows from 1,000 to 100,000 services: time, memory and the exponent."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import loadbalancer as lb
from loadbalancer.agent.rules import upsert_service
from loadbalancer.agent.settings import Settings
from loadbalancer.kubernetes import Node, expected_services, read_objects
from loadbalancer.server import SQLiteStore
from loadbalancer.sysdump import audit_cluster

from .cluster import objects_of, write_cluster
from .dumps import dump
from .timing import in_a_new_process, peak_megabytes, seconds

__all__ = ["growth"]

_SIZES = (1_000, 10_000, 100_000)
_BACKENDS = 5
_Measured = tuple[float, float]
"""Seconds of processor time, and megabytes at most."""


def growth() -> None:
    """Print a table: the exponent is that of the last step, 1 is proportional."""
    print("\n| work, services of five backends | 1,000 | 10,000 | 100,000 | exponent |")
    print("|---|---:|---:|---:|---:|")
    for name, measure in _WORKS.items():
        # An audit of 100,000 services would take 12 GB.
        sizes = _SIZES[:2] if measure is _audit else _SIZES
        found = [in_a_new_process(measure, size) for size in sizes]
        told = [f"{taken:.2f} s, {memory:,.0f} MB" for taken, memory in found]
        told += [""] * (len(_SIZES) - len(sizes))
        exponent = math.log10(found[-1][0] / found[-2][0])
        print(f"| {name} | {' | '.join(told)} | {exponent:.2f} |", flush=True)


def _measured(work: Callable[[], object]) -> _Measured:
    return seconds(work), peak_megabytes()


def _read(size: int) -> _Measured:
    return _measured(partial(lb.read_dump, dump(size, _BACKENDS)))


def _reflect(size: int) -> _Measured:
    listed = [each for kind in objects_of(100, size).values() for each in kind]
    objects = read_objects(listed)
    return _measured(partial(expected_services, objects, Node("worker-1"), release="1.19"))


def _audit(size: int) -> _Measured:
    with tempfile.TemporaryDirectory() as folder:
        write_cluster(Path(folder), 1, size)
        return _measured(partial(audit_cluster, [folder]))


def _serve(size: int) -> _Measured:
    services = lb.load_services(dump(size, _BACKENDS))
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder, "services.db"))
        settings = Settings()

        def work() -> None:
            store.write(lambda tx: [upsert_service(tx, svc, settings) for svc in services])
            json.loads(store.read(lambda view: view.services_json()))

        found = _measured(work)
        store.close()
    return found


_WORKS: dict[str, Callable[[int], _Measured]] = {
    "`read_dump`": _read,
    "`expected_services`": _reflect,
    "`audit_cluster`, one node": _audit,
    "stored in SQLite and listed": _serve,
}
