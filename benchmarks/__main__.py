"""Measure and print: `python -m benchmarks`, with `--full` up to 100,000 services.

All ratios are to `json.loads` of the standard library on the same bytes in the same run. Each
table is made in a process of its own.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import kubernetes, tables
from .calls import calls
from .command import command
from .marks import marks
from .timing import in_a_new_process

_TABLES = (
    "marks",
    "read",
    "write",
    "releases",
    "growth",
    "single",
    "calls",
    "command",
    "memory",
    "kubernetes",
)


def main() -> None:
    """Make the tables that are asked for; all, if none is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="up to 100,000 services")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the marks there, too")
    parser.add_argument("only", nargs="*", help=f"{', '.join(_TABLES)}; all, if none is given")
    arguments = parser.parse_args()
    if unknown := set(arguments.only) - set(_TABLES):
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    makers: dict[str, Callable[[], None]] = {
        "marks": partial(marks, arguments.json),
        "read": tables.read,
        "write": tables.write,
        "releases": tables.releases,
        "growth": partial(tables.growth, arguments.full),
        "single": tables.single,
        "calls": calls,
        "command": command,
        "memory": tables.memory,
        "kubernetes": kubernetes.reflection,
    }
    print(f"Python {platform.python_version()}, {platform.machine()}")
    for name in arguments.only or _TABLES:
        in_a_new_process(makers[name])


if __name__ == "__main__":
    main()
