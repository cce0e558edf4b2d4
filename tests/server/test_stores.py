"""What the rules rely on in a store, and what only a database has to promise."""

from __future__ import annotations

import asyncio
import copy
import json
import multiprocessing
import sqlite3
import threading
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from loadbalancer import SVC, BackendState
from loadbalancer.agent.stores.base import RETIRED_BACKENDS_KEPT, Transaction
from loadbalancer.agent.stores.codec import decode_service, encode_service
from loadbalancer.agent.stores.etcd.entries import Change
from loadbalancer.agent.stores.sqlite_schema import connect, sealed
from loadbalancer.server import (
    MemoryStore,
    ServiceAPI,
    SQLiteStore,
    Store,
    StoreBusyError,
    StoreError,
)
from loadbalancer.server.answers import Answer
from loadbalancer.server.operations import operations
from loadbalancer.testing.stores import StoreContract, view_of_everything

from .conftest import NewStore
from .payloads import backend, backend_ids, listed, put, reason, spec, states


async def nothing() -> Any:
    raise AssertionError("a GET has no body")


class TestContract(StoreContract):
    @pytest.fixture
    def store(self, new_store: NewStore) -> Store:
        return new_store()


def test_concurrent_puts_are_atomic_and_ids_unique(store: Store) -> None:
    api = ServiceAPI(store)
    shared = [backend(f"10.0.0.{n}") for n in range(20)]

    def work(thread: int) -> None:
        for turn in range(10):
            id = thread * 100 + turn + 1
            own = backend(f"10.1.{thread}.{turn}")
            assert put(api, spec(id, own, *shared, ip=f"10.96.{thread}.{turn}")) == Answer(201)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ids = [backend_ids(api, id) for id in listed(api)]
    assert len(ids) == 80
    # One number for each address, and each number for one address: none is used twice.
    pairs = {pair for each in ids for pair in each.items()}
    assert sorted(id for _, id in pairs) == list(range(1, 101))


def test_readers_do_not_wait_for_a_rule_that_runs(store: Store) -> None:
    api = ServiceAPI(store)
    put(api, spec(1))
    before = api.get_services()
    is_running, may_end = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        tx.delete_service(1)
        is_running.set()
        assert may_end.wait(30)

    writer = threading.Thread(target=store.write, args=(hold,))
    writer.start()
    assert is_running.wait(30)
    seen: list[Answer] = []
    reader = threading.Thread(target=lambda: seen.append(api.get_services()))
    reader.start()
    reader.join(30)
    seen_meanwhile = [*seen]
    may_end.set()
    writer.join(30)
    reader.join(30)
    assert seen_meanwhile == [before]
    assert api.get_services() == Answer(200, b"[]")


def retire(key: bytes, tx: Transaction) -> None:
    tx.retire_backend(key, BackendState.MAINTENANCE)


