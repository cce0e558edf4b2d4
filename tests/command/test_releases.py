"""The command and dumps of every release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadbalancer import read_dump

from ..support import DATA, rows
from .conftest import Invoke

CASES = rows(DATA / "dialects" / "dumps.jsonl")
ONE_OF_EACH = {(case["format"], case["release"]): case["text"] for case in CASES}


@pytest.mark.parametrize("group", ONE_OF_EACH, ids="-".join)
def test_every_release_and_format(invoke: Invoke, group: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "dump.txt"
    path.write_text(ONE_OF_EACH[group], encoding="utf-8")
    assert invoke("validate", "-q", str(path)).code == 0
    written = invoke("convert", "--release", "1.20", "--to", "json", str(path))
    services = read_dump(ONE_OF_EACH[group]).services
    assert written.code == 0
    assert read_dump(written.out, release="1.20").services == services


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_what_shells_write(invoke: Invoke, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_text(ONE_OF_EACH["json", "1.18"], encoding=encoding)
    assert invoke("validate", "-q", str(path)).code == 0


def test_strict_is_the_contract_of_1_13(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_text(ONE_OF_EACH["json", "1.17"], encoding="utf-8")
    finished = invoke("validate", "--strict", str(path))
    assert finished.code == 1
    assert "protocol" in finished.out


def test_what_no_release_writes_is_a_problem(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    frontend = {"ip": "10.0.0.300", "protocol": "TCP", "scope": "external"}
    path.write_text(json.dumps([{"spec": {"frontend-address": frontend}}]))
    finished = invoke("validate", "-q", str(path))
    assert finished.code == 1
    assert "/0/spec/frontend-address/ip" in finished.out
    assert "protocol" not in finished.out


def test_what_a_release_cannot_say_is_told(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    frontend = {"ip": "10.0.0.1", "port": 80, "protocol": "SCTP", "scope": "external"}
    path.write_text(json.dumps([{"spec": {"frontend-address": frontend, "id": 1}}]))
    finished = invoke("convert", "--release", "1.13", "--to", "text", str(path))
    assert "/0/frontend/protocol: text of 1.13 cannot say SCTP" in finished.err
    later = invoke("convert", "--release", "1.21", "--to", "text", str(path))
    assert (later.code, "unknown release '1.21'" in later.err) == (2, True)


def test_a_zone_is_a_difference(invoke: Invoke, tmp_path: Path) -> None:
    backend = {"ip": "10.0.0.2", "port": 80, "protocol": "TCP", "zone": "a"}
    frontend = {"ip": "10.0.0.1", "port": 80, "protocol": "SCTP", "scope": "external"}
    names: list[str] = []
    for zone in ("a", "b"):
        spec = {"frontend-address": frontend, "backend-addresses": [{**backend, "zone": zone}]}
        path = tmp_path / f"{zone}.json"
        path.write_text(json.dumps([{"spec": spec}]))
        names.append(str(path))
    finished = invoke("diff", *names)
    assert (finished.code, "zone" in finished.out) == (1, True)
