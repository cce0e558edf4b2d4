"""Running the programs beside this, and what makes and checks them."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["PROGRAMS", "run"]

PROGRAMS = Path(__file__).parent / "programs"


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints that succeeds."""
    done = subprocess.run(
        [str(each) for each in command], cwd=cwd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
