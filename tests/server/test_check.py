"""`loadbalancer validate` and the service's `/check` say the same of every payload."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from loadbalancer.command import main
from loadbalancer.server import create_app

from ..support import ROOT
from .live import ThreadServer

EXAMPLES = sorted((ROOT / "examples").glob("*.json"))
VECTORS = sorted((ROOT / "tests" / "data" / "vectors").glob("*.jsonl"))
MORE = [
    '{"ip":"10.0.0.1","port":80}',
    '{"frontend-address":{"ip":"x","scope":"external"},"flags":{"type":5}}',
    '[{"frontend-address":{"ip":"::","scope":"external"}},{"ip":"::"},{"ip":1},7]',
    '{"ip":"::"}\n{"ip":\n{"ip":"::1"}\n',
    '{"apiVersion":"v1","kind":"Service","spec":{}}',
    '{"frontend-address":{"ip":"<nil>"},"updateServices":true,"backend-addresses":[{"ip":"x"}]}',
    '{"ip":"\\ud800"}',
    '{"ip":"::","state":"<script>","a/b~c":NaN}',
    "\ufeff[]",
]


def payloads() -> dict[str, bytes]:
    """Everything that both are asked about, by a name of its own."""
    found = {path.name: path.read_bytes() for path in EXAMPLES}
    for path in VECTORS:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        texts = [row["payload"] for row in rows if "payload" in row]
        found.update({f"{path.name}-{n}": text.encode() for n, text in enumerate(texts)})
    found.update({f"more-{n}": text.encode() for n, text in enumerate(MORE)})
    return found


def test_the_same_verdict_and_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = payloads()
    assert len(asked) > 500
    for name, data in asked.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    main(["validate", "--format", "json", "--max-problems", "0", *asked])
    validated: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["files"]
    assert [each["file"] for each in validated] == list(asked)
    with TestClient(create_app()) as client:
        for file in validated:
            name = file.pop("file")
            assert file.pop("unreadable") is None
            for key in ("releases", "rules", "notes"):
                del file[key]
            for problem in file["problems"]:
                assert problem.pop("file") == name
            checked = client.post("/check", content=asked[name]).json()
            del checked["contents"]
            assert checked.pop("stopped") is None
            assert checked == file


def asked(body: bytes) -> dict[str, Any]:
    with TestClient(create_app()) as client:
        found: dict[str, Any] = client.post("/check", content=body).json()
    return found


def test_it_stops_at_many_problems() -> None:
    found = asked(b"{}\n" * 600_000)
    assert found["stopped"] == "more than 10,000 problems were found"
    assert 10_000 < found["errors"] < 600_000
    assert len(found["problems"]) == 100


def test_it_stops_when_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadbalancer.server.checks._MOST_SECONDS", 0.0)
    assert asked(b'{"ip":"::"}' * 150_000)["stopped"] == "it takes longer than 0 seconds"


def test_few_are_checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, may_end = Barrier(3), Event()

    def check(body: bytes, stop: Event) -> dict[str, Any]:
        under_way.wait(30)
        may_end.wait(30)
        return {}

    monkeypatch.setattr("loadbalancer.server.checks._check", check)
    with TestClient(create_app()) as client, ThreadPoolExecutor(2) as pool:
        running = [pool.submit(client.post, "/check", content=b"{}") for _ in range(2)]
        under_way.wait(30)
        busy = client.post("/check", content=b"{}")
        may_end.set()
        assert [each.result().status_code for each in running] == [200, 200]
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
    assert busy.json() == {"code": 503, "message": "2 payloads are being checked already"}


def test_it_stops_when_the_client_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has_begun, has_stopped = Event(), Event()

    def check(body: bytes, stop: Event) -> dict[str, Any]:
        has_begun.set()
        if stop.wait(30):
            has_stopped.set()
        return {}

    monkeypatch.setattr("loadbalancer.server.checks._check", check)
    path = tmp_path / "socket"
    with ThreadServer(path), closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(str(path))
        client.sendall(b"POST /check HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert has_begun.wait(30)
        client.close()
        assert has_stopped.wait(30)
