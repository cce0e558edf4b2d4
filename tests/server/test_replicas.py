"""Several stores on one etcd: nothing is lost, nothing is half there, nothing goes back."""

from __future__ import annotations

import base64
import json
import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import pytest

from loadbalancer.agent.settings import Settings
from loadbalancer.agent.stores.base import View
from loadbalancer.agent.stores.etcd import summing
from loadbalancer.agent.stores.etcd.client import Etcd, look_up
from loadbalancer.agent.stores.etcd.entries import Sum
from loadbalancer.agent.stores.etcd.store import EtcdStore
from loadbalancer.agent.stores.opening import open_store
from loadbalancer.server import Limits, ServiceAPI, StoreBusyError, StoreError
from loadbalancer.server.answers import Answer

from .etcd_cluster import EtcdCluster, call_etcd, new_prefix, store_url
from .history import Call, History
from .payloads import backend, backend_ids, listed, put, spec, states
from .proxy import Proxy

Replicas = Callable[..., list[ServiceAPI]]


@pytest.fixture
def replicas(etcd: EtcdCluster) -> Generator[Replicas]:
    """Opens so many replicas of one new prefix."""
    with ExitStack() as stack:

        def make(count: int, url: str = "") -> list[ServiceAPI]:
            url = url or etcd.url(new_prefix())
            stores = [open_store(url) for _ in range(count)]
            for each in stores:
                stack.callback(each.close)
            return [ServiceAPI(each) for each in stores]

        yield make


def etcd_store(api: ServiceAPI) -> EtcdStore:
    assert isinstance(api.store, EtcdStore)
    return api.store


def tables(api: ServiceAPI) -> tuple[object, ...]:
    """All that a replica has."""

    def read(view: View) -> tuple[object, ...]:
        services = [view.service(id) for id in range(1, 1000)]
        hashes = sorted({each.hash() for svc in services if svc for each in svc.backends})
        return (
            services,
            [view.service_at(svc.frontend.hash()) == svc for svc in services if svc],
            [(view.backend(key), view.services_with(key)) for key in hashes],
            view.services_json(),
            view.next_backend_id(),
        )

    return api.store.read(read)


@dataclass
class Worker:
    """A client of one replica: it writes to services of its own, and reads all of them."""

    number: int
    api: ServiceAPI
    history: History
    random: random.Random
    expected: dict[int, list[tuple[str, int]] | None] = field(
        default_factory=dict[int, list[tuple[str, int]] | None]
    )

    def run(self, turns: int) -> None:
        for turn in range(1, turns + 1):
            match self.random.randrange(5):
                case 0 | 1:
                    self.put(turn)
                case 2:
                    self.delete()
                case 3:
                    self.change_states(turn)
                case _:
                    self.read()

    def put(self, turn: int) -> None:
        id = self.number * 10 + self.random.randrange(1, 6)
        weight = turn
        shared = self.random.sample(range(1, 9), 3)
        own = [(f"10.1.{self.number}.{n}", weight) for n in range(1, 4)]
        wanted = own + [(f"10.9.0.{n}", weight) for n in shared]
        body = spec(
            id,
            *(backend(ip, weight=each) for ip, each in wanted),
            ip=f"10.96.{self.number}.{id % 10}",
            name=f"{self.number}-{turn}",
        )
        is_there = self.expected.get(id) is not None
        assert put(self.api, body) == Answer(200 if is_there else 201)
        self.expected[id] = sorted(wanted)
        # The same value for all to write, and each time another one.
        value = self.number * 1000 + turn
        probe = spec(999, backend("10.8.0.1", weight=value), ip="10.96.99.9")
        assert self.history.write(999, value, lambda: put(self.api, probe).status in (200, 201))

    def delete(self) -> None:
        id = self.number * 10 + self.random.randrange(1, 6)
        is_there = self.expected.get(id) is not None
        assert self.api.delete_service(str(id)).status == (200 if is_there else 404)
        self.expected[id] = None

    def change_states(self, turn: int) -> None:
        """All services that have the backend change at once."""
        state = "quarantined" if turn % 2 else "active"
        answer = put(self.api, states(backend("10.9.0.1", state=state)))
        assert answer.status == 200, answer

    def read(self) -> None:
        start = time.monotonic()
        services = listed(self.api)
        end = time.monotonic()
        probe = services.get(999)
        value = probe["backend-addresses"][0]["weight"] if probe else None
        self.history.add(999, Call(False, value, start, end))
        for id, expected in self.expected.items():
            found = services.get(id)
            addresses = found and sorted(
                (each["ip"], each["weight"]) for each in found["backend-addresses"]
            )
            assert addresses == expected
        # No service is half there: every one was written with one weight.
        for each in services.values():
            assert len({has["weight"] for has in each["backend-addresses"]}) == 1


