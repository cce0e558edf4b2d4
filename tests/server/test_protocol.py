"""Clients that dawdle, break off or send what is no HTTP: an answer, and the others are served."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from loadbalancer.server import Limits, MemoryStore, ServiceAPI, create_app
from loadbalancer.server.process.protocol import IMPATIENT_ANSWER

from .live import ThreadServer, UnixConnection, ask, ask_on, wait_until
from .payloads import backend, put, spec

HEAD = b"PUT /v1/service/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def thread_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ThreadServer]:
    with ThreadServer(tmp_path_factory.mktemp("slow") / "server.sock") as server:
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
    monkeypatch.setattr("loadbalancer.server.process.protocol.HEADER_SECONDS", 0.2)
    for start in (b"", b"GET /v1/service HTTP/1.1\r\nHost: x\r\n"):
        with connected(server.path) as client:
            client.sendall(start)
            assert read_all(client) == IMPATIENT_ANSWER


def test_between_requests_there_is_time(
    server: ThreadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadbalancer.server.process.protocol.HEADER_SECONDS", 0.2)
    with closing(UnixConnection(server.path)) as connection:
        for _ in range(3):
            assert ask_on(connection, "GET", "/v1/service").status == 200


def test_an_answer_that_nobody_reads_is_given_up(
    server: ThreadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadbalancer.server.process.protocol.STALLED_SECONDS", 0.2)
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


def test_one_connection_too_many_is_told_to_come_later(tmp_path: Path) -> None:
    path = tmp_path / "server.sock"
    server = ThreadServer(path, connections=2)
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


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"
SERVICE = b'{"id":1,"frontend-address":{"ip":"10.0.0.1","port":80,"scope":"external"}}'
CHUNKS = b"%x\r\n%b\r\n0\r\n" % (len(SERVICE), SERVICE)


def statuses(sent: bytes) -> list[int]:
    """The statuses in what a server has sent."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", sent)]


def sent_before_the_end(client: socket.socket, data: bytes, most: int, pause: float = 0) -> int:
    """Send data again and again; how often until the server closes the connection."""
    for count in range(most):
        try:
            client.sendall(data)
        except ConnectionError:
            return count
        time.sleep(pause)
    return most


def test_trailers_are_not_headers(server: ThreadServer) -> None:
    trailers = b"Host: evil\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n"
    with connected(server.path) as client:
        client.sendall(CHUNKED + b"Connection: close\r\n\r\n" + CHUNKS + trailers)
        assert statuses(read_all(client)) == [201]


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_trailers_without_end(server: ThreadServer, method: str) -> None:
    """No more of them is held than of a head."""
    head = CHUNKED.replace(b"PUT", method.encode())
    with connected(server.path) as client:
        client.sendall(head + b"\r\n" + CHUNKS)
        trailer = b"X: " + b"y" * 60_000 + b"\r\n"
        assert sent_before_the_end(client, trailer, 800) < 30


def test_a_body_without_end_that_was_answered(
    server: ThreadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadbalancer.server.process.protocol.HEADER_SECONDS", 0.2)
    with connected(server.path) as client:
        client.sendall(b"GET /v1/service HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert sent_before_the_end(client, b"1\r\nx\r\n", 600, pause=0.05) < 600


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"TLS/1.0"])
def test_an_upgrade_is_not_offered(server: ThreadServer, protocol: bytes) -> None:
    """The request is answered as it is, as `curl --http2` expects."""
    asked = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %b\r\nHTTP2-Settings: AAMA\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(SERVICE)
    with connected(server.path) as client:
        client.sendall(HEAD + asked % protocol + length + SERVICE)
        client.sendall(b"GET /v1/service/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert statuses(read_all(client)) == [201, 200]


def test_pipelined_requests_are_answered_in_order(server: ThreadServer) -> None:
    length = b"Content-Length: %d\r\n\r\n" % len(SERVICE)
    requests = [
        HEAD + length + SERVICE,
        b"GET /v1/service/1 HTTP/1.1\r\nHost: x\r\nX: %b\r\n\r\n" % (b"y" * 30_000),
        b"GET /v1/service/2 HTTP/1.1\r\nHost: x\r\n\r\n" * 100,
        b"DELETE /v1/service/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ]
    with connected(server.path) as client:
        client.sendall(b"".join(requests))
        assert statuses(read_all(client)) == [201, 200, *[404] * 100, 200]


def test_the_answer_before_a_broken_request_is_sent(server: ThreadServer) -> None:
    with connected(server.path) as client:
        client.sendall(b"GET /v1/service HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
        assert statuses(read_all(client))[0] == 200


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("//v1/healthz", 200),
        ("/v1//healthz", 200),
        ("/v1/./service/", 200),
        ("/nope/../v1/service", 200),
        ("/v1%2fservice", 404),
        ("/v1/%73ervice", 404),
        ("/v1/service/1%2f2", 422),
        ("/v1/service/%31", 404),
        ("/v1/service/1/2", 404),
        ("/../../v1/service", 200),
        ("http://evil.example/v1/service", 400),
        ("*", 400),
    ],
)
def test_targets(server: ThreadServer, target: str, status: int) -> None:
    """They are looked up as the agent's router does: cleaned, and not decoded before."""
    with connected(server.path) as client:
        head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode())
        answer = read_all(client)
    assert statuses(answer) == [status]
    assert b"x-content-type-options: nosniff" in answer.lower()


@pytest.mark.parametrize("coding", ["gzip", "br", "x"])
def test_a_content_coding_is_refused(server: ThreadServer, coding: str) -> None:
    for method, path in (("PUT", "/v1/service/1"), ("POST", "/check")):
        headers = {"Content-Type": "application/json", "Content-Encoding": coding}
        reply = ask(server.path, method, path, SERVICE, headers)
        told = {"code": 415, "message": f"the content coding '{coding}' is not supported"}
        assert (reply.status, reply.json) == (415, told)


def test_a_transfer_coding_is_refused(server: ThreadServer) -> None:
    with connected(server.path) as client:
        client.sendall(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n")
        assert statuses(read_all(client)) == [400]


def test_a_list_of_many_megabytes_comes_whole(server: ThreadServer) -> None:
    store = MemoryStore()
    api = ServiceAPI(store)
    for id in range(1, 6_000):
        backends = [backend(f"10.{id % 256}.{n}.1") for n in range(3)]
        put(api, spec(id, *backends, ip=f"172.{id // 256}.{id % 256}.1"))
    server.app = create_app(store)
    whole = api.get_services().body
    assert len(whole) > 2**21
    assert ask(server.path, "GET", "/v1/service").body == whole
