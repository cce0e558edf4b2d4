"""What goes wrong around the server: it says so, goes on, and recovers when the fault goes."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest

from loadbalancer.agent.stores.base import StoreError
from loadbalancer.server import ServiceAPI, SQLiteStore
from loadbalancer.server.answers import Answer

from .live import ProcessServer, Reply, ask, wait_until
from .payloads import backend, put, spec


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.sock"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "services.db"


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of one MiB; only root can make one."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(directory)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


def body(id: int, backends: int = 1) -> str:
    return json.dumps(spec(id, *(backend(f"10.0.{id}.{n}") for n in range(backends))))


def put_service(server: ProcessServer, id: int, backends: int = 1) -> Reply:
    return server.ask("PUT", f"/v1/service/{id}", body(id, backends))


def ids(server: ProcessServer) -> list[int]:
    return [each["spec"]["id"] for each in server.ask("GET", "/v1/service").json]


def ended(server: ProcessServer) -> str:
    """What a server has written that is told to stop; no traceback."""
    assert server.stop() == 0
    output = server.output()
    assert "Traceback" not in output
    return output


class TestFullDisk:
    def test_refuses_writes_and_answers_reads(self, small_disk: Path, path: Path) -> None:
        db = small_disk / "services.db"
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(400_000))
        with ProcessServer("--db", db, socket=path) as server:
            stored: list[int] = []
            while (reply := put_service(server, len(stored) + 1, 200)).status == 201:
                stored.append(len(stored) + 1)
            told = f"{db}: database or disk is full"
            assert (reply.status, reply.json) == (500, told)
            assert ids(server) == stored
            assert server.ask("GET", "/healthz").json == {"status": "ok"}
            ballast.unlink()
            assert put_service(server, 100, 200).status == 201
            assert ids(server) == [*stored, 100]
            assert told in ended(server)
        with ProcessServer("--db", db, socket=path) as server:
            assert ids(server) == [*stored, 100]

    def test_is_told_at_the_start(self, small_disk: Path) -> None:
        with pytest.raises(OSError, match="No space left"):
            (small_disk / "ballast").write_bytes(bytes(2_000_000))
        db = small_disk / "services.db"
        assert start_fails("--db", db) in (
            f"Error: {db}: database or disk is full\n",
            f"Error: {db}: disk I/O error\n",
            f"Error: {db}: unable to open database file\n",
        )

    @pytest.mark.skipif(sys.platform != "linux", reason="limits of others are Linux's")
    def test_a_limit_of_file_size_is_the_same(self, db: Path, path: Path) -> None:
        with ProcessServer("--db", db, socket=path) as server:
            assert put_service(server, 1).status == 201
            pid, (_, hard) = server.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (100_000, hard))
            reply = put_service(server, 2, 250)
            assert (reply.status, reply.json) == (500, f"{db}: disk I/O error")
            assert ids(server) == [1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
            assert put_service(server, 2, 250).status == 201
            assert ids(server) == [1, 2]
            ended(server)


def start_fails(*options: str | Path) -> str:
    """What a server says that does not start."""
    run = subprocess.run(
        [sys.executable, "-m", "loadbalancer.server", "--listen", "127.0.0.1:0", *options],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (2, "")
    return run.stderr


def test_a_database_that_cannot_be_written_is_told_at_the_start(small_disk: Path) -> None:
    db = small_disk / "services.db"
    SQLiteStore(db).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    told = f"unable to open database file ({db} cannot be written to)\n"
    assert start_fails("--db", db) == f"Error: {db}: {told}"
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    SQLiteStore(db).close()


@pytest.fixture
def as_nobody() -> Generator[Path]:
    """A directory of somebody who may not do whatever he likes, whom this process then is."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(directory, 65534, 65534)
            os.seteuid(65534)
        try:
            yield directory
        finally:
            if is_root:
                os.seteuid(0)


def test_a_database_that_becomes_read_only(as_nobody: Path) -> None:
    db = as_nobody / "services.db"
    with closing(SQLiteStore(db)) as store:
        api = ServiceAPI(store)
        assert put(api, spec(1)).status == 201

        def write_anew(view: object) -> Answer:
            # The connection of the reader is in use: the writer needs one of its own.
            return put(api, spec(2))

        db.chmod(0o444)
        refused = store.read(write_anew)
        told = f"{db}: attempt to write a readonly database"
        assert (refused.status, json.loads(refused.body)) == (500, told)
        assert api.get_service("1").status == 200
        db.chmod(0o644)
        assert store.read(write_anew).status == 201
        assert api.get_service("2").status == 200


def test_a_directory_is_told_at_the_start(tmp_path: Path) -> None:
    told = f"Error: {tmp_path}: unable to open database file (it is a directory)\n"
    assert start_fails("--db", tmp_path) == told


