"""The server as a stand-in for an agent in people's tests."""

from __future__ import annotations

import json
import platform
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from loadbalancer import __version__, read_dump
from loadbalancer.server import Limits, MemoryStore, SQLiteStore, create_app

from ..support import ROOT
from .live import ProcessServer, wait_until
from .payloads import backend, spec

LATER = ROOT / "examples" / "service_list_later.json"


@pytest.mark.parametrize("db", [":memory:", "services.db"])
def test_services_are_there_from_the_start(db: str, tmp_path: Path) -> None:
    place = db if db == ":memory:" else str(tmp_path / db)
    wanted = read_dump(LATER.read_bytes()).services
    assert wanted
    for _ in range(2):
        with ProcessServer("--db", place, "--load", LATER, socket=tmp_path / "socket") as server:
            listed = server.ask("GET", "/v1/service").json
            assert {each["spec"]["id"] for each in listed} == {svc.frontend.id for svc in wanted}
            assert server.stop() == 0
            told = f"INFO:     {len(wanted)} services have been loaded from {LATER}\n"
            assert told in server.output()


def test_services_without_an_id_get_one_that_is_free(tmp_path: Path) -> None:
    bodies = [spec(2), {**spec(3), "id": 0}]
    (tmp_path / "dump").write_text(
        json.dumps([{"spec": each, "status": {"realized": each}} for each in bodies])
    )
    with ProcessServer(
        "--db", ":memory:", "--load", tmp_path / "dump", socket=tmp_path / "socket"
    ) as server:
        listed = server.ask("GET", "/v1/service").json
    assert [each["spec"]["id"] for each in listed] == [1, 2]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot read {path}: No such file or directory"),
        ("nonsense", "{path}:1: neither JSON nor YAML"),
        ('[{"spec":{"frontend-address":{"ip":"x"}}}]', "{path}:1: /0"),
        (
            json.dumps([{"spec": spec(1)}, {"spec": spec(2, ip="10.96.0.1")}]),
            "{path}: service 2: ",
        ),
    ],
    ids=range(4),
)
def test_all_of_a_dump_is_loaded_or_none(content: str | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "dump"
    if content is not None:
        path.write_text(content)
    with ProcessServer("--db", tmp_path / "services.db", "--load", path) as server:
        assert server.process.wait(60) == 2
        output = server.output()
    assert output.startswith(f"Error: {told.format(path=path)}")
    assert "Traceback" not in output
    store = SQLiteStore(tmp_path / "services.db")
    assert store.read(lambda view: view.service_count()) == 0
    store.close()


UNKNOWN = {**spec(1, {**backend(), "wieght": 5}), "x": 1}


def test_unknown_keys_are_warned_of() -> None:
    with TestClient(create_app()) as client:
        reply = client.put("/v1/service/1", json=UNKNOWN)
        assert reply.status_code == 201
        assert reply.headers.get_list("warning") == [
            r'299 - "/x: unknown key \"x\""',
            r'299 - "/backend-addresses/0/wieght: unknown key \"wieght\", did you mean weight?"',
        ]
        assert "warning" not in client.put("/v1/service/1", json=spec(1, backend())).headers


def test_unknown_keys_are_refused_if_they_are_to_be() -> None:
    store = MemoryStore()
    with TestClient(create_app(store, limits=Limits(strict_keys=True))) as client:
        reply = client.put("/v1/service/1", json=UNKNOWN)
        assert (reply.status_code, reply.json()["message"]) == (
            422,
            '/x: unknown key "x"; '
            '/backend-addresses/0/wieght: unknown key "wieght", did you mean weight?',
        )
        assert store.read(lambda view: view.service_count()) == 0
        assert client.put("/v1/service/1", json=spec(1, backend())).status_code == 201


def test_answers_are_late_and_some_fail(tmp_path: Path) -> None:
    options = ("--db", ":memory:", "--delay", "0.2", "--fail-rate", "1")
    with ProcessServer(*options, socket=tmp_path / "socket") as server:
        start = time.monotonic()
        reply = server.ask("GET", "/v1/service")
        assert time.monotonic() - start >= 0.2
        told = {"code": 503, "message": "made to fail by --fail-rate"}
        assert (reply.status, reply.json, reply.headers["retry-after"]) == (503, told, "1")
        # Monitors see the truth.
        assert server.ask("GET", "/healthz").status == 200
        metrics = server.ask("GET", "/metrics").body.decode()
    assert 'http_requests_total{operation="getServices",status="503"} 1.0' in metrics
    python = platform.python_version()
    assert f'build_info{{python="{python}",version="{__version__}"}} 1.0' in metrics
    assert "process_resident_memory_bytes" in metrics


def test_every_line_of_the_log_is_json(tmp_path: Path) -> None:
    options = ("--db", ":memory:", "--log-format", "json", "--access-log", "json")
    with ProcessServer(*options, socket=tmp_path / "socket") as server:
        assert server.stop() == 0
        lines = [json.loads(line) for line in server.output().splitlines()]
    messages = [each for each in lines if "message" in each]
    assert {"time", "level", "message"} == messages[0].keys()
    assert messages[0]["level"] == "info"
    assert messages[0]["message"] == f"Listening on unix socket {tmp_path / 'socket'}"


def test_directories_are_made_if_they_are_to_be(tmp_path: Path) -> None:
    db, socket = tmp_path / "a" / "services.db", tmp_path / "b" / "socket"
    with ProcessServer("--db", db, "--listen", "127.0.0.1:0") as server:
        assert server.process.wait(60) == 2
        assert server.output() == f"Error: there is no directory {db.parent}: --create makes it\n"
    with ProcessServer("--db", ":memory:", "--socket", socket) as server:
        assert server.process.wait(60) == 2
        told = f"Error: there is no directory {socket.parent}: --create makes it\n"
        assert server.output() == told
    assert [*tmp_path.iterdir()] == []
    with ProcessServer("--db", db, "--create", socket=socket) as server:
        wait_until(db.exists)
        assert server.stop() == 0
