"""Input as people publish it, each with the command they would give (tests/data/field)."""

from __future__ import annotations

import pytest

from ..support import DATA, Row, rows
from .running import run

FIELD = DATA / "field"
CASES = rows(FIELD / "expected.jsonl")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_is_said(case: Row) -> None:
    finished = run(*case["argv"], cwd=FIELD)
    text = finished.out + finished.err
    assert finished.code == case["exit"]
    assert [each for each in case["has"] if each not in text] == []
    assert [each for each in case["lacks"] if each in text] == []


def test_each_file_is_used() -> None:
    names = {path.name for path in FIELD.iterdir()} - {"expected.jsonl"}
    used = {argument for case in CASES for argument in case["argv"]}
    assert names == used & names
