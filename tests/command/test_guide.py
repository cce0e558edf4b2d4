"""The guide shows what the command really prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .running import environment

ROOT = Path(__file__).parent.parent.parent
GUIDE = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")


def sessions() -> list[tuple[str, str]]:
    """Each command line of the guide with what is shown below it."""
    blocks = re.findall(r"^```console\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)]
    pairs = [part.partition("\n") for part in parts if part]
    return [(line, shown) for line, _, shown in pairs if shown]


@pytest.mark.parametrize(("line", "shown"), sessions(), ids=lambda text: text.partition("\n")[0])
def test_shown_is_printed(line: str, shown: str) -> None:
    script = f'loadbalancer() {{ "{sys.executable}" -m loadbalancer "$@"; }}\n{line}'
    process = subprocess.run(
        ["sh", "-c", script], cwd=ROOT, env=environment(), capture_output=True, check=False
    )
    printed = process.stdout.decode() + process.stderr.decode()
    assert [each.rstrip() for each in printed.splitlines()] == shown.splitlines()


def test_there_is_something_to_test() -> None:
    assert len(sessions()) >= 8
