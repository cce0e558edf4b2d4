"""The server as a process: sockets, stopping, workers."""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from loadbalancer.server.process.serve import default_database
from loadbalancer.server.process.sockets import ListenError, UnixSocket, parse_listen_address

from .live import ProcessServer, Reply, ask, wait_until
from .payloads import backend, spec

BODY = json.dumps(spec(1, backend()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.sock"


class TestSocketFiles:
    @pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
    def test_have_the_mode_and_are_removed(self, path: Path, mode: int) -> None:
        made = UnixSocket(path, mode)
        assert stat.S_IMODE(path.stat().st_mode) == mode
        made.close()
        assert not path.exists()

    def test_that_another_keeps_locked_are_not_waited_for_without_end(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("loadbalancer.server.process.sockets._LOCK_SECONDS", 0.1)
        handle = os.open(path.parent, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(ListenError) as caught:
            UnixSocket(path, 0o600)
        os.close(handle)
        told = f"another process has held the lock of {path.parent} (flock) for 0.1 seconds"
        assert str(caught.value) == told
        UnixSocket(path, 0o600).close()

    def test_that_are_stale_are_replaced(self, path: Path) -> None:
        with closing(socket.socket(socket.AF_UNIX)) as stale:
            stale.bind(str(path))
        made = UnixSocket(path, 0o600)
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(path))
        made.close()

    def test_of_others_are_left_alone(self, path: Path) -> None:
        with closing(socket.socket(socket.AF_UNIX)) as other:
            other.bind(str(path))
            other.listen()
            with pytest.raises(ListenError) as caught:
                UnixSocket(path, 0o600)
            assert str(caught.value) == f"{path} is in use by another process"
            assert path.is_socket()

    def test_that_are_none_are_left_alone(self, path: Path) -> None:
        path.write_text("mine")
        with pytest.raises(ListenError) as caught:
            UnixSocket(path, 0o600)
        assert str(caught.value) == f"{path} exists and is not a socket"
        assert path.read_text() == "mine"

    def test_that_are_links_are_left_alone(self, path: Path, tmp_path: Path) -> None:
        path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ListenError):
            UnixSocket(path, 0o600)
        assert path.is_symlink()

    def test_that_another_has_put_in_place_stay(self, path: Path) -> None:
        first = UnixSocket(path, 0o600)
        path.unlink()
        second = UnixSocket(path, 0o600)
        first.close()
        assert path.is_socket()
        second.close()

    def test_that_are_too_long_are_told(self, tmp_path: Path) -> None:
        path = tmp_path / ("x" * 200)
        with pytest.raises(ListenError) as caught:
            UnixSocket(path, 0o600)
        assert str(caught.value) == f"cannot listen on {path}: AF_UNIX path too long"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9876", ("127.0.0.1", 9876)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_to_listen_on(text: str, address: tuple[str, int]) -> None:
    assert parse_listen_address(text) == address


@pytest.mark.parametrize("text", ["", "9876", ":9876", "x:", "x:65536", "::1:80", "[]:1", "x:٣"])
def test_no_address_to_listen_on(text: str) -> None:
    with pytest.raises(ListenError):
        parse_listen_address(text)


def test_services_are_kept_over_a_restart(path: Path, tmp_path: Path) -> None:
    db = tmp_path / "services.db"
    with ProcessServer("--db", db, socket=path) as server:
        assert server.ask("PUT", "/v1/service/1", BODY) == Reply(201, b"", {})
        before = server.ask("GET", "/v1/service")
        assert server.stop() == 0
        assert not path.exists()
        server.output()
    with ProcessServer("--db", db, socket=path) as server:
        assert server.ask("GET", "/v1/service") == before


def test_it_listens_on_both_and_tells_where(path: Path) -> None:
    options = ("--db", ":memory:", "--listen", "127.0.0.1:0", "--listen", "[::1]:0")
    with ProcessServer(*options, "--socket-mode", "0600", socket=path) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        server.ask("PUT", "/v1/service/1", BODY)
        assert server.stop() == 0
        text = server.output()
    assert f"Listening on unix socket {path}\n" in text
    assert len(re.findall(r"Listening on http://(?:127\.0\.0\.1|\[::1\]):[0-9]+\n", text)) == 2
    assert "Services are kept in memory only\n" in text
    assert '"PUT /v1/service/1 HTTP/1.1" 201' in text
    assert "WARNING" not in text


def test_tcp_answers_and_the_access_log_can_be_turned_off() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--db", ":memory:", "--listen", f"127.0.0.1:{port}", "--no-access-log")
    with ProcessServer(*options) as server:
        url = f"http://127.0.0.1:{port}/v1/service"

        def answered() -> bool:
            try:
                with urllib.request.urlopen(url) as answer:
                    return bool(answer.read() == b"[]")
            except OSError:
                return False

        wait_until(answered)
        server.stop()
        assert "GET /v1/service" not in server.output()


def test_a_second_server_on_the_socket_refuses(path: Path) -> None:
    with ProcessServer("--db", ":memory:", socket=path) as server:
        second = subprocess.run(
            [sys.executable, "-m", "loadbalancer.server", "--db", ":memory:", "--socket", path],
            capture_output=True,
            text=True,
            timeout=60,
        )
        told = (second.returncode, second.stdout, second.stderr)
        assert told == (2, "", f"Error: {path} is in use by another process\n")
        assert server.ask("GET", "/v1/service").status == 200


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--db", ":memory:", "--workers", "2"],
            "several workers need a database that they share",
        ),
        (
            ["--db", ":memory:", "--listen", "nonsense"],
            "'nonsense' is not an address to listen on: HOST:PORT or [IPV6]:PORT",
        ),
    ],
)
def test_what_cannot_be_served_is_told(options: list[str], told: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "loadbalancer.server", *options],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (2, f"Error: {told}\n")