@pytest.mark.parametrize("count", [2, 5])
def test_writes_at_once(replicas: Replicas, count: int) -> None:
    apis = replicas(count)
    history = History()
    workers = [
        Worker(number, api, history, random.Random(number)) for number, api in enumerate(apis * 2)
    ]
    failures: list[BaseException] = []

    def run(worker: Worker) -> None:
        try:
            worker.run(60)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(each,)) for each in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert history.problems() == []
    assert len(history) > count * 60
    assert sum(etcd_store(api).conflicts for api in apis) > 0

    services = listed(apis[0])
    expected = {id: has for each in workers for id, has in each.expected.items() if has}
    assert {
        id: sorted((has["ip"], has["weight"]) for has in each["backend-addresses"])
        for id, each in services.items()
        if id != 999
    } == expected
    ids = [pair for id in services for pair in backend_ids(apis[0], id).items()]
    assert len({id for _, id in ids}) == len({address for address, _ in ids})
    assert len(set(ids)) == len({address for address, _ in ids})
    # A replica that starts now has the same as those that were there all the time.
    (late,) = replicas(1, str(etcd_store(apis[0]).address))
    assert [tables(each) for each in apis] == [tables(late)] * count


def test_writes_at_once_over_nets_that_lose_and_delay(
    etcd: EtcdCluster, replicas: Replicas
) -> None:
    """Each answer is right: what was new is 201, what was there is 200, once and not twice."""
    prefix, chance = new_prefix(), random.Random(0)
    with ExitStack() as stack:
        proxies = [stack.enter_context(Proxy(etcd.members[0].address)) for _ in range(3)]
        apis = [replicas(1, store_url([each.address], prefix))[0] for each in proxies]
        for each in proxies:
            each.loses_answer = each.loses_request = lambda request: chance.random() < 0.15
        history = History()
        workers = [
            Worker(number, api, history, random.Random(number))
            for number, api in enumerate(apis * 2)
        ]
        failures: list[BaseException] = []
        has_ended = threading.Event()

        def run(worker: Worker) -> None:
            try:
                worker.run(20)
            except BaseException as error:
                failures.append(error)

        def read(api: ServiceAPI) -> None:
            while not has_ended.is_set():
                api.get_services()

        def deliver() -> None:
            while not has_ended.wait(0.001):
                for each in proxies:
                    each.deliver_kept()

        others = [threading.Thread(target=read, args=(each,)) for each in apis]
        others.append(threading.Thread(target=deliver))
        threads = [threading.Thread(target=run, args=(each,)) for each in workers]
        for thread in (*threads, *others):
            thread.start()
        for thread in threads:
            thread.join(120)
        has_ended.set()
        for thread in others:
            thread.join(60)
        assert failures == []
        assert history.problems() == []
        for each in proxies:
            each.loses_answer = each.loses_request = lambda request: False
        (late,) = replicas(1, etcd.url(prefix))
        assert [tables(each) for each in apis] == [tables(late)] * 3


def test_what_is_refused_is_refused_by_all(replicas: Replicas) -> None:
    one, other = replicas(2)
    assert put(one, spec(1, backend())).status == 201
    # The other one has not looked since.
    assert put(other, spec(2, ip="10.96.0.1")).status == 460
    assert one.delete_service("1") == Answer(200)
    assert other.delete_service("1") == Answer(404)
    assert put(other, spec(2, ip="10.96.0.1")).status == 201
    assert one.delete_service("2") == Answer(200)
    # The other one would refuse it by what it knows.
    assert put(one, spec(3, ip="10.96.0.1")).status == 201
    assert other.delete_service("3") == Answer(200)
    assert put(one, spec(4, ip="10.96.0.1")).status == 201
    assert other.delete_service("4") == Answer(200)
    assert listed(other) == listed(one) == {}
    assert put(other, spec(5)).status == 201
    assert put(one, spec(5)).status == 200
    assert other.delete_service("5") == Answer(200)
    assert put(other, spec(6, ip="10.96.0.5")).status == 201
    assert put(one, spec(7, ip="10.96.0.5")).status == 460
    assert other.delete_service("6") == Answer(200)
    assert put(one, spec(7, ip="10.96.0.5")).status == 201