class TestDeletedDatabase:
    """SQLite itself would go on writing to a file that nobody ever sees again."""

    @pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one worker", "two workers"])
    def test_nothing_is_acknowledged(self, db: Path, path: Path, options: tuple[str, ...]) -> None:
        told = f"{db} has been deleted: put it back, or start anew without services"
        with ProcessServer("--db", db, *options, socket=path) as server:
            assert put_service(server, 1).status == 201
            away = db.with_name("away.db")
            db.rename(away)
            for reply in (put_service(server, 2), server.ask("GET", "/v1/service")):
                assert (reply.status, reply.json) == (500, told)
            health = server.ask("GET", "/healthz")
            assert (health.status, health.json["reason"]) == (503, told)
            # Nobody has made an empty one in its place.
            assert not db.exists()
            away.rename(db)
            assert put_service(server, 2).status == 201
            assert ids(server) == [1, 2]
            assert told in ended(server)

    def test_a_worker_that_starts_without_it_makes_none(self, db: Path) -> None:
        told = f"{db} has been deleted: put it back, or start anew without services"
        with closing(SQLiteStore(db)) as store:
            assert put(ServiceAPI(store), spec(1)).status == 201
            away = db.with_name("away.db")
            db.rename(away)
            with closing(SQLiteStore(db, create=False)) as other:
                api = ServiceAPI(other)
                for answer in (api.get_services(), put(api, spec(2))):
                    assert (answer.status, json.loads(answer.body)) == (500, told)
                assert not db.exists()
                away.rename(db)
                assert put(api, spec(2)).status == 201
                listed = ServiceAPI(store).get_services()
                assert [each["spec"]["id"] for each in json.loads(listed.body)] == [1, 2]

    def test_another_one_may_take_its_place(self, db: Path, tmp_path: Path) -> None:
        backup = tmp_path / "backup.db"
        for file, id in ((db, 1), (backup, 7)):
            store = SQLiteStore(file)
            put(ServiceAPI(store), spec(id))
            store.close()
        with closing(SQLiteStore(db)) as store:
            api = ServiceAPI(store)
            assert [each["spec"]["id"] for each in json.loads(api.get_services().body)] == [1]
            for each in db.parent.glob("services.db*"):
                each.unlink()
            with pytest.raises(StoreError):
                store.read(lambda view: view.service_count())
            backup.rename(db)
            assert [each["spec"]["id"] for each in json.loads(api.get_services().body)] == [7]
            assert put(api, spec(8)).status == 201
        with closing(SQLiteStore(db)) as store:
            assert store.read(lambda view: view.service_count()) == 2

    def test_the_log_of_the_old_file_is_not_applied_to_a_new_one(
        self, db: Path, tmp_path: Path
    ) -> None:
        backup = tmp_path / "backup.db"
        SQLiteStore(backup).close()
        with closing(SQLiteStore(db)) as store:
            put(ServiceAPI(store), spec(1))
            backup.rename(db)
            with pytest.raises(StoreError) as caught:
                store.read(lambda view: view.service_count())
            assert str(caught.value) == (
                f"{db} has been replaced, but services.db-wal belongs to the file before it: "
                "move that away"
            )
            for name in ("services.db-wal", "services.db-shm"):
                (tmp_path / name).unlink()
            assert store.read(lambda view: view.service_count()) == 0

    def test_while_it_is_written_to(self, db: Path) -> None:
        with closing(SQLiteStore(db)) as store:

            def lose(tx: object) -> None:
                db.unlink()

            with pytest.raises(StoreError) as caught:
                store.write(lose)
            assert str(caught.value) == f"{db} was deleted while it was written to"


class TestDamagedDatabase:
    def damage(self, db: Path) -> bytes:
        """Fill a database, and overwrite all of it but the first page; the bytes it had."""
        with closing(SQLiteStore(db)) as store:
            for id in range(1, 40):
                put(ServiceAPI(store), json.loads(body(id, 30)))
        before = db.read_bytes()
        first_page = 4096
        assert len(before) > 20 * first_page
        db.write_bytes(before[:first_page] + b"\xa5" * (len(before) - first_page))
        return before

    def test_is_told_and_may_be_mended(self, db: Path, path: Path) -> None:
        before = self.damage(db)
        told = f"{db}: database disk image is malformed"
        assert start_fails("--db", db) == f"Error: {told}\n"
        db.write_bytes(before)
        with ProcessServer("--db", db, socket=path) as server:
            assert ids(server) == list(range(1, 40))
            ended(server)

    def test_under_a_running_server(self, db: Path, path: Path, tmp_path: Path) -> None:
        before = self.damage(db)
        bad = db.read_bytes()
        db.write_bytes(before)
        with ProcessServer("--db", db, socket=path) as server:
            assert server.ask("GET", "/v1/service/1").status == 200
            for each in ("services.db-wal", "services.db-shm"):
                (tmp_path / each).unlink()
            (tmp_path / "bad").write_bytes(bad)
            (tmp_path / "bad").rename(db)
            for target in ("/v1/service", "/v1/service/1"):
                reply = server.ask("GET", target)
                assert (reply.status, reply.json) == (
                    500,
                    f"{db}: database disk image is malformed",
                )
            assert put_service(server, 50).status == 500
            assert server.ask("GET", "/healthz").status == 503
            (tmp_path / "good").write_bytes(before)
            (tmp_path / "good").rename(db)
            assert ids(server) == list(range(1, 40))
            assert put_service(server, 50).status == 201
            ended(server)


