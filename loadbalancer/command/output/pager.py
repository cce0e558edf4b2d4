"""A pager for long text in a terminal, chosen as git chooses it."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress

import click

__all__ = ["NO_PAGER", "paging"]

NO_PAGER = f"{__name__}.none"
"""The key that `--no-pager` sets in the `meta` of Click's context."""

# Leave if all fits on one screen, pass colors, do not clear the screen.
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}


class _Terminal(io.TextIOWrapper):
    """The input of a pager: a terminal is behind it."""

    def isatty(self) -> bool:
        return True


@contextmanager
def paging() -> Generator[None]:
    """Show what is written to standard output in a pager, if that is a terminal."""
    process = _started(_pager())
    if process is None or process.stdin is None:
        yield
        return
    terminal = sys.stdout
    terminal.flush()
    sys.stdout = _Terminal(process.stdin, encoding=terminal.encoding, errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    finally:
        # If the pager was left early, what is not written yet is given up.
        with suppress(BrokenPipeError):
            sys.stdout.close()
        sys.stdout = terminal
        _wait(process)


def _pager() -> list[str]:
    """Return the words of the pager; none if there is to be no pager."""
    context = click.get_current_context(silent=True)
    is_off = context is not None and context.meta.get(NO_PAGER)
    if is_off or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return []
    names = ("LOADBALANCER_PAGER", "PAGER")
    chosen = next((os.environ[name] for name in names if name in os.environ), "less")
    try:
        words = shlex.split(chosen)
    except ValueError:
        return []
    return [] if words == ["cat"] else words


def _started(words: list[str]) -> subprocess.Popen[bytes] | None:
    if not words:
        return None
    with suppress(OSError):
        return subprocess.Popen(words, stdin=subprocess.PIPE, env={**_DEFAULTS, **os.environ})
    return None


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for the pager; Ctrl-C is meant for it, as long as it is there."""
    while True:
        with suppress(KeyboardInterrupt):
            process.wait()
            return
