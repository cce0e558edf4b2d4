"""Who may ask over TCP, and who may change anything."""

from __future__ import annotations

import json
import signal
import socket
import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest
import trustme
from fastapi.testclient import TestClient

from loadbalancer.server import Limits, MemoryStore, Settings
from loadbalancer.server.app import create_server
from loadbalancer.server.guard import Guard

from .live import ProcessServer, ask_on, wait_until
from .payloads import backend, spec

BODY = json.dumps(spec(1, backend()))


def guarded(token: bytes | None = None) -> TestClient:
    guard = Guard(("lb.example", "10.0.0.5", "fd00::5"), token)
    app = create_server(MemoryStore(), settings=Settings(), limits=Limits(), guard=guard)
    return TestClient(app, base_url="http://localhost")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST.:9876", 200),
        ("127.0.0.1:9876", 200),
        ("127.1.2.3", 200),
        ("[::1]:9876", 200),
        ("lb.example", 200),
        ("LB.example.:80", 200),
        ("10.0.0.5:80", 200),
        ("[fd00::5]", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("evil.lb.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("10.0.0.6", 421),
        ("[fd00::6]:80", 421),
        ("\x7f", 421),
        ("", 421),
    ],
)
@pytest.mark.parametrize("path", ["/", "/nope", "/v1/service", "/v1/nope", "/metrics", "/check"])
def test_the_host_decides(host: str, status: int, path: str) -> None:
    client = guarded()
    method = "POST" if path == "/check" else "GET"
    reply = client.request(method, path, headers={"Host": host}, content=BODY)
    assert reply.status_code == (404 if status == 200 and "nope" in path else status)
    if status == 421:
        message = f"the host {host!a} is not served here: see the option --allow-host"
        assert reply.json() == {"code": 421, "message": message}


def test_changes_need_the_token() -> None:
    client = guarded(b"secret")
    for given in (None, "Bearer", "Bearer secre", "Bearer secrets", "Basic secret", "secret"):
        headers = {} if given is None else {"Authorization": given}
        for method in ("PUT", "DELETE"):
            reply = client.request(method, "/v1/service/1", content=BODY, headers=headers)
            assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
            assert reply.json()["code"] == 401
    assert client.get("/v1/service").content == b"[]"
    assert client.post("/check", content=BODY).status_code == 200
    known = {"Authorization": "bearer secret"}
    assert client.put("/v1/service/1", content=BODY, headers=known).status_code == 201
    assert client.delete("/v1/service/1", headers=known).status_code == 200


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"one\ntwo\n", b"se\0cret", b"\xef\xbb\xbfsecret", b"two words", b"caf\xc3\xa9"],
)
def test_a_file_that_is_no_token(tmp_path: Path, content: bytes) -> None:
    token = tmp_path / "token"
    token.write_bytes(content)
    with ProcessServer("--db", ":memory:", "--token-file", token) as server:
        assert server.process.wait(60) == 2
        told = f"{token} is not a token: one line of printable ASCII without spaces\n"
        assert server.output().endswith(told)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_reload_reads_the_token_again(tmp_path: Path, workers: int) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    port = free_port()
    options = ("--db", tmp_path / "services.db", "--workers", str(workers), "--token-file", token)

    def is_known(given: str) -> bool:
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            headers = {"Authorization": f"Bearer {given}"}
            return ask_on(connection, "PUT", "/v1/service/1", BODY, headers).status in (200, 201)

    with ProcessServer(
        *options, "--listen", f"127.0.0.1:{port}", socket=tmp_path / "socket"
    ) as server:
        assert is_known("first")
        token.write_text("second")
        server.process.send_signal(signal.SIGHUP)
        # Each worker takes some of the connections.
        wait_until(lambda: all(is_known("second") for _ in range(20)))
        assert not is_known("first")
        token.write_text("not\none")
        server.process.send_signal(signal.SIGHUP)
        told = server.read_match(r"ERROR: +(.*): the token stays as it was")
        assert told.startswith(f"{token} is not a token: ")
        assert is_known("second")
        assert server.stop() == 0


def test_options_come_from_the_environment_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADBALANCER_LISTEN", "127.0.0.1:0 0.0.0.0:0")
    monkeypatch.setenv("LOADBALANCER_DB", str(tmp_path / "services.db"))
    with ProcessServer() as server:
        assert server.process.wait(60) == 2
        assert "every client that reaches 0.0.0.0:0" in server.output()
    assert (tmp_path / "services.db").exists()


def test_a_unix_socket_needs_neither_host_nor_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    options = ("--db", ":memory:", "--token-file", token)
    with ProcessServer(*options, socket=tmp_path / "server.sock") as server:
        assert server.ask("PUT", "/v1/service/1", BODY).status == 201


def test_only_clients_with_a_certificate_are_served(tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    names = {name: tmp_path / f"{name}.pem" for name in ("ca", "cert", "key")}
    authority.cert_pem.write_to_path(str(names["ca"]))
    issued.cert_chain_pems[0].write_to_path(str(names["cert"]))
    issued.private_key_pem.write_to_path(str(names["key"]))
    options = ("--db", ":memory:", "--tls-cert", names["cert"], "--tls-key", names["key"])
    port = free_port()

    def status(*issuers: trustme.CA) -> int:
        context = ssl.create_default_context(cafile=str(names["ca"]))
        for issuer in issuers:
            issuer.issue_cert("client.example").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
        connection = HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
        with closing(connection):
            return ask_on(connection, "PUT", "/v1/service/1", BODY).status

    def answers() -> bool:
        try:
            return status(authority) in (200, 201)
        except ConnectionRefusedError:
            return False

    # Beyond loopback, too: that needs no token.
    listen = ("--listen", f"0.0.0.0:{port}", "--tls-client-ca", names["ca"])
    with ProcessServer(*options, *listen) as server:
        wait_until(lambda: server.process.poll() is not None or answers())
        assert status(authority) == 200
        for issuers in ((), (other,)):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                status(*issuers)
        assert server.stop() == 0
        assert f"Listening on https://0.0.0.0:{port}\n" in server.output()


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--listen", "0.0.0.0:0"],
            "every client that reaches 0.0.0.0:0 could change the services",
        ),
        (["--listen", "[::]:0"], "every client that reaches [::]:0 could change the services"),
        (["--token-file", "/nowhere"], "cannot read the token in /nowhere: No such file"),
        (
            ["--token-file", "/dev/null"],
            "/dev/null is not a token: one line of printable ASCII without spaces",
        ),
        (["--tls-key", "/nowhere"], "TLS needs a certificate: --tls-cert"),
        (["--tls-cert", "/nowhere"], "cannot use the certificates for TLS: No such file"),
        (["--tls-cert", "/dev/null"], "cannot use the certificates for TLS: "),
        (["--tls-cert", "/nowhere", "--socket", "/nowhere"], "a unix socket is served without TLS"),
    ],
    ids=range(8),
)
def test_what_is_not_guarded_does_not_start(options: list[str], told: str) -> None:
    with ProcessServer("--db", ":memory:", *options) as server:
        assert server.process.wait(60) == 2
        output = server.output()
    assert told in output
    assert "Traceback" not in output
