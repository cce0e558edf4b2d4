"""Kill replicas and etcd members under load, and compare with what had been acknowledged.

`python -m tests.server.replicas_crash 100` kills a hundred times, at the moment of each kill with
one of the other faults or none: a member that stands still, a network that swallows everything,
one that is slow, a compaction.
"""

from __future__ import annotations

import collections
import http.client
import json
import random
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from loadbalancer.agent.stores.base import View
from loadbalancer.agent.stores.opening import open_store

from .etcd_cluster import EtcdCluster, Member, call_etcd, store_url
from .history import Call, History
from .live import ProcessServer, Reply, UnixConnection, answers, ask_on, wait_until
from .payloads import backend, spec
from .proxy import Proxy

REPLICAS = 3
MEMBERS = 3
CLIENTS = 6
SERVICES = 5
SHARED = [f"10.9.0.{n}" for n in range(4)]
PROBE = 60_000
GONE = None


@dataclass
class Counts:
    """What came of it."""

    kills: collections.Counter[str] = field(default_factory=collections.Counter[str])
    answers: collections.Counter[str] = field(default_factory=collections.Counter[str])
    faults: collections.Counter[str] = field(default_factory=collections.Counter[str])
    acknowledged: int = 0
    doubts: int = 0
    calls_checked: int = 0
    longest_recovery: float = 0


class Client:
    """Writes to services of its own, by way of any replica, and knows what may be there."""

    def __init__(self, number: int, seed: int, history: History, counts: Counts) -> None:
        self.number = number
        self.random = random.Random(f"{seed} {number}")
        self.possible: dict[int, list[Any]] = {}
        """Of each service what was acknowledged last, then what has been in doubt since."""
        self.unexpected: list[str] = []
        self._history = history
        self._counts = counts
        self._writes = 0

    def run(self, sockets: list[Path], stop: threading.Event) -> None:
        """Write and read until told to stop; from one replica that is away to the next."""
        at = self.number
        while not stop.is_set():
            with closing(UnixConnection(sockets[at % len(sockets)], timeout=30)) as connection:
                try:
                    while not stop.is_set():
                        self._turn(connection)
                except (OSError, http.client.HTTPException):
                    at += 1
                    stop.wait(0.02)

    def _turn(self, connection: UnixConnection) -> None:
        what = self.random.random()
        if what < 0.3:
            self._read_probe(connection)
        elif what < 0.5:
            self._write_probe(connection)
        elif what < 0.6:
            self._change_states(connection)
        else:
            self._write(connection)

    def _write(self, connection: UnixConnection) -> None:
        id = self.number * SERVICES + self.random.randrange(SERVICES) + 1
        possible = self.possible.setdefault(id, [GONE])
        self._writes += 1
        if possible != [GONE] and self.random.random() < 0.25:
            method, body, wanted, expected = "DELETE", None, GONE, (200, 404)
        else:
            new = self._service(id)
            method, body = "PUT", json.dumps(new)
            wanted, expected = facts(new), (201, 200)
        # If it is certain what is there, then it is certain which of the two is answered.
        if len(possible) == 1:
            certain = expected[(possible[0] is GONE) ^ (method == "PUT")]
            expected = (certain, certain)
        possible.append(wanted)
        reply = self._ask(connection, method, f"/v1/service/{id}", body)
        if reply.status in expected:
            self.possible[id] = [wanted]
            self._counts.acknowledged += 1
        elif reply.status != 503:
            self.unexpected.append(f"{method} {id}: {reply.status} {reply.body!r}")
        else:
            self._counts.doubts += 1
            time.sleep(0.02)

    def _write_probe(self, connection: UnixConnection) -> None:
        """A service that all write to, under another name each time."""
        self._writes += 1
        name = f"{self.number}-{self._writes}"
        body = json.dumps(spec(PROBE, backend("10.8.0.1"), ip="10.96.99.9", name=name))
        start, end = time.monotonic(), inf
        try:
            reply = self._ask(connection, "PUT", f"/v1/service/{PROBE}", body)
            if reply.status in (200, 201):
                end = time.monotonic()
            elif reply.status != 503:
                self.unexpected.append(f"probe: {reply.status} {reply.body!r}")
        finally:
            self._history.add(PROBE, Call(True, name, start, end))

    def _read_probe(self, connection: UnixConnection) -> None:
        start = time.monotonic()
        reply = self._ask(connection, "GET", f"/v1/service/{PROBE}")
        if reply.status in (200, 404):
            name = reply.json["spec"]["flags"]["name"] if reply.status == 200 else None
            self._history.add(PROBE, Call(False, name, start, time.monotonic()))
        elif reply.status != 503:
            self.unexpected.append(f"read: {reply.status} {reply.body!r}")

    def _change_states(self, connection: UnixConnection) -> None:
        """A backend of many services, in all of them at once."""
        state = self.random.choice(["active", "quarantined"])
        body = {
            "frontend-address": {"ip": "<nil>"},
            "updateServices": True,
            "backend-addresses": [backend(SHARED[0], state=state)],
        }
        reply = self._ask(connection, "PUT", "/v1/service/0", json.dumps(body))
        if reply.status not in (200, 503):
            self.unexpected.append(f"states: {reply.status} {reply.body!r}")

    def _ask(
        self, connection: UnixConnection, method: str, path: str, body: str | None = None
    ) -> Reply:
        reply = ask_on(connection, method, path, body)
        self._counts.answers[f"{method} {reply.status}"] += 1
        return reply

    def _service(self, id: int) -> dict[str, Any]:
        own = [f"10.{self.number + 1}.{id}.{n}" for n in range(self.random.randrange(6))]
        shared = self.random.sample(SHARED, self.random.randrange(len(SHARED)))
        # A weight of its own each time: then all that is written is what comes back.
        weight = self.random.randrange(1, 65536)
        return spec(
            id,
            *(backend(ip, weight=weight) for ip in own + shared),
            type="LoadBalancer",
            name=f"turn-{self._writes}",
            healthCheckNodePort=self.random.randrange(1, 65536),
        )


