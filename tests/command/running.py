"""Running the command, as a process of its own and in this one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
COMMAND = (sys.executable, "-m", "loadbalancer")

# What the terminal and the language of whoever runs the tests must have no part in.
_FOREIGN = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "TERM",
    "LOADBALANCER_DEBUG",
    "PAGER",
    "LESS",
)


@dataclass(frozen=True)
class Finished:
    """How a process ended, and what it had to say."""

    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """The environment of a process, with changes."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**kept, "PYTHONUTF8": "1", "LOADBALANCER_PAGER": "", **changes}


def run(
    *arguments: str, stdin: bytes = b"", cwd: Path = EXAMPLES, env: dict[str, str] | None = None
) -> Finished:
    """Run the command in a process of its own, all streams piped."""
    process = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=env or environment(),
        timeout=60,
        check=False,
    )
    return Finished(process.returncode, process.stdout.decode(), process.stderr.decode())


@dataclass(frozen=True)
class Shown:
    """How a process ended that had a terminal, and what was to be seen there."""

    code: int
    text: str


def run_in_terminal(
    *arguments: str,
    columns: int = 100,
    cwd: Path = EXAMPLES,
    command: Sequence[str] = COMMAND,
    **variables: str,
) -> Shown:
    """Run the command with a terminal for standard output and error."""
    ours, theirs = pty.openpty()
    terminal = {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "50"}
    env = environment(**terminal | variables)
    process = subprocess.Popen(
        [*command, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env=env,
    )
    os.close(theirs)
    text = read_terminal(ours)
    return Shown(process.wait(timeout=60), text.replace("\r\n", "\n"))


def read_terminal(descriptor: int) -> str:
    """All that is written to a terminal, until nobody has it open any more."""
    pieces: list[bytes] = []
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            # Linux says so instead of ending the file.
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(descriptor)
    return b"".join(pieces).decode()
