"""Run the command: `python -m loadbalancer`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command with the arguments of the process; return its exit code."""
    from .command import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