def facts(service: dict[str, Any]) -> Any:
    """What of a service has to come back."""
    flags = service["flags"]
    backends = sorted((each["ip"], each["weight"]) for each in service["backend-addresses"])
    return [flags["name"], flags["healthCheckNodePort"], backends]


class Setting:
    """Three members, three replicas that reach them by way of proxies, and clients."""

    def __init__(self, directory: Path, seed: int, stack: ExitStack) -> None:
        self.random = random.Random(f"{seed} faults")
        self.counts = Counts()
        self.history = History()
        self.cluster = stack.enter_context(EtcdCluster(directory, MEMBERS))
        self.proxies = [stack.enter_context(Proxy(m.address)) for m in self.cluster.members]
        self.url = store_url([each.address for each in self.proxies], "crash")
        self.sockets = [directory / f"replica{n}.sock" for n in range(REPLICAS)]
        self.clients = [Client(n, seed, self.history, self.counts) for n in range(CLIENTS)]
        self._stack = stack
        self._replicas = [ExitStack() for _ in range(REPLICAS)]
        for each in self._replicas:
            stack.enter_context(each)
        self._servers = [self._start(n) for n in range(REPLICAS)]

    def _start(self, number: int) -> ProcessServer:
        options = ("--store", self.url, "--no-access-log")
        server = ProcessServer(*options, socket=self.sockets[number])
        return self._replicas[number].enter_context(server)

    def turn(self) -> None:
        """Load, a kill and a fault, recovery, comparison."""
        stop = threading.Event()
        threads = [
            threading.Thread(target=each.run, args=(self.sockets, stop)) for each in self.clients
        ]
        for thread in threads:
            thread.start()
        time.sleep(self.random.uniform(0.1, 0.8))
        fault = self.random.choice([None, self.still, self.swallow, self.slow, self.compact])
        with ExitStack() as over:
            if fault is not None:
                self.counts.faults[fault.__name__] += 1
                fault(over)
            self.kill()
            time.sleep(self.random.uniform(0.2, 2))
        began = time.monotonic()
        wait_until(self._is_well)
        self.counts.longest_recovery = max(self.counts.longest_recovery, time.monotonic() - began)
        time.sleep(0.2)
        stop.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        self.compare()

    def _is_well(self) -> bool:
        """Whether all replicas answer; those that could not start are started again."""
        for number, each in enumerate(self._servers):
            if each.process.poll() is not None:
                self.counts.faults["start"] += 1
                print(f"replica {number} ended: {each.output()}", file=sys.stderr)
                self._replicas[number].close()
                self._servers[number] = self._start(number)
        return all(map(answers, self.sockets))

    def kill(self) -> None:
        """End a replica or a member, and start it again as whoever looks after it would."""
        if self.random.random() < 0.6:
            number = self.random.randrange(REPLICAS)
            self.counts.kills["replica"] += 1
            self._servers[number].kill()
            time.sleep(self.random.uniform(0, 0.3))
            self._replicas[number].close()
            self._servers[number] = self._start(number)
        else:
            member = self.random.choice(self.cluster.members)
            self.counts.kills["member"] += 1
            member.kill()
            time.sleep(self.random.uniform(0, 1))
            member.start()

    def still(self, over: ExitStack) -> None:
        """A member stops as it is, to go on later with what it knew."""
        member = self.random.choice(self.cluster.members)
        process = member.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        over.callback(process.send_signal, signal.SIGCONT)

    def swallow(self, over: ExitStack) -> None:
        """Whatever is sent to a member by a replica is swallowed."""
        proxy = self.random.choice(self.proxies)
        proxy.drops = True
        over.callback(setattr, proxy, "drops", False)

    def slow(self, over: ExitStack) -> None:
        """The network takes 200 ms, there and back."""
        for each in self.proxies:
            each.delay = 0.1
            over.callback(setattr, each, "delay", 0.0)

    def compact(self, over: ExitStack) -> None:
        """All but the last revision of everything goes."""
        member: Member = self.random.choice(self.cluster.members)
        revision = call_etcd(member, "kv/range", key="AA==")["header"]["revision"]
        call_etcd(member, "kv/compaction", revision=revision, physical=True)

    def compare(self) -> None:
        """Everything acknowledged is there, and all replicas list the same."""
        unexpected = [text for each in self.clients for text in each.unexpected]
        assert unexpected == [], unexpected
        listed = [each.ask("GET", "/v1/service").json for each in self._servers]
        assert listed == [listed[0]] * REPLICAS
        found = {
            each["spec"]["id"]: facts(each["spec"])
            for each in listed[0]
            if each["spec"]["id"] != PROBE
        }
        for client in self.clients:
            for id, possible in client.possible.items():
                there = found.pop(id, GONE)
                assert there in possible, f"service {id} is {there}, not one of {possible}"
                if there != possible[0]:
                    client.possible[id] = [there]
        assert found == {}
        problems = self.history.problems()
        assert problems == [], problems
        self.check_states(listed[0])
        check_ids(self.cluster.url("crash"))

    def check_states(self, services: list[dict[str, Any]]) -> None:
        """Whoever wrote last what: nothing has two weights in one service."""
        for each in services:
            if each["spec"]["id"] != PROBE:
                assert len({has["weight"] for has in each["spec"]["backend-addresses"]}) <= 1


