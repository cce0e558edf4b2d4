"""Try damaged inputs: `python -m tests.fuzz --minutes 10 [FORMAT …]`."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from pathlib import Path
from random import Random

from .mutating import FORMATS, mutated, try_one


def main() -> int:
    """Try until the time is over; keep each input that does harm, and say where."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("formats", nargs="*", choices=[*FORMATS, []], metavar="FORMAT")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each format")
    parser.add_argument("--inputs", type=int, help="for each format, instead of --minutes")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    harmful = 0
    for name in arguments.formats or FORMATS:
        random, format = Random(arguments.seed), FORMATS[name]
        examples, tried = format.examples(), 0
        deadline = time.monotonic() + 60 * arguments.minutes
        while tried < arguments.inputs if arguments.inputs else time.monotonic() < deadline:
            data = mutated(random.choice(examples), random.choice(examples), random)
            tried += 1
            try:
                try_one(format, data)
            except Exception:
                harmful += 1
                path = Path(f"fuzz-{name}-{arguments.seed}-{tried}")
                path.write_bytes(data)
                print(f"{path}:\n{traceback.format_exc()}")
        print(f"{name}: {tried:,} inputs, seed {arguments.seed}")
    return 1 if harmful else 0


if __name__ == "__main__":
    sys.exit(main())
