"""Run the command: `python -m loadbalancer`."""

from __future__ import annotations

import gc
import sys

# How many objects there are before Python looks for cycles among them. Dumps are many objects
# and no cycles: at the default of 700 a fifth of the time goes into looking.
_OBJECTS = 20_000


def main() -> int:
    """Run the command with the arguments of the process; return its exit code."""
    try:
        from .command import main as run

        gc.set_threshold(_OBJECTS)
        return run(sys.argv[1:])
    except KeyboardInterrupt:
        # While modules were being imported, or at the very end.
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
