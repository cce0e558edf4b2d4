"""The command and dumps of every release."""

from __future__ import annotations

import gzip
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
    assert "/0/frontend/protocol: text of 1.13 cannot represent SCTP" in finished.err
    earlier = invoke("convert", "--release", "1.5", "--to", "text", str(path))
    assert (earlier.code, "unknown release '1.5'" in earlier.err) == (2, True)


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


@pytest.mark.parametrize("group", ONE_OF_EACH, ids="-".join)
def test_its_own_release_is_insisted_on(
    invoke: Invoke, group: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "dump.txt"
    path.write_text(ONE_OF_EACH[group], encoding="utf-8")
    finished = invoke("validate", "--release", group[1], "--format", "json", str(path))
    file = json.loads(finished.out)["files"][0]
    dump = read_dump(ONE_OF_EACH[group], release=group[1])
    assert (finished.code, file["valid"], file["releases"]) == (0, True, list(dump.releases or ()))
    told = [(each["pointer"], each["rule"], each["message"]) for each in file["notes"]]
    assert told == [(each.pointer, each.rule, each.message) for each in dump.notes]


def service(**changes: object) -> dict[str, object]:
    frontend = {"ip": "10.0.0.1", "port": 80, "scope": "external"}
    backend = {"ip": "10.0.0.2", "port": 80, "state": "active", "weight": 100}
    flags = {"type": "ClusterIP", "extTrafficPolicy": "Cluster", "intTrafficPolicy": "Cluster"}
    spec = {"frontend-address": frontend, "backend-addresses": [backend], "flags": flags, "id": 1}
    return {"spec": {**spec, **changes}}


LATER = service(
    **{
        "frontend-address": {"ip": "10.0.0.1", "port": 80, "protocol": "TCP", "scope": "external"},
        "backend-addresses": None,
    }
)
EARLIER = service(flags={"node-port": True})


def test_what_is_not_plain_1_13_is_told(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plain.json").write_text(json.dumps([service()]))
    Path("later.json").write_text(json.dumps([LATER, LATER]))
    Path("mixed.json").write_text(json.dumps([EARLIER, LATER]))
    finished = invoke("validate", "plain.json", "later.json", "mixed.json")
    assert finished.out == (
        "plain.json: ok, 1 service with 1 backend\n"
        "later.json: ok, 2 services; from release 1.18 to 1.20\n"
        "    differences from 1.13: 2 list-null, 2 protocol-case\n"
        "mixed.json: ok, 2 services with 1 backend; "
        "from no one release: in part 1.6 at the latest, in part 1.18 at the earliest\n"
        "    differences from 1.13: 1 list-null, 1 protocol-case\n"
        "3 files: 3 valid\n"
    )


def test_notes_for_programs(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_text(f"{json.dumps(service())}\n{json.dumps(LATER)}\n")
    finished = invoke("validate", "--format", "json", str(path))
    file = json.loads(finished.out)["files"][0]
    assert file["rules"] == {"list-null": 1, "protocol-case": 1}
    assert [(each["line"], each["pointer"], each["rule"]) for each in file["notes"]] == [
        (2, "/spec/backend-addresses", "list-null"),
        (2, "/spec/frontend-address/protocol", "protocol-case"),
    ]


@pytest.mark.parametrize(
    ("release", "line"),
    [
        ("1.13", "3:1: error: /1: not from release 1.13: it has what is there from 1.18 on"),
        ("v1.20.1", "2:1: error: /0: not from release 1.20.1: it is from 1.16 or earlier"),
    ],
)
def test_a_release_is_insisted_on(
    invoke: Invoke, tmp_path: Path, release: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dump.json").write_text(
        f"[\n{json.dumps(service())},\n{json.dumps(LATER)},\n{json.dumps(LATER)}]"
    )
    finished = invoke("validate", "-q", "--release", release, "dump.json")
    assert (finished.code, finished.out) == (1, f"dump.json:{line}\n")


def test_a_table_is_of_another_release(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text(ONE_OF_EACH["text", "1.18"])
    finished = invoke("validate", "-q", "--release", "1.13", str(path))
    assert finished.code == 1
    assert "not from release 1.13: it has what is there from 1.17 on" in finished.out


@pytest.mark.parametrize("options", [["--release", "1.5"], ["--strict", "--release", "1.13"]])
def test_a_release_that_makes_no_sense(invoke: Invoke, options: list[str]) -> None:
    finished = invoke("validate", *options, "dump.json")
    assert (finished.code, finished.out) == (2, "")
    assert "release" in finished.err


def test_the_wire_json_of_1_13_leaves_nothing_out_in_silence(
    invoke: Invoke, tmp_path: Path
) -> None:
    backends = [
        {"ip": "10.0.0.1", "port": 1, "protocol": "TCP", "zone": "a"},
        {"ip": "10.0.0.2", "port": 1, "protocol": "TCP"},
    ]
    path = tmp_path / "dump.json"
    path.write_text(json.dumps([service(**{"backend-addresses": backends})]), encoding="utf-8")
    finished = invoke("convert", str(path))
    assert (finished.code, finished.err) == (
        0,
        "loadbalancer: left out, since this form has no place for it: "
        "zone of a backend (1 times), protocol of a backend (2 times)\n",
    )
    assert "zone" not in finished.out
    assert invoke("convert", "--to", "domain", str(path)).err == ""


def test_the_dumps_of_a_directory(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("dumps")
    (folder / "d.txt").mkdir(parents=True)
    texts = {
        "a.json": json.dumps([service()]),
        "b.yaml": ONE_OF_EACH["yaml", "1.13"],
        "c.txt": ONE_OF_EACH["text", "1.18"],
        "manifest.yaml": "apiVersion: v1\nkind: Service\n",
        "read-me.txt": "Dumps of worker-3.\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    packed = gzip.compress(json.dumps([service()]).encode())
    (folder / "e.json.gz").write_bytes(packed)
    (folder / "logs.tar.gz").write_bytes(packed)
    finished = invoke("validate", "--format", "json", "dumps")
    read = [each["file"] for each in json.loads(finished.out)["files"]]
    assert read == [f"dumps/{name}" for name in ("a.json", "b.yaml", "c.txt", "e.json.gz")]
    assert finished.code == 0