def test_a_refusal_is_by_what_is_stored_and_not_by_what_was_on_the_way(replicas: Replicas) -> None:
    """Of very many changes that a write finds, the first ones alone tell nothing."""
    behind, other = replicas(2)
    assert put(other, spec(1, backend())).status == 201
    assert listed(behind).keys() == {1}
    assert other.delete_service("1") == Answer(200)
    for turn in range(100):
        assert put(other, spec(2, backend(weight=turn % 7))).status in (200, 201)
    assert put(other, spec(1, backend())).status == 201
    # The service was there when this was asked for, and long before.
    assert behind.delete_service("1") == Answer(200)


def test_reads_at_the_same_time_share_a_look(etcd: EtcdCluster, replicas: Replicas) -> None:
    requests: list[bytes] = []

    def count(request: bytes) -> bool:
        requests.append(request)
        return False

    with Proxy(etcd.members[0].address) as proxy:
        (api,) = replicas(1, store_url([proxy.address], new_prefix()))
        proxy.delay = 0.1
        proxy.loses_answer = count
        threads = [threading.Thread(target=api.get_services) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    # The first one looks at once, those that came meanwhile share the next look.
    assert len(requests) <= 4


def test_what_is_there_already_is_not_stored_again(replicas: Replicas) -> None:
    one, other = replicas(2)
    body = spec(1, backend(), backend("10.0.0.2", state="maintenance"), name="web", namespace="a")
    assert put(one, body) == Answer(201)
    assert put(one, body) == put(other, body) == Answer(200)
    assert etcd_store(other).revision == 1
    again = {**body, "backend-addresses": body["backend-addresses"][::-1]}
    assert put(other, again) == Answer(200)
    assert etcd_store(other).revision == 2
    assert put(one, {**again, "flags": {}}) == Answer(200)
    assert tables(one) == tables(other)
    assert listed(one)[1]["flags"]["name"] == "web"
    assert etcd_store(one).revision == 2


class TestOpening:
    def test_much_that_is_stored_takes_its_time(
        self, etcd: EtcdCluster, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prefix = new_prefix()
        (one,) = replicas(1, etcd.url(prefix))
        for id in range(1, 50):
            assert put(one, spec(id, backend())).status == 201
        monkeypatch.setattr("loadbalancer.agent.stores.etcd.store.OPENING_PATIENCE", 2.0)
        with Proxy(etcd.members[0].address) as proxy:
            proxy.delay = 0.3
            (late,) = replicas(1, store_url([proxy.address], prefix))
            assert tables(late) == tables(one)

    def test_settings_are_those_of_all(self, etcd: EtcdCluster) -> None:
        url = etcd.url(new_prefix())
        open_store(url, settings=Settings(nat46x64=True, node_name="a")).close()
        open_store(url, settings=Settings(nat46x64=True, node_name="a")).close()
        with pytest.raises(StoreError) as caught:
            open_store(url, settings=Settings(node_name="b"))
        assert str(caught.value) == (
            f"{url} belongs to servers with other settings: "
            "nat46x64 is True there and False here, node_name is 'a' there and 'b' here"
        )

    def test_settings_can_be_replaced(self, etcd: EtcdCluster) -> None:
        prefix = new_prefix()
        store = open_store(etcd.url(prefix))
        assert put(ServiceAPI(store), spec(1, backend())) == Answer(201)
        store.close()
        key = base64.b64encode(f"/{prefix}/settings".encode()).decode()
        call_etcd(etcd.members[0], "kv/deleterange", key=key)
        store = open_store(etcd.url(prefix), settings=Settings(nat46x64=True))
        assert listed(ServiceAPI(store)).keys() == {1}
        store.close()
        with pytest.raises(StoreError, match="nat46x64 is True there and False here"):
            open_store(etcd.url(prefix))

    def test_settings_of_what_was_put_in_its_place(self, etcd: EtcdCluster) -> None:
        prefix = new_prefix()
        url = etcd.url(prefix)
        with closing(open_store(url)) as before:
            assert put(ServiceAPI(before), spec(1, backend())).status == 201
            start, end = (
                base64.b64encode(f"/{prefix}{each}".encode()).decode() for each in ("/", "0")
            )
            call_etcd(etcd.members[0], "kv/deleterange", key=start, range_end=end)
            with closing(open_store(url, settings=Settings(node_name="b"))) as after:
                assert put(ServiceAPI(after), spec(2, backend())).status == 201
                for _ in range(2):
                    with pytest.raises(StoreError, match="node_name is 'b' there and '' here"):
                        before.read(lambda view: view.service_count())
                    assert put(ServiceAPI(before), spec(3, backend())).status == 500
                assert listed(ServiceAPI(after)).keys() == {2}

    def test_keys_of_others_are_left_alone(self, etcd: EtcdCluster) -> None:
        prefix = new_prefix()
        open_store(etcd.url(f"{prefix}/below")).close()
        with pytest.raises(StoreError) as caught:
            open_store(etcd.url(prefix))
        assert str(caught.value) == f"{etcd.url(prefix)}: there are keys of another program"

    def test_of_later_versions(self, replicas: Replicas, monkeypatch: pytest.MonkeyPatch) -> None:
        (api,) = replicas(1)
        url = str(etcd_store(api).address)
        monkeypatch.setattr("loadbalancer.agent.stores.etcd.store.VERSION", 2)
        with pytest.raises(StoreError) as caught:
            open_store(url)
        assert str(caught.value) == f"{url} has data of version 1, not 2"

    def test_a_closed_one_tells_so(self, etcd: EtcdCluster) -> None:
        store = open_store(etcd.url(new_prefix()))
        store.close()
        store.close()
        for call in (store.read, store.write):
            with pytest.raises(StoreError, match=r"is closed$"):
                call(lambda view: view.service_count())


@pytest.mark.parametrize("size", [1500, 3000])
def test_too_much_for_etcd_changes_nothing(replicas: Replicas, size: int) -> None:
    one, other = replicas(2)
    assert put(one, spec(1, backend())).status == 201
    before = tables(one)
    generous = ServiceAPI(one.store, limits=Limits(body_bytes=1 << 24))
    # Names that cannot be compressed to less than half of their length.
    noise = random.Random(0)
    ips = [f"10.1.{n // 250}.{n % 250}" for n in range(1100)]
    body = spec(2, *(backend(ip, nodeName=noise.randbytes(size).hex()) for ip in ips))
    answer = put(generous, body)
    assert answer.status == 500
    assert "more than etcd takes at once (its --max-request-bytes)" in json.loads(answer.body)
    assert tables(one) == tables(other) == before
    assert put(one, spec(2, backend())).status == 201


class TestSummingUp:
    @pytest.fixture(autouse=True)
    def often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {"CHANGES": 20, "CHANGES_KEPT": 5, "_EVERY": 10}.items():
            monkeypatch.setattr(summing, name, value)
        monkeypatch.setattr("loadbalancer.agent.stores.etcd.entries._PART_SIZE", 7)

    def test_who_missed_it_loads_afresh(self, replicas: Replicas) -> None:
        busy, idle = replicas(2)
        assert idle.get_services() == Answer(200, b"[]")
        for turn in range(1, 100):
            id = turn % 30 + 1
            assert put(busy, spec(id, backend(), backend(f"10.0.1.{turn}"))).status in (200, 201)
            if turn % 7 == 0:
                assert busy.delete_service(str(id)) == Answer(200)
        store = etcd_store(busy)
        store.close()
        # The log is short, and sums that have been replaced are gone.
        (late,) = replicas(1, str(store.address))
        stored = stored_under(late)
        log = [key for key in stored if key.startswith("log/")]
        assert len(log) <= 5 + 20 + 10 + 10
        sum = Sum.decode(stored["sum"])
        assert sum.parts > 3
        parts = [f"sums/{sum.name}/{n:08x}" for n in range(sum.parts)]
        assert [key for key in stored if key.startswith("sums/")] == parts
        assert tables(idle) == tables(late)
        assert put(idle, spec(500, backend("10.0.1.1"), ip="10.96.5.1")).status == 201
        assert tables(idle) == tables(late)

    def test_a_past_that_is_gone_is_not_summed_up(
        self, etcd: EtcdCluster, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As of a replica that has not looked since etcd was set back."""
        monkeypatch.setattr(summing, "_EVERY", 1000)
        prefix = new_prefix()
        (one,) = replicas(1, etcd.url(prefix))
        for turn in range(1, 42):
            assert put(one, spec(turn % 9 + 1, backend(f"10.0.1.{turn}"))).status < 300
        listed_then, stored = listed(one), stored_under(one)
        (behind,) = replicas(1, etcd.url(prefix))
        for turn in range(42, 80):
            assert put(behind, spec(turn % 9 + 1, backend(f"10.0.1.{turn}"))).status < 300
        member = etcd.members[0]
        text = {key: base64.b64encode(f"/{prefix}{key}".encode()).decode() for key in "/0"}
        call_etcd(member, "kv/deleterange", key=text["/"], range_end=text["0"])
        for key, value in stored.items():
            named = base64.b64encode(f"/{prefix}/{key}".encode()).decode()
            call_etcd(member, "kv/put", key=named, value=base64.b64encode(value).decode())
        assert not etcd_store(behind).sum_up()
        assert stored_under(behind) == stored
        (late,) = replicas(1, etcd.url(prefix))
        assert listed(late) == listed_then
        assert tables(late) == tables(behind)

    def test_two_may_do_it_at_once(self, replicas: Replicas) -> None:
        one, other = replicas(2)
        for turn in range(1, 42):
            assert put(one, spec(turn, backend(f"10.0.1.{turn}"))).status == 201
        tables(other)
        done: list[bool] = []

        def sum_up(store: EtcdStore) -> None:
            done.append(store.sum_up())

        threads = [
            threading.Thread(target=sum_up, args=(etcd_store(each),)) for each in (one, other)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        assert len(done) == 2
        (late,) = replicas(1, str(etcd_store(one).address))
        assert tables(late) == tables(one)


def test_a_sum_of_large_services(
    replicas: Replicas, etcd: EtcdCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them fits into one request to etcd, some of them together do not."""
    monkeypatch.setattr(summing, "CHANGES", 5)
    (one,) = replicas(1)
    noise = random.Random(0)
    for id in range(1, 7):
        names = [noise.randbytes(700).hex() for _ in range(1000)]
        ips = [f"10.{id}.{n // 250}.{n % 250}" for n in range(1000)]
        backends = [backend(ip, nodeName=name) for ip, name in zip(ips, names, strict=True)]
        assert put(one, spec(id, *backends)).status == 201
    assert etcd_store(one).sum_up()
    (late,) = replicas(1, str(etcd_store(one).address))
    assert tables(late) == tables(one)


def stored_under(api: ServiceAPI) -> dict[str, bytes]:
    """All keys under the prefix of a replica, without it."""
    address = etcd_store(api).address
    start = address.prefix.encode()
    etcd = Etcd(address)
    answer = etcd.read(look_up(start, start[:-1] + b"0"), deadline=time.monotonic() + 10)
    etcd.close()
    return {each.key.removeprefix(start).decode(): each.value for each in answer.ranges[0]}


def is_commit(data: bytes) -> bool:
    """Whether a request is one that changes something."""
    return b'"request_put"' in data


class TestUncertainCommits:
    """A connection that breaks after a commit was sent says nothing about it."""

    @pytest.fixture
    def proxy(self, etcd: EtcdCluster) -> Generator[Proxy]:
        with Proxy(etcd.members[0].address) as proxy:
            yield proxy

    @pytest.fixture
    def pair(self, replicas: Replicas, proxy: Proxy, etcd: EtcdCluster) -> list[ServiceAPI]:
        """A replica behind the proxy and one beside it."""
        prefix = new_prefix()
        return [
            *replicas(1, store_url([proxy.address], prefix)),
            *replicas(1, etcd.url(prefix)),
        ]

    def test_the_answer_is_lost(self, pair: list[ServiceAPI], proxy: Proxy) -> None:
        behind, beside = pair
        once = iter([True])
        proxy.loses_answer = lambda data: is_commit(data) and next(once, False)
        # It was stored: 201, and not the 200 of a second time.
        assert put(behind, spec(1, backend())) == Answer(201)
        assert next(once, False) is False
        assert etcd_store(beside).revision == 0
        assert listed(beside).keys() == {1}
        assert etcd_store(beside).revision == 1
        assert tables(behind) == tables(beside)

    def test_it_is_stored_and_etcd_says_that_it_was_full(
        self, pair: list[ServiceAPI], proxy: Proxy
    ) -> None:
        """What etcd answers to the change that filled it."""
        behind, beside = pair
        full = {"message": "etcdserver: mvcc: database space exceeded", "code": 8}
        body = json.dumps(full).encode()
        proxy.answer_instead = (
            b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        once = iter([True])
        proxy.loses_answer = lambda data: is_commit(data) and next(once, False)
        assert put(behind, spec(1, backend())) == Answer(201)
        assert tables(behind) == tables(beside)
        assert etcd_store(behind).revision == 1

    def test_the_request_is_lost(self, pair: list[ServiceAPI], proxy: Proxy) -> None:
        behind, beside = pair
        once = iter([True])
        proxy.loses_request = lambda data: is_commit(data) and next(once, False)
        assert put(behind, spec(1, backend())) == Answer(201)
        assert len(proxy.kept) == 1
        # It arrives after all, when what it holds has been stored already.
        proxy.deliver_kept()
        assert listed(beside).keys() == {1}
        assert etcd_store(beside).revision == 1
        assert behind.delete_service("1") == Answer(200)
        assert tables(behind) == tables(beside)

    def test_the_request_is_late(self, pair: list[ServiceAPI], proxy: Proxy) -> None:
        behind, beside = pair
        turns = iter([True, False])

        def loses(data: bytes) -> bool:
            if not is_commit(data):
                return False
            if next(turns, False):
                return True
            # The second try comes when the first has arrived.
            proxy.deliver_kept()
            return False

        proxy.loses_request = loses
        assert put(behind, spec(1, backend())) == Answer(201)
        assert listed(beside).keys() == {1}
        assert etcd_store(beside).revision == 1
        assert etcd_store(behind).conflicts == 1

    def test_a_reader_finds_the_late_request_first(
        self, pair: list[ServiceAPI], proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        behind, beside = pair
        once = iter([True])
        proxy.loses_request = lambda data: is_commit(data) and next(once, False)

        def reader_comes_first(seconds: float) -> None:
            monkeypatch.undo()
            proxy.deliver_kept()
            assert listed(behind).keys() == {1}

        # The wait before the second try.
        monkeypatch.setattr("loadbalancer.agent.stores.etcd.store.time.sleep", reader_comes_first)
        assert put(behind, spec(1, backend())) == Answer(201)
        assert etcd_store(behind).revision == 1
        assert tables(behind) == tables(beside)

    def test_somebody_else_was_faster(self, pair: list[ServiceAPI], proxy: Proxy) -> None:
        behind, beside = pair
        once = iter([True])

        def loses(data: bytes) -> bool:
            if is_commit(data) and next(once, False):
                assert put(beside, spec(1, backend("10.0.0.9"))) == Answer(201)
                return True
            return False

        proxy.loses_request = loses
        # The service is there by now: an update.
        assert put(behind, spec(1, backend())) == Answer(200)
        proxy.deliver_kept()
        assert tables(behind) == tables(beside)
        assert etcd_store(beside).revision == 2

    def test_nobody_answers_any_longer(self, pair: list[ServiceAPI], proxy: Proxy) -> None:
        behind, beside = pair

        def loses(data: bytes) -> bool:
            if is_commit(data):
                proxy.drops = True
                return True
            return False

        proxy.loses_request = loses
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("loadbalancer.agent.stores.etcd.client.PATIENCE", 0.5)
            with pytest.raises(StoreBusyError) as caught:
                behind.store.write(lambda tx: tx.set_next_backend_id(7))
            assert str(caught.value).startswith("it is not known whether this was stored: etcd://")
            answer = put(behind, spec(1, backend()))
            assert answer.status == 503
        proxy.drops = False
        proxy.loses_request = lambda data: False
        assert put(behind, spec(1, backend())) == Answer(201)
        assert tables(behind) == tables(beside)
