"""What is logged of requests, and that nothing in it is a command to a terminal."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from loadbalancer.server import Limits, MemoryStore, Settings
from loadbalancer.server.app import create_server
from loadbalancer.server.guard import Guard
from loadbalancer.server.process.access_log import AccessLog, LogFormat
from loadbalancer.server.process.logs import VisibleFormatter

from .live import ProcessServer
from .payloads import backend, spec

BODY = json.dumps(spec(1, backend()))
# ESC, a new line, DEL, CSI as one character, an override of the direction, half a pair.
NASTY = "\x1b[31m\n\x7f\x9b\u202e"


def logging_client(stream: io.BytesIO, format: LogFormat) -> TestClient:
    app = create_server(
        MemoryStore(),
        settings=Settings(),
        limits=Limits(),
        guard=Guard(["testserver"]),
        access_log=AccessLog(stream, format),
    )
    return TestClient(app)


def logged(stream: io.BytesIO) -> list[str]:
    return stream.getvalue().decode().splitlines()


def test_a_line_of_text_for_each_request() -> None:
    stream = io.BytesIO()
    client = logging_client(stream, "text")
    client.put("/v1/service/7?x=y", content=BODY)
    client.get("/v1/service/99")
    client.head("/v1/service")
    client.head("/docs")
    client.put("/v1/service/1", content=BODY.replace('"id": 1', '"id": 2'))
    client.put("/v1/service/1", content="{")
    client.get("/nope")
    client.get("/healthz")
    client.get("/healthz", headers={"Host": "evil"})
    time = r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z"
    lines = [re.sub(r"[0-9.]+ms", "#ms", line) for line in logged(stream)]
    assert [bool(re.match(rf"{time} testclient:50000 ", line)) for line in lines] == [True] * 9
    taken = "the service provided is already registered with ID 1, please use that ID instead of 2"
    unread = "Invalid JSON: EOF while parsing an object at line 1 column 1"
    host = "the host 'evil' is not served here: see the option --allow-host"
    assert [line.split(" ", 2)[2] for line in lines] == [
        '"PUT /v1/service/7?x=y HTTP/1.1" 201 0B #ms',
        '"GET /v1/service/99 HTTP/1.1" 404 0B #ms',
        '"HEAD /v1/service HTTP/1.1" 200 0B #ms',
        '"HEAD /docs HTTP/1.1" 200 0B #ms',
        f'"PUT /v1/service/1 HTTP/1.1" 460 {len(taken) + 2}B #ms {taken}',
        f'"PUT /v1/service/1 HTTP/1.1" 400 {len(unread) + 25}B #ms {unread}',
        '"GET /nope HTTP/1.1" 404 49B #ms path /nope was not found',
        '"GET /healthz HTTP/1.1" 200 15B #ms',
        f'"GET /healthz HTTP/1.1" 421 {len(host) + 25}B #ms {host}',
    ]


def test_a_line_of_json_for_each_request() -> None:
    stream = io.BytesIO()
    client = logging_client(stream, "json")
    client.get("/v1/service?a=b")
    client.put("/v1/service/x", content=BODY)
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged(stream)]
    for line in lines:
        assert 0 < line.pop("seconds") < 60
        assert line.pop("time").endswith("Z")
    asked = {"client": "testclient:50000", "protocol": "HTTP/1.1"}
    assert lines == [
        {**asked, "method": "GET", "target": "/v1/service?a=b", "status": 200, "bytes": 2},
        {
            **asked,
            "method": "PUT",
            "target": "/v1/service/x",
            "status": 422,
            "bytes": 64,
            "reason": 'id in path must be of type int64: "x"',
        },
    ]


@pytest.mark.parametrize("format", ["text", "json"])
def test_nothing_in_a_line_is_a_command(format: LogFormat) -> None:
    stream = io.BytesIO()
    client = logging_client(stream, format)
    body = spec(1, backend(), ip=NASTY)
    client.put("/v1/service/1", content=json.dumps(body))
    client.put("/v1/service/1", content=BODY, headers=[(b"Content-Type", b"\x1b[31m\x9b")])
    client.get("/v1/service/%1b%0a%e2%80%ae")
    client.get('/"HTTP/1.1" 200')
    client.get("/x", headers=[(b"Host", b"\x1b\x9b")])
    text = stream.getvalue().decode()
    assert text.count("\n") == 5
    assert text.replace("\n", "").isprintable()
    if format == "text":
        assert '"GET /%22HTTP/1.1%22%20200 HTTP/1.1" 404 ' in text


def test_a_target_that_holds_quotes_does_not_end_the_request() -> None:
    stream = io.BytesIO()
    scope = {
        "path": "",
        "raw_path": b'/" 200 \\\x1b\xff',
        "query_string": b'"\n',
        "method": "GET",
        "http_version": "1.1",
        "client": None,
    }
    AccessLog(stream, "text").write(scope, 404, 0, 0.0125, b'"\\u001b\\ud800"')
    told = stream.getvalue().decode().partition(" ")[2]
    request = r'"GET /\" 200 \\\x1bÿ?\"\n HTTP/1.1"'
    assert told == f"unix {request} 404 0B 12.5ms \\x1b\\ud800\n"


def test_a_log_that_cannot_be_written_is_no_reason_not_to_answer() -> None:
    stream = io.BytesIO()
    client = logging_client(stream, "text")
    stream.close()
    assert client.get("/v1/service").status_code == 200
    with open("/dev/full", "wb") as full:
        app = create_server(
            MemoryStore(),
            settings=Settings(),
            limits=Limits(),
            access_log=AccessLog(full, "json"),
        )
        assert TestClient(app).get("/v1/service").status_code == 200
        with pytest.raises(OSError, match="space"):
            full.close()


def test_messages_and_tracebacks_are_shown_without_commands() -> None:
    formatter = VisibleFormatter("%(levelprefix)s %(message)s", use_colors=False)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%s", (f"cannot {NASTY}",), None)
    assert formatter.format(record) == r"ERROR:    cannot \x1b[31m\n\x7f\x9b\u202e"
    try:
        raise ValueError("\x1b\x9b")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    text = formatter.format(record)
    assert text.endswith(r"ValueError: \x1b\x9b")
    assert text.replace("\n", "").isprintable()


def test_names_of_files_are_shown_without_commands(tmp_path: Path) -> None:
    """Where the server listens, where it keeps services, and why it cannot."""
    directory = tmp_path / "\x1b[31m\n\x9b\u202e"
    directory.mkdir()
    name = r"\x1b[31m\n\x9b\u202e"
    with ProcessServer("--db", directory / "a.db", socket=directory / "a.sock") as server:
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(directory / "a.sock"))
            client.sendall(b"GET /v1/\x1b\x9b\xe2\x80\xae HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100)
        with ProcessServer("--socket", directory / "a.sock") as second:
            assert second.process.wait(60) == 2
            told = second.output()
        assert server.stop() == 0
        text = server.output()
    assert told == f"Error: {tmp_path}/{name}/a.sock is in use by another process\n"
    assert f"Listening on unix socket {tmp_path}/{name}/a.sock\n" in text
    assert f"Services are kept in {tmp_path}/{name}/a.db\n" in text
    assert text.replace("\n", "").isprintable()
    (directory / "bad.db").write_bytes(b"no database" * 1000)
    for options in (
        ["--db", directory / "bad.db"],
        ["--db", ":memory:", "--token-file", directory / "none"],
        ["--db", ":memory:", "--tls-cert", directory / "none"],
        ["--db", ":memory:", "--listen", NASTY],
        ["--store", f"sqlite://{NASTY}"],
        ["--db", ":memory:", "--socket", directory / ("x" * 200)],
        ["--db", ":memory:", "--socket-mode", NASTY],
        [f"--{NASTY}"],
        ["--access-log", NASTY],
    ):
        with ProcessServer(*options) as refused:
            assert refused.process.wait(60) == 2
            output = refused.output()
        assert "Traceback" not in output
        assert output.replace("\n", "").isprintable(), output
