"""Killed at any moment, the server loses nothing it has acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from .crash import kill_and_compare


@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one worker", "two workers"])
def test_no_acknowledged_write_is_lost(tmp_path: Path, options: tuple[str, ...]) -> None:
    writes, _ = kill_and_compare(tmp_path, 2, *options)
    assert writes > 0
