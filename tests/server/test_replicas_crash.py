"""Replicas and members killed at any moment lose nothing that was acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from .etcd_cluster import ETCD, WITHOUT_ETCD
from .replicas_crash import kill_and_compare


@pytest.mark.skipif(ETCD is None, reason=WITHOUT_ETCD)
def test_no_acknowledged_write_is_lost(tmp_path: Path) -> None:
    counts = kill_and_compare(tmp_path, 3, seed=5)
    assert counts.kills.keys() == {"replica", "member"}
    assert counts.acknowledged > 0
    assert counts.calls_checked > 0
