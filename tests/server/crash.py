"""Kill the server under load, start it again, and compare with what it had acknowledged.

`python -m tests.server.crash 100` does so a hundred times.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadbalancer.agent.stores.base import View
from loadbalancer.server import SQLiteStore

from .live import ProcessServer, UnixConnection, ask_on
from .payloads import backend, spec

CLIENTS = 4
SERVICES = 5
SHARED = [f"10.9.0.{n}" for n in range(4)]


@dataclass
class Client:
    """Writes to services of its own, and knows what was acknowledged and what may be there."""

    number: int
    random: random.Random
    acknowledged: dict[int, Any] = field(default_factory=dict[int, Any])
    in_doubt: tuple[int, Any] | None = None
    writes: int = 0
    unexpected: list[str] = field(default_factory=list[str])

    def run(self, socket: Path) -> None:
        """Write until the server is gone."""
        with closing(UnixConnection(socket)) as connection:
            while True:
                try:
                    self._write(connection)
                except (OSError, http.client.HTTPException):
                    return

    def _write(self, connection: UnixConnection) -> None:
        id = self.number * SERVICES + self.random.randrange(SERVICES) + 1
        present = self.acknowledged.get(id)
        if present is not None and self.random.random() < 0.25:
            method, body, wanted, status = "DELETE", None, None, 200
        else:
            new = self._service(id)
            method, body = "PUT", json.dumps(new)
            wanted, status = facts(new), 201 if present is None else 200
        self.in_doubt = (id, wanted)
        reply = ask_on(connection, method, f"/v1/service/{id}", body)
        if reply.status != status:
            self.unexpected.append(f"{method} {id}: {reply.status} {reply.body!r}")
        self.acknowledged[id] = wanted
        self.in_doubt = None
        self.writes += 1

    def _service(self, id: int) -> dict[str, Any]:
        own = [f"10.{self.number + 1}.{id}.{n}" for n in range(self.random.randrange(6))]
        shared = self.random.sample(SHARED, self.random.randrange(len(SHARED)))
        # A weight of its own each time: then all that is written is what comes back.
        weight = self.random.randrange(1, 65536)
        port = self.random.randrange(1, 65536)
        return spec(
            id,
            *(backend(ip, weight=weight) for ip in own + shared),
            type="LoadBalancer",
            name=f"turn-{self.writes}",
            healthCheckNodePort=port,
        )


def facts(service: dict[str, Any]) -> Any:
    """What of a service has to come back."""
    flags = service["flags"]
    backends = sorted((each["ip"], each["weight"]) for each in service["backend-addresses"])
    return [flags["name"], flags["healthCheckNodePort"], backends]


def kill_and_compare(directory: Path, kills: int, *options: str, seed: int = 0) -> tuple[int, int]:
    """Kill a server that often. Returns how many writes it acknowledged, and doubts it left."""
    db, socket = directory / "services.db", directory / "server.sock"
    clients = [Client(number, random.Random(f"{seed} {number}")) for number in range(CLIENTS)]
    doubts = 0
    for turn in range(kills):
        delay = random.Random(f"{seed} kill {turn}").uniform(0.05, 0.6)
        with ProcessServer("--db", db, "--no-access-log", *options, socket=socket) as server:
            compare(clients, server.ask("GET", "/v1/service").json)
            threads = [threading.Thread(target=each.run, args=(socket,)) for each in clients]
            for thread in threads:
                thread.start()
            time.sleep(delay)
            server.kill()
            for thread in threads:
                thread.join()
        doubts += sum(each.in_doubt is not None for each in clients)
        check_ids(db)
    with ProcessServer("--db", db, socket=socket) as server:
        compare(clients, server.ask("GET", "/v1/service").json)
    return sum(each.writes for each in clients), doubts


def compare(clients: list[Client], services: list[dict[str, Any]]) -> None:
    """Everything acknowledged is there; what was in doubt is there whole or not at all."""
    found = {each["spec"]["id"]: facts(each["spec"]) for each in services}
    for client in clients:
        assert client.unexpected == []
        if client.in_doubt is not None:
            id, wanted = client.in_doubt
            if found.get(id) == wanted:
                client.acknowledged[id] = wanted
            client.in_doubt = None
    expected = {
        id: wanted
        for client in clients
        for id, wanted in client.acknowledged.items()
        if wanted is not None
    }
    assert found == expected


def check_ids(db: Path) -> None:
    """Every backend has one id, the same in all services, and no two have the same."""
    store = SQLiteStore(db)

    def read(view: View) -> list[tuple[bytes, int, int | None]]:
        services = [view.service(id) for id in range(1, CLIENTS * SERVICES + 1)]
        found: list[tuple[bytes, int, int | None]] = []
        for each in services:
            for has in each.backends if each else ():
                known = view.backend(has.hash())
                found.append((has.hash(), has.id, known.id if known else None))
        return found

    used = store.read(read)
    store.close()
    assert [each for each in used if each[1] != each[2]] == []
    assert len({id for _, id, _ in used}) == len({key for key, _, _ in used})


def main() -> None:
    kills = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        start = time.monotonic()
        writes, doubts = kill_and_compare(Path(directory), kills, *sys.argv[2:])
        seconds = time.monotonic() - start
    print(f"{kills} kills, {writes} writes acknowledged, none lost, {doubts} in doubt")
    print(f"{seconds:.0f} s")


if __name__ == "__main__":
    main()