def test_only_so_many_retired_backends_are_remembered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert RETIRED_BACKENDS_KEPT == 10_000
    for module in ("sqlite", "tables"):
        monkeypatch.setattr(f"loadbalancer.agent.stores.{module}.RETIRED_BACKENDS_KEPT", 2)
    for key in (b"a", b"b", b"a", b"c"):
        store.write(partial(retire, key))
    assert store.read(lambda view: [view.retired_state(key) for key in (b"a", b"b", b"c")]) == [
        BackendState.MAINTENANCE,
        None,
        BackendState.MAINTENANCE,
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "services.db"


def test_a_restart_gives_everything_back(path: Path) -> None:
    store = SQLiteStore(path)
    api = ServiceAPI(store)
    # A zone may look as if it had a cluster id.
    put(
        api,
        spec(
            1, backend("10.0.0.1", weight=7), backend("10.0.0.2", nodeName="n", state="quarantined")
        ),
    )
    put(api, spec(2, backend("fe80::1%a@3@0"), backend("fe80::1%a@3"), ip="fd00::1@4"))
    put(api, spec(3, backend("10.0.0.3", state="maintenance")))
    put(api, states(backend("10.0.0.1", state="terminating", preferred=True)))
    api.delete_service("3")
    before = store.read(view_of_everything)
    store.close()

    again = SQLiteStore(path)
    assert again.read(view_of_everything) == before
    api = ServiceAPI(again)
    refused = put(api, states(backend("10.0.0.3", state="terminating")))
    assert reason(refused) == (
        501,
        "invalid state transition for backend[10.0.0.3:80] (maintenance) -> (terminating)",
    )
    put(api, spec(4, backend("10.0.0.4")))
    assert backend_ids(api, 4) == {"10.0.0.4:80": 6}
    again.close()


def test_every_field_of_a_service_is_kept(path: Path) -> None:
    from loadbalancer import Backend, L3n4AddrID, L4Type, Scope, ServiceName, SVCType
    from loadbalancer.domain.addr_cluster import AddrCluster

    svc = SVC(
        frontend=L3n4AddrID(
            id=7,
            addr_cluster=AddrCluster("fe80::1%x@9@0"),
            port=1,
            protocol=L4Type.SCTP,
            scope=Scope.INTERNAL,
        ),
        backends=[
            Backend(
                addr_cluster=AddrCluster("::ffff:1.2.3.4%z@5"),
                id=2**32 - 1,
                weight=0,
                node_name="n\x00ö\U0001f600",
                state=BackendState.INVALID,
                preferred=True,
                fe_port_name="http",
            )
        ],
        type=SVCType.NONE,
        session_affinity=True,
        session_affinity_timeout_sec=9,
        name=ServiceName(namespace="a", name="b"),
        load_balancer_source_ranges=["10.0.0.0/8", "fd00::/64"],  # type: ignore[list-item]
        l7lb_proxy_port=3,
        l7lb_frontend_ports=["x"],
        loopback_hostport=True,
    )
    assert decode_service(encode_service(svc)) == svc


class TestOfALaterVersion:
    """What a later version of this package stored, with fields that this one does not know."""

    SERVICE: ClassVar[dict[str, Any]] = {
        "frontend": {"addr_cluster": "10.96.0.1", "port": 80, "protocol": "TCP", "id": 7},
        "backends": [{"addr_cluster": "10.0.0.1", "port": 8080, "state": 2}],
        "name": {"namespace": "shop", "name": "web"},
    }

    def later(self) -> dict[str, Any]:
        svc = copy.deepcopy(self.SERVICE)
        for each in (svc, svc["frontend"], *svc["backends"], svc["name"]):
            each["later"] = {"a": [None]}
        return svc

    def test_fields_it_adds_are_ignored(self) -> None:
        expected = SVC.model_validate(self.SERVICE)
        assert decode_service(json.dumps(self.later()).encode()) == expected
        change = {"id": "b", "after": "a", "services": [self.later()], "later": 1}
        data = zlib.compress(json.dumps(change).encode())
        assert Change.decode(data).services == [expected]

    def test_values_it_adds_to_an_enum_are_an_error(self) -> None:
        svc = self.later()
        svc["backends"][0]["state"] = 5
        with pytest.raises(StoreError, match="stored service is damaged: 1 validation error"):
            decode_service(json.dumps(svc).encode())

    def test_elsewhere_unknown_fields_are_refused(self) -> None:
        with pytest.raises(ValidationError, match="4 validation errors"):
            SVC.model_validate(self.later())


def test_two_processes_write_at_once(path: Path) -> None:
    SQLiteStore(path).close()
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=write_services, args=(path, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    store = SQLiteStore(path)
    api = ServiceAPI(store)
    services = listed(api)
    assert sorted(services) == [n * 100 + turn + 1 for n in range(3) for turn in range(20)]
    pairs = {pair for service in services for pair in backend_ids(api, service).items()}
    assert sorted(id for _, id in pairs) == list(range(1, 62))
    store.close()


def write_services(path: Path, worker: int) -> None:
    store = SQLiteStore(path)
    api = ServiceAPI(store)
    for turn in range(20):
        own = backend(f"10.{worker}.1.{turn}")
        body = spec(worker * 100 + turn + 1, own, backend(), ip=f"10.96.{worker}.{turn}")
        assert put(api, body) == Answer(201)
    store.close()


class TestDatabases:
    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE cats (name)",
            "PRAGMA application_id = 5",
            "PRAGMA user_version = 1",
            "PRAGMA journal_mode = WAL",
        ],
    )
    def test_of_others_are_left_alone(self, tmp_path: Path, statement: str) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as connection:
            connection.execute(statement)
        connection.close()
        before = path.read_bytes()
        assert before
        with pytest.raises(StoreError) as caught:
            SQLiteStore(path)
        assert str(caught.value) == f"{path} is the file of another program"
        assert path.read_bytes() == before

    def test_are_private(self, path: Path) -> None:
        with closing(SQLiteStore(path)) as store:
            put(ServiceAPI(store), spec(1))
            files = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
        assert files == {f"services.db{end}": 0o600 for end in ("", "-wal", "-shm")}

    def test_of_version_1_get_checksums(self, path: Path) -> None:
        with closing(SQLiteStore(path)) as store:
            put(ServiceAPI(store), spec(1, backend()))
            answer = ServiceAPI(store).get_service("1")
        connection = connect(path)
        connection.execute("UPDATE services SET service = substr(service, 5), answer = x'00'")
        connection.execute("PRAGMA user_version = 1")
        connection.close()
        with closing(SQLiteStore(path)) as store:
            assert ServiceAPI(store).get_service("1") == answer
            assert put(ServiceAPI(store), spec(1, backend())) == Answer(200)

    def test_a_bit_that_has_turned_is_noticed(self, path: Path) -> None:
        """Either all is as it was, or the answer is an error: never other bytes."""
        with closing(SQLiteStore(path)) as store:
            for id in range(1, 30):
                put(ServiceAPI(store), spec(id, backend(f"10.0.0.{id}")))
            before = ServiceAPI(store).get_services()
        whole = path.read_bytes()
        found: Counter[int] = Counter()
        for at in Random(5).sample(range(200, len(whole)), 400):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << at % 8
            path.write_bytes(damaged)
            try:
                with closing(SQLiteStore(path)) as store:
                    answer = ServiceAPI(store).get_services()
            except StoreError:
                found[0] += 1
                continue
            found[answer.status] += 1
            assert answer == before or answer.status == 500
        assert min(found[200], found[500]) > 20

    def test_of_later_versions_are_left_alone(self, path: Path) -> None:
        SQLiteStore(path).close()
        connection = connect(path)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA user_version = 9")
        connection.close()
        before = path.read_bytes()
        with pytest.raises(StoreError) as caught:
            SQLiteStore(path)
        assert str(caught.value) == f"{path} has tables of version 9, not 2"
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (b"garbage" * 1000, ": file is not a database"),
            (b"x", " is the file of another program"),
            (b"x" * 99, ": file is not a database"),
        ],
    )
    def test_that_are_none_are_told(self, tmp_path: Path, data: bytes, told: str) -> None:
        path = tmp_path / "garbage.db"
        path.write_bytes(data)
        with pytest.raises(StoreError) as caught:
            SQLiteStore(path)
        assert str(caught.value) == f"{path}{told}"
        assert path.read_bytes() == data

    def test_that_many_make_at_once_are_no_other_program_s(self, tmp_path: Path) -> None:
        def count(path: Path) -> int:
            store = SQLiteStore(path)
            with closing(store):
                return store.read(lambda view: view.service_count())

        with ThreadPoolExecutor(6) as pool:
            for turn in range(30):
                paths = [tmp_path / str(turn) / "services.db"] * 6
                assert list(pool.map(count, paths)) == [0] * 6

    def test_that_cannot_be_made_are_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        path = tmp_path / "file" / "services.db"
        with pytest.raises(StoreError) as caught:
            SQLiteStore(path)
        assert str(caught.value) == f"{path}: {path.parent}: File exists"

    def test_that_others_hold_are_busy(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("loadbalancer.agent.stores.sqlite_schema.BUSY_TIMEOUT", 0.05)
        store = SQLiteStore(path)
        holder = connect(path)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            store.write(lambda tx: tx.set_next_backend_id(5))
        answer = put(ServiceAPI(store), spec(1))
        told = f"{path} is in use by others: database is locked"
        body = json.dumps({"code": 503, "message": told}, separators=(",", ":")).encode()
        assert answer == Answer(503, body, ((b"retry-after", b"1"),))
        # Readers wait for nobody.
        assert ServiceAPI(store).get_services() == Answer(200, b"[]")
        holder.close()
        assert put(ServiceAPI(store), spec(1)) == Answer(201)
        store.close()

    def test_that_others_hold_keep_nobody_else_waiting(self, path: Path) -> None:
        with closing(SQLiteStore(path)) as store:
            assert put(ServiceAPI(store), spec(1)) == Answer(201)
            kept = ServiceAPI(store).get_service("1")
        with closing(SQLiteStore(path)) as store:
            # Without a connection that is open, one for whom all others have to wait is possible.
            store._close_idle()  # pyright: ignore[reportPrivateUsage]
            holder = connect(path)
            holder.execute("PRAGMA locking_mode = EXCLUSIVE")
            holder.execute("BEGIN EXCLUSIVE")
            api = ServiceAPI(store)
            get = operations(api)["/service/{id}"]["GET"]

            async def ask() -> Answer:
                # This comes to pass only while the answer is waited for elsewhere.
                asyncio.get_running_loop().call_later(0.05, holder.close)
                return await get("1", {"headers": []}, nothing)

            with pytest.raises(StoreBusyError):
                store.service_json_at_once(1)
            assert api.get_service_at_once("1") is None
            assert asyncio.run(ask()) == kept
            assert api.get_service_at_once("1") == kept
            assert api.get_service_at_once("2") == Answer(404)

    def test_that_others_open_keep_nobody_else_waiting(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = SQLiteStore(path, create=False)
        SQLiteStore(path).close()
        is_opening, may_end = threading.Event(), threading.Event()

        def open_slowly(connection: sqlite3.Connection, path: Path) -> None:
            is_opening.set()
            assert may_end.wait(30)

        monkeypatch.setattr("loadbalancer.agent.stores.sqlite.prepare", open_slowly)
        reader = threading.Thread(target=ServiceAPI(store).get_service, args=("1",))
        reader.start()
        assert is_opening.wait(30)
        assert ServiceAPI(store).get_service_at_once("1") is None
        may_end.set()
        reader.join(30)
        assert ServiceAPI(store).get_service_at_once("1") == Answer(404)
        store.close()

    def test_that_cannot_be_opened_once_more_are_read_by_who_has_them_open(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> object:
            raise sqlite3.OperationalError("unable to open database file")

        with closing(SQLiteStore(path)) as store:
            monkeypatch.setattr("loadbalancer.agent.stores.sqlite.connect", refuse)
            assert ServiceAPI(store).get_service_at_once("1") is None
            assert ServiceAPI(store).get_service("1") == Answer(404)

    def test_that_take_the_place_of_others_are_opened_by_who_can_wait(self, path: Path) -> None:
        store = SQLiteStore(path, create=False)
        told = f"{path} has been deleted: put it back, or start anew without services"
        answer = ServiceAPI(store).get_service_at_once("1")
        assert answer == Answer(500, json.dumps(told).encode())
        SQLiteStore(path).close()
        assert ServiceAPI(store).get_service_at_once("1") is None
        assert ServiceAPI(store).get_service("1") == Answer(404)
        assert ServiceAPI(store).get_service_at_once("1") == Answer(404)
        store.close()

    def test_answers_of_another_version_are_written_anew(self, path: Path) -> None:
        store = SQLiteStore(path)
        put(ServiceAPI(store), spec(1))
        answer = ServiceAPI(store).get_services()
        store.close()
        connection = connect(path)
        connection.execute("UPDATE services SET answer = x'7b7d'")
        connection.execute("UPDATE facts SET value = '0.0.1' WHERE name = 'version'")
        connection.close()
        again = SQLiteStore(path)
        assert ServiceAPI(again).get_services() == answer
        again.close()

    def test_a_damaged_service_is_an_error_of_the_store(self, path: Path) -> None:
        store = SQLiteStore(path)
        put(ServiceAPI(store), spec(1, backend()))
        connection = connect(path)
        connection.execute("UPDATE services SET service = ?", (sealed(b"{}"),))
        connection.close()
        status, text = reason(put(ServiceAPI(store), spec(1)))
        assert (status, text[:27]) == (500, "a stored service is damaged")
        store.close()

    def test_a_closed_one_tells_so(self, path: Path) -> None:
        store = SQLiteStore(path)
        store.close()
        store.close()
        with pytest.raises(StoreError) as caught:
            store.read(lambda view: view.service_count())
        assert str(caught.value) == f"{path} is closed"

    def test_a_commit_is_on_the_disk(self, path: Path) -> None:
        store = SQLiteStore(path)
        connection = connect(path)
        pragmas = ("journal_mode", "synchronous")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        connection.close()
        store.close()
        assert found == ["wal", 2]


def test_a_store_in_memory_blocks_nobody() -> None:
    assert (MemoryStore().blocks, SQLiteStore.blocks) == (False, True)
