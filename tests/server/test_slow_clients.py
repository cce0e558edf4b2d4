"""Clients that dawdle, break off or send what is no HTTP: an answer, and the others are served."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from loadbalancer.server import Limits, create_app
from loadbalancer.server.process.slow_clients import IMPATIENT_ANSWER, PROTOCOLS

from .live import ThreadServer, UnixConnection, ask, ask_on, wait_until

HEAD = b"PUT /v1/service/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module", params=PROTOCOLS)
def thread_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[ThreadServer]:
    path = tmp_path_factory.mktemp("slow") / "server.sock"
    with ThreadServer(path, PROTOCOLS[request.param]) as server:
        yield server


@pytest.fixture
def server(thread_server: ThreadServer) -> ThreadServer:
    thread_server.app = create_app(limits=Limits(body_seconds=0.2, body_bytes=100_000))
    return thread_server


@contextmanager
def connected(path: Path) -> Generator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as client:
        client.settimeout(30)
        client.connect(str(path))
        yield client


def read_all(client: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    parts: list[bytes] = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_body_that_does_not_come_is_408(server: ThreadServer) -> None:
    with connected(server.path) as client:
        client.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        head, _, body = read_all(client).partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"HTTP/1.1 408 Request Timeout"
    assert b"connection: close" in head.lower()
    assert body == b'{"code":408,"message":"the body did not come within 0.2 seconds"}'


def test_a_head_that_does_not_come_is_408(
    server: ThreadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadbalancer.server.process.slow_clients.HEADER_SECONDS", 0.2)
    for start in (b"", b"GET /v1/service HTTP/1.1\r\nHost: x\r\n"):
        with connected(server.path) as client:
            client.sendall(start)
            assert read_all(client) == IMPATIENT_ANSWER


def test_between_requests_there_is_time(
    server: ThreadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadbalancer.server.process.slow_clients.HEADER_SECONDS", 0.2)
    with closing(UnixConnection(server.path)) as connection:
        for _ in range(3):
            assert ask_on(connection, "GET", "/v1/service").status == 200


def test_an_answer_that_nobody_reads_is_given_up(
    server: ThreadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadbalancer.server.process.slow_clients.STALLED_SECONDS", 0.2)
    with connected(server.path) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # Pipelined, so that the answers are more than any buffer holds.
        requests = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000_000
        with pytest.raises(ConnectionError):
            client.sendall(requests)


def test_a_client_that_breaks_off_stores_nothing(server: ThreadServer) -> None:
    with connected(server.path) as client:
        client.sendall(HEAD + b"Content-Length: 100\r\n\r\n" + b'{"id":1,')
    assert server.ask("GET", "/v1/service").body == b"[]"


def test_a_body_over_the_limit_is_answered_though_it_is_still_being_sent(
    server: ThreadServer,
) -> None:
    for body in (b"x" * 100_001, b"x" * 20_000_000):
        reply = server.ask("PUT", "/v1/service/1", body)
        told = {"code": 413, "message": "the body is larger than 100000 bytes"}
        assert (reply.status, reply.json) == (413, told)


def test_bodies_together_are_limited(thread_server: ThreadServer) -> None:
    limits = Limits(body_seconds=5, body_bytes=1000, held_bytes=1500)
    thread_server.app = create_app(limits=limits)
    head = HEAD + b"Content-Length: 1000\r\n\r\n"
    with connected(thread_server.path) as one, connected(thread_server.path) as two:
        one.sendall(head + b" " * 999)
        wait_until(lambda: b"in_flight 2.0" in thread_server.ask("GET", "/metrics").body)
        two.sendall(head + b" " * 999)
        assert read_all(two).startswith(b"HTTP/1.1 503 ")
        one.sendall(b" ")
        assert one.recv(1000).startswith(b"HTTP/1.1 422 ")
    # What has been answered is held no longer.
    for _ in range(3):
        assert thread_server.ask("PUT", "/v1/service/1", b" " * 1000).status == 422
        assert thread_server.ask("PUT", "/v1/service/1", b" " * 2000).status == 413


def test_a_client_that_asks_first_sends_nothing_over_the_limit(server: ThreadServer) -> None:
    with connected(server.path) as client:
        client.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n")
        assert read_all(client).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /v1/service HTTP/1.1\r\n\r\n",
        b"PUT /v1/service/1 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"PUT /v1/service/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET /" + b"x" * 200_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 50_000,
    ],
    ids=range(6),
)
def test_what_is_no_http_is_400(server: ThreadServer, sent: bytes) -> None:
    with connected(server.path) as client:
        try:
            client.sendall(sent)
            answer = read_all(client)
        except ConnectionError:
            # The server has closed while a long head was still on its way.
            answer = b"HTTP/1.1 400 "
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_others_are_served_meanwhile(server: ThreadServer) -> None:
    with connected(server.path) as one, connected(server.path) as two:
        one.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        two.sendall(b"GET /")
        assert server.ask("GET", "/v1/service").body == b"[]"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_connection_too_many_is_told_to_come_later(protocol: str, tmp_path: Path) -> None:
    path = tmp_path / "server.sock"
    server = ThreadServer(path, PROTOCOLS[protocol], connections=2)
    with server, closing(UnixConnection(path)) as one, closing(UnixConnection(path)) as two:
        for each in (one, two):
            assert ask_on(each, "GET", "/v1/service").status == 200
        refused = ask(path, "GET", "/v1/service")
        told = {"code": 503, "message": "there are too many connections"}
        assert (refused.status, refused.json) == (503, told)
        assert (refused.headers["retry-after"], refused.headers["connection"]) == ("1", "close")
        for each in (one, two):
            assert ask_on(each, "GET", "/v1/service").status == 200
        two.close()
        wait_until(lambda: ask(path, "GET", "/v1/service").status == 200)
