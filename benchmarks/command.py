"""What the command costs on a dump, beside reading it in a program.

A command has to start Python, import the library and print; that is what it takes on a dump of
one service, and is subtracted.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import loadbalancer as lb

from .dumps import dump

__all__ = ["MOST", "command", "command_costs"]

MOST = 3.0
"""How many times `load_services` of its files a command may take."""

_ROUNDS = 7
_COMMANDS: dict[str, Sequence[str]] = {
    "`loadbalancer validate`": ("validate", "dump.json"),
    "`loadbalancer validate --strict`": ("validate", "--strict", "dump.json"),
    "`loadbalancer list`": ("list", "dump.json"),
    "`loadbalancer convert`": ("convert", "dump.json"),
    "`loadbalancer diff` of two dumps": ("diff", "dump.json", "later.json"),
    "`loadbalancer validate` of four dumps": ("validate", *["dump.json"] * 4),
}


def command() -> None:
    """Print what commands take, and how much of it is the start."""
    print("\nThe command on dumps of 5,000 services x 10 backends (12 MB each)\n")
    print("| command | s | start, s | ratio of the rest to load_services |")
    print("|---|---:|---:|---:|")
    for name, (whole, start, load) in _measured().items():
        print(f"| {name} | {whole:.2f} | {start:.2f} | {(whole - start) / load:.2f} |")
    _several_files()


def _several_files() -> None:
    """Print what four files at once take, and on one processor, where they go by turns."""
    one, four = ("validate", "dump.json"), _COMMANDS["`loadbalancer validate` of four dumps"]
    every = os.sched_getaffinity(0)
    works = {
        "one file": (one, every),
        f"four, on {len(every)} processors": (four, every),
        "four, on one": (four, {min(every)}),
    }
    best = dict.fromkeys(works, math.inf)
    with TemporaryDirectory() as folder:
        large = Path(folder, "large")
        _write_dumps(large, 5_000)
        for _ in range(_ROUNDS):
            for name, (arguments, processors) in works.items():
                os.sched_setaffinity(0, processors)
                best[name] = min(best[name], _seconds(large, arguments))
        os.sched_setaffinity(0, every)
    told = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in best.items())
    print(f"\n`loadbalancer validate`: {told}")


def command_costs() -> dict[str, float]:
    """What commands take beyond their start, as a ratio to `load_services` of their files."""
    return {name: (whole - start) / load for name, (whole, start, load) in _measured().items()}


def _measured() -> dict[str, tuple[float, float, float]]:
    """Medians in seconds: the command, the same on one service, and `load_services`."""
    found: dict[str, tuple[float, float, float]] = {}
    with TemporaryDirectory() as folder:
        large, small = Path(folder, "large"), Path(folder, "small")
        _write_dumps(large, 5_000)
        _write_dumps(small, 1)
        for name, arguments in _COMMANDS.items():
            files = [Path(each) for each in arguments if each.endswith(".json")]
            rounds = [
                (
                    _seconds(large, arguments),
                    _seconds(small, arguments),
                    sum(_loading(large / each) for each in files),
                )
                for _ in range(_ROUNDS)
            ]
            whole, start, load = map(statistics.median, zip(*rounds, strict=True))
            found[name] = whole, start, load
    return found


def _write_dumps(folder: Path, count: int) -> None:
    """A dump, and one of the same services a little later: some have gained a backend's weight."""
    folder.mkdir()
    data = dump(count, 10)
    (folder / "dump.json").write_bytes(data)
    services = lb.load_services(data)
    for svc in services[::100]:
        svc.backends[0].weight = 1
    (folder / "later.json").write_bytes(lb.dump_services(services))


def _seconds(folder: Path, arguments: Sequence[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "loadbalancer", *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    seconds = time.perf_counter() - start
    # 1 is how `diff` says that there are differences.
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode())
    return seconds


def _loading(file: Path) -> float:
    data = file.read_bytes()
    start = time.perf_counter()
    services = lb.load_services(data)
    seconds = time.perf_counter() - start
    # To free them is not part of it: a process that ends does not.
    del services
    return seconds
