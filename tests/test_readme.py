"""The code in the README does what it says it does."""

from __future__ import annotations

import doctest
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
OPTIONS = doctest.ELLIPSIS


def test_the_examples_run() -> None:
    result = doctest.testfile(str(README), module_relative=False, optionflags=OPTIONS)
    assert result.failed == 0
    assert result.attempted > 10