def test_a_stop_finishes_the_requests_in_flight(path: Path) -> None:
    with ProcessServer("--db", ":memory:", socket=path) as server:
        half = len(BODY) // 2
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(path))
            head = f"PUT /v1/service/1 HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n"
            client.sendall((head + BODY[:half]).encode())
            wait_until(lambda: b"in_flight 2.0" in server.ask("GET", "/metrics").body)
            server.process.terminate()
            wait_until(lambda: not is_listening(path))
            client.sendall(BODY[half:].encode())
            assert client.recv(1000).startswith(b"HTTP/1.1 201 ")
        assert server.process.wait(60) == 0


def is_listening(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def test_several_workers_share_a_database(path: Path, tmp_path: Path) -> None:
    db = tmp_path / "services.db"
    with ProcessServer("--db", db, "--workers", "3", socket=path) as server:
        # The first of them answers before the last one has begun.
        started = {server.read_match(r"Started server process \[([0-9]+)\]") for _ in range(3)}
        assert len(started) == 3
        statuses: list[int] = []

        def work(thread: int) -> None:
            for turn in range(10):
                body = spec(thread * 10 + turn + 1, backend(f"10.1.{thread}.{turn}"))
                statuses.append(ask(path, "PUT", "/v1/service/1", json.dumps(body)).status)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [201] * 40
        assert len(server.ask("GET", "/v1/service").json) == 40
        assert server.stop() == 0
        assert not path.exists()


def test_workers_end_with_their_supervisor(path: Path, tmp_path: Path) -> None:
    options = ("--db", tmp_path / "services.db", "--workers", "2")
    with ProcessServer(*options, socket=path) as server:
        server.process.kill()
        wait_until(lambda: not is_listening(path))


def test_the_default_database_is_in_the_users_data_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_database() == tmp_path / "cilium-loadbalancer" / "services.db"
    monkeypatch.delenv("XDG_DATA_HOME")
    expected = Path.home() / ".local" / "share" / "cilium-loadbalancer" / "services.db"
    assert default_database() == expected


def test_it_starts_without_options(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "loadbalancer.server", "--listen", "127.0.0.1:0"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        db = tmp_path / "cilium-loadbalancer" / "services.db"
        wait_until(db.exists)
        time.sleep(0.1)
        process.terminate()
        assert process.wait(60) == 0
    assert stat.S_IMODE(db.parent.stat().st_mode) == 0o700
