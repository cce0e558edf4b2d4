"""Sockets that a service manager has made and passes to the server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from loadbalancer.server.process.sockets import address_text, is_unix, passed_sockets

from .live import Reply, ask, wait_until
from .payloads import spec

SERVE = [sys.executable, "-m", "loadbalancer.server", "--db", ":memory:"]
# A service manager duplicates the sockets onto the handles from 3 on, and then says whose they
# are: the process has its id before it is the server.
START = 'LISTEN_PID=$$ exec "$0" "$@"'


def start(
    sockets: list[socket.socket], *options: str, count: str | None = None
) -> subprocess.Popen[str]:
    """A server that is passed these sockets."""
    moved = "".join(f" {3 + n}<&{each.fileno()}" for n, each in enumerate(sockets))
    environment = {**os.environ, "LISTEN_FDS": count or str(len(sockets))}
    return subprocess.Popen(
        ["bash", "-c", START + moved, *SERVE, *options],
        pass_fds=[each.fileno() for each in sockets],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def stopped(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and output of a server that is told to stop."""
    process.terminate()
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def unix_listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


def get(address: tuple[str, int]) -> bytes:
    with closing(socket.create_connection(address, timeout=30)) as client:
        client.sendall(b"GET /v1/service HTTP/1.0\r\nHost: localhost\r\n\r\n")
        parts = iter(lambda: client.recv(65536), b"")
        return b"".join(parts).partition(b"\r\n\r\n")[2]


def test_all_of_them_are_listened_on_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "passed.sock"
    with closing(unix_listener(path)) as unix, socket.create_server(("127.0.0.1", 0)) as tcp:
        process = start([unix, tcp])
        port = tcp.getsockname()[1]
        # It need not be there yet: whoever comes waits in the socket's line.
        assert ask(path, "GET", "/v1/service") == Reply(200, b"[]", {})
        assert get(("127.0.0.1", port)) == b"[]"
        code, output = stopped(process)
    assert code == 0
    assert [line for line in output.splitlines() if "Listening" in line] == [
        f"INFO:     Listening on unix socket {path}",
        f"INFO:     Listening on http://127.0.0.1:{port}",
    ]
    # The file is not the server's to remove.
    assert path.is_socket()


def test_a_request_waits_for_the_next_server(tmp_path: Path) -> None:
    path = tmp_path / "passed.sock"
    db = ("--db", str(tmp_path / "services.db"))
    with closing(unix_listener(path)) as unix:
        first = start([unix], *db)
        assert ask(path, "PUT", "/v1/service/1", json.dumps(spec(1))).status == 201
        assert stopped(first)[0] == 0
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(path))
            client.sendall(b"GET /v1/service/1 HTTP/1.1\r\nHost: x\r\n\r\n")
            second = start([unix], *db)
            client.settimeout(60)
            assert client.recv(12) == b"HTTP/1.1 200"
        assert stopped(second)[0] == 0


def test_workers_share_them(tmp_path: Path) -> None:
    path = tmp_path / "passed.sock"
    with closing(unix_listener(path)) as unix:
        process = start([unix], "--workers", "2", "--db", str(tmp_path / "services.db"))
        try:
            assert ask(path, "GET", "/v1/service") == Reply(200, b"[]", {})
            assert stopped(process)[0] == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_they_are_not_taken_by_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert passed_sockets() == []
    assert os.environ["LISTEN_FDS"] == "1"


def test_they_are_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "0")
    monkeypatch.setenv("LISTEN_FDNAMES", "")
    assert passed_sockets() == []
    assert not [name for name in os.environ if name.startswith("LISTEN_")]


@pytest.mark.parametrize(
    ("count", "told"),
    [
        ("x", "LISTEN_FDS='x' does not say how many sockets there are"),
        ("99999", "LISTEN_FDS='99999' does not say how many sockets there are"),
        ("7", "handle 3, which was passed to listen on: Bad file descriptor"),
    ],
)
def test_what_cannot_be_taken_is_told(count: str, told: str) -> None:
    process = start([], count=count)
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (2, f"Error: {told}\n")


def test_others_than_listening_streams_are_refused() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind(("127.0.0.1", 0))
        process = start([other])
        output, _ = process.communicate(timeout=60)
    told = "Error: handle 3 was passed to listen on, but does not accept streams\n"
    assert (process.returncode, output) == (2, told)


def test_beyond_loopback_they_are_guarded() -> None:
    with socket.create_server(("0.0.0.0", 0)) as tcp:
        process = start([tcp])
        output, _ = process.communicate(timeout=60)
        place = f"0.0.0.0:{tcp.getsockname()[1]}"
    told = f"Error: every client that reaches {place} could change the services"
    assert (process.returncode, output.partition(":")[0]) == (2, "Error")
    assert output.startswith(told)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has sockets without a file")
def test_a_socket_without_a_file_has_a_name_to_tell() -> None:
    with closing(socket.socket(socket.AF_UNIX)) as abstract:
        abstract.bind(b"\0lb\x1b" + str(os.getpid()).encode())
        abstract.listen()
        assert is_unix(abstract)
        assert address_text(abstract) == f"@lb\\x1b{os.getpid()}"


@pytest.mark.skipif(
    shutil.which("systemd-socket-activate") is None, reason="no systemd is installed"
)
def test_systemd_starts_it_with_the_first_request(tmp_path: Path) -> None:
    path = tmp_path / "systemd.sock"
    command = ["systemd-socket-activate", "--listen", str(path), *SERVE]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        wait_until(path.is_socket)
        assert ask(path, "GET", "/v1/service") == Reply(200, b"[]", {})
        process.terminate()
        assert process.wait(60) == 0
