"""Measure and print: `python -m benchmarks`, the marks and how cost grows.

Ratios are of processor time, in the same run; each piece of work has a process of its own.
"""

from __future__ import annotations

import argparse
import platform
from pathlib import Path

from .growth import growth
from .marks import marks


def main() -> None:
    """Make the tables that are asked for; both, if none is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the marks there, too")
    parser.add_argument("only", nargs="*", choices=["marks", "growth", []], help="one of them")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}")
    if arguments.only in ([], ["marks"]):
        marks(arguments.json)
    if arguments.only in ([], ["growth"]):
        growth()


if __name__ == "__main__":
    main()
