"""The code in the README and in the guides does what it says it does."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = doctest.ELLIPSIS
GUIDES = [each for each in sorted((ROOT / "docs").glob("*.md")) if ">>>" in each.read_text("utf-8")]


def test_the_examples_of_the_readme_run() -> None:
    readme = str(ROOT / "README.md")
    result = doctest.testfile(readme, module_relative=False, optionflags=OPTIONS)
    assert result.failed == 0
    assert result.attempted > 10


# Without these the examples of a guide cannot run.
NEEDED = {"keeping.md": ("polars", "pyarrow", "sqlalchemy")}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda each: each.name)
def test_the_examples_of_a_guide_run(
    guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in NEEDED.get(guide.name, ()):
        pytest.importorskip(module)
        # It writes files.
        monkeypatch.chdir(tmp_path)
    result = doctest.testfile(str(guide), module_relative=False, optionflags=OPTIONS)
    assert result.failed == 0
    assert result.attempted > 2


def test_there_are_guides_with_examples() -> None:
    assert "kubernetes.md" in [each.name for each in GUIDES]
