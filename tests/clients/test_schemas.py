"""The JSON Schemas by another validator in another dialect of regular expressions: Ajv's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loadbalancer import AddrCluster, L3n4Addr, LoadBalancerError, parse_cidr, schemas
from loadbalancer.testing.strategies import addr_clusters, cidrs

from ..property.test_patterns import texts
from ..support import ROOT
from .running import PROGRAMS, run

READERS: dict[str, Callable[[str], object]] = {"AddrCluster": AddrCluster.parse, "CIDR": parse_cidr}
TOO_LARGE = "@9999999999"


def some_texts() -> list[str]:
    """A few thousand texts that are addresses, nearly addresses, or anything."""
    found: list[str] = []
    printed = st.one_of(addr_clusters().map(str), cidrs().map(str))

    @settings(max_examples=100)
    @given(st.lists(st.one_of(texts, printed), min_size=20, max_size=60))
    def collect(drawn: list[str]) -> None:
        found.extend(drawn)

    collect()
    # Half a surrogate pair is no text to a file.
    return [each for each in found if each == each.encode("utf-8", "ignore").decode()]


def is_read(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except LoadBalancerError:
        return False
    return True


def verdicts_of_ajv(directory: Path, node_modules: Path, given: dict[str, Any]) -> dict[str, Any]:
    (directory / "node_modules").symlink_to(node_modules)
    for name in ("package.json", "verdicts.js"):
        shutil.copy(PROGRAMS / name, directory)
    (directory / "given.json").write_text(json.dumps(given), encoding="utf-8")
    verdicts: dict[str, Any] = json.loads(run("node", "verdicts.js", "given.json", cwd=directory))
    return verdicts


def test_ajv_agrees(tmp_path: Path, node_modules: Path) -> None:
    addresses = some_texts()
    assert len(addresses) > 1000
    lists: list[Any] = [
        json.loads((ROOT / "examples" / "service_list.json").read_bytes()),
        json.loads((ROOT / "examples" / "service_list_wire.json").read_bytes()),
        {},
        [{"spec": {"id": "1"}}],
        [{}],
        [{"spec": None, "status": {}}],
        [{"frontend-address": {"ip": "10.0.0.1"}}],
    ]
    pairs: list[Any] = [
        {"addr_cluster": "10.0.0.1", "port": 80},
        "10.0.0.1:80",
        "[fd00::1%eth0@3]:80/TCP/i",
        "10.0.0.1:99999",
        "10.0.0.1",
    ]
    given: dict[str, Any] = {
        "schemas": {
            **{name: schemas.schema(name) for name in schemas.names()},
            **{
                f"{name}, written": schemas.schema(name, "serialization")
                for name in schemas.names()
                if schemas.schema(name, "serialization") != schemas.schema(name)
            },
        },
        "texts": {**dict.fromkeys(READERS, addresses), "ServiceList": lists, "L3n4Addr": pairs},
    }
    found = verdicts_of_ajv(tmp_path, node_modules, given)
    assert found.keys() == given["schemas"].keys()
    assert found["ServiceList"] == [True, True, *[False] * 5]
    assert found["L3n4Addr"] == [True, True, True, False, False]
    assert L3n4Addr.parse(pairs[2]).port == 80
    for name, read in READERS.items():
        expected = [is_read(read, text) for text in addresses]
        wrong = [
            (text, by_ajv, is_good)
            for text, by_ajv, is_good in zip(addresses, found[name], expected, strict=True)
            # The pattern lets a cluster id of ten digits pass that is too large.
            if by_ajv != is_good and not (by_ajv and TOO_LARGE in text)
        ]
        assert wrong == []
        assert {*expected} == {True, False}
