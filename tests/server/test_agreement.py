"""Whatever is asked, the stores give the same answers; two processes on one database do, too."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from loadbalancer.server import MemoryStore, ServiceAPI, Settings, SQLiteStore
from loadbalancer.server.answers import Answer

from .payloads import Spec, backend, put, spec, states

IPS = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "::ffff:10.0.0.1", "fe80::1%a@3", "nope"]
FRONTENDS = ["10.96.0.1", "10.96.0.2", "fd00::8", "10.96.0.1@2"]
TYPES = ["ClusterIP", "NodePort", "LocalRedirect", "LoadBalancer", "HostPort"]
STATES = ["active", "terminating", "quarantined", "maintenance"]


def some_backend(choose: random.Random) -> Spec:
    made = backend(choose.choices(IPS, [9, 9, 9, 2, 1, 1, 0.3])[0])
    if choose.random() < 0.6:
        made["state"] = choose.choice(STATES)
    if choose.random() < 0.4:
        made["weight"] = choose.choice([0, 1, 100])
    if choose.random() < 0.2:
        made["nodeName"] = choose.choice(["", "here", "there"])
    if choose.random() < 0.2:
        made["preferred"] = True
    return made


def some_body(choose: random.Random) -> Spec:
    backends = [some_backend(choose) for _ in range(choose.randrange(5))]
    if choose.random() < 0.35:
        return states(*backends)
    flags = {"type": choose.choice(TYPES), "name": choose.choice(["", "web"])}
    for policy in ("extTrafficPolicy", "intTrafficPolicy"):
        if choose.random() < 0.3:
            flags[policy] = choose.choice(["Local", "Cluster"])
    ip = choose.choice(FRONTENDS)
    scope = choose.choice(["external", "external", "internal"])
    return spec(choose.randrange(1, 5), *backends, ip=ip, scope=scope, **flags)


def ask(api: ServiceAPI, seed: str) -> Answer:
    choose = random.Random(seed)
    id = str(choose.randrange(1, 5))
    match choose.random():
        case number if number < 0.75:
            return put(api, json.dumps(some_body(choose)))
        case number if number < 0.85:
            return api.delete_service(id)
        case _:
            return api.get_service(id)


@pytest.mark.parametrize("nat46x64", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_stores_agree(tmp_path: Path, seed: int, nat46x64: bool) -> None:
    settings = Settings(nat46x64=nat46x64, node_name="here")
    memory = ServiceAPI(MemoryStore(), settings)
    database = tmp_path / "services.db"
    stores = [SQLiteStore(database), SQLiteStore(database)]
    workers = [ServiceAPI(store, settings) for store in stores]
    statuses: set[int] = set()
    for turn in range(200):
        step = f"{seed} {turn}"
        worker = workers[random.Random(step).randrange(2)]
        expected = ask(memory, step)
        statuses.add(expected.status)
        assert ask(worker, step) == expected
        assert [each.get_services() for each in workers] == [memory.get_services()] * 2
    for store in stores:
        store.close()
    assert statuses == {200, 201, 404, 460, 461, 500, 501}