class TestTooFewFiles:
    def test_is_told_at_the_start(self, path: Path) -> None:
        limit = ("bash", "-c", 'ulimit -n 100; exec "$0" "$@"')
        with ProcessServer("--db", ":memory:", socket=path, prefix=limit) as server:
            told = "No more than 36 connections instead of 1000: see ulimit -n"
            assert told in ended(server)

    def test_as_many_as_may_be_are_taken(self, path: Path) -> None:
        limit = ("bash", "-c", 'ulimit -Sn 100; exec "$0" "$@"')
        with ProcessServer("--db", ":memory:", socket=path, prefix=limit) as server:
            assert "instead of" not in ended(server)

    @pytest.mark.parametrize("store", ["memory", "sqlite"])
    def test_the_server_recovers_from_a_flood(self, db: Path, path: Path, store: str) -> None:
        limit = ("bash", "-c", 'ulimit -n 100; exec "$0" "$@"')
        kept_in = ":memory:" if store == "memory" else str(db)
        with ProcessServer("--db", kept_in, socket=path, prefix=limit) as server:
            assert put_service(server, 1).status == 201
            with ExitStack() as clients:
                for _ in range(300):
                    client = clients.enter_context(closing(socket.socket(socket.AF_UNIX)))
                    client.setblocking(False)
                    with_room = client.connect_ex(str(path)) == 0
                    if not with_room:
                        break
            wait_until(lambda: answers(path))
            assert put_service(server, 2).status == 201
            assert ids(server) == [1, 2]
            ended(server)


def answers(path: Path) -> bool:
    try:
        return ask(path, "GET", "/v1/service").status == 200
    except OSError:
        return False


class TestStopping:
    @pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one worker", "two workers"])
    def test_finishes_what_has_been_started(
        self, db: Path, path: Path, options: tuple[str, ...]
    ) -> None:
        text = body(1)
        head = f"PUT /v1/service/1 HTTP/1.1\r\nHost: x\r\nContent-Length: {len(text)}\r\n\r\n"
        with ProcessServer("--db", db, *options, socket=path) as server:
            with closing(socket.socket(socket.AF_UNIX)) as client:
                client.connect(str(path))
                client.settimeout(60)
                client.sendall(head.encode() + text[:20].encode())
                # Once it has answered another one on the same connection's worker, it has
                # read this one's head; the workers are asked until both have.
                for _ in range(50):
                    assert ask(path, "GET", "/healthz").status == 200
                server.process.terminate()
                wait_until(lambda: not answers(path))
                client.sendall(text[20:].encode())
                assert client.recv(1000).startswith(b"HTTP/1.1 201 ")
            assert server.process.wait(60) == 0
            assert "Traceback" not in server.output()
        with closing(SQLiteStore(db)) as store:
            assert store.read(lambda view: view.service_count()) == 1

    @pytest.mark.parametrize("request_line", ["PUT /v1/service/1", "POST /check"])
    def test_does_not_wait_for_ever(self, path: Path, request_line: str) -> None:
        options = ("--db", ":memory:", "--stop-seconds", "1")
        server = ProcessServer(*options, socket=path)
        with server, closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(path))
            client.settimeout(60)
            head = f"{request_line} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
            client.sendall(head.encode())
            for _ in range(20):
                assert ask(path, "GET", "/healthz").status == 200
            output = ended(server)
            answer = client.recv(1000)
            told = "the server stops before the request is finished"
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert told.encode() in answer
            assert told in output


class TestSecondStart:
    def test_on_a_tcp_port_is_refused(self, path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            told = f"Error: cannot listen on {address}: Address already in use\n"
            assert start_fails("--db", ":memory:", "--listen", address) == told

    def test_on_a_database_shares_it(self, db: Path, path: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.sock"
        with (
            ProcessServer("--db", db, socket=path) as first,
            ProcessServer("--db", db, socket=other) as second,
        ):
            assert put_service(first, 1).status == 201
            assert put_service(second, 2).status == 201
            assert ids(first) == ids(second) == [1, 2]
            ended(first)
            # The one that goes takes nothing with it.
            assert put_service(second, 3).status == 201
            assert ids(second) == [1, 2, 3]
            ended(second)

    def test_at_the_same_time_on_a_new_database(self, db: Path, tmp_path: Path) -> None:
        with ExitStack() as stack:
            servers = [ProcessServer("--db", db, socket=tmp_path / f"{n}.sock") for n in range(4)]
            for each in servers:
                # They are all started before one is waited for.
                each.socket, wanted = None, each.socket
                stack.enter_context(each)
                each.socket = wanted
            for each in servers:
                assert each.socket is not None
                wait_until(partial(answers, each.socket))
            assert [put_service(each, n + 1).status for n, each in enumerate(servers)] == [201] * 4
            for each in servers:
                assert ids(each) == [1, 2, 3, 4]
                ended(each)