def check_ids(url: str) -> None:
    """Every backend has one id, the same in all services, and no two have the same."""

    def read(view: View) -> list[tuple[bytes, int, int | None]]:
        found: list[tuple[bytes, int, int | None]] = []
        for id in [*range(1, CLIENTS * SERVICES + 1), PROBE]:
            svc = view.service(id)
            for has in svc.backends if svc else ():
                known = view.backend(has.hash())
                found.append((has.hash(), has.id, known.id if known else None))
        return found

    with closing(open_store(url)) as store:
        used = store.read(read)
    assert [each for each in used if each[1] != each[2]] == []
    assert len({id for _, id, _ in used}) == len({key for key, _, _ in used})


def kill_and_compare(directory: Path, kills: int, seed: int = 0) -> Counts:
    """Kill that often. Returns what came of it; an AssertionError says what was wrong."""
    with ExitStack() as stack:
        setting = Setting(directory, seed, stack)
        for _ in range(kills):
            setting.turn()
        counts = setting.counts
        counts.calls_checked = len(setting.history)
    return counts


def main() -> None:
    kills = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as directory:
        start = time.monotonic()
        counts = kill_and_compare(Path(directory), kills, seed)
        seconds = time.monotonic() - start
    print(f"{kills} kills ({dict(counts.kills)}), faults beside them: {dict(counts.faults)}")
    print(f"{counts.acknowledged} writes acknowledged, none lost; {counts.doubts} answered 503")
    print(f"{counts.calls_checked} calls on one service by all clients: linearizable")
    print(f"answers: {dict(sorted(counts.answers.items()))}")
    print(f"longest recovery {counts.longest_recovery:.1f} s, {seconds:.0f} s in all")


if __name__ == "__main__":
    main()
