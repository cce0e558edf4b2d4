"""Stores of all kinds, servers that really listen, and a browser."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from loadbalancer.agent.stores.opening import open_store
from loadbalancer.server import MemoryStore, SQLiteStore, Store
from loadbalancer.testing.agent import ServedAgent

from .browser import Browser, find_browser
from .etcd_cluster import ETCD, WITHOUT_ETCD, EtcdCluster, new_prefix
from .live import ThreadServer

NewStore = Callable[[], Store]


@pytest.fixture(scope="session")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Generator[EtcdCluster]:
    """An etcd that all tests share, each with a prefix of its own."""
    if ETCD is None:
        pytest.skip(WITHOUT_ETCD)
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture(params=["memory", "sqlite", "etcd"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[NewStore]:
    """Makes empty stores of a kind, and closes them in the end."""
    made: list[Store] = []

    def make() -> Store:
        if request.param == "memory":
            made.append(MemoryStore())
        elif request.param == "etcd":
            cluster: EtcdCluster = request.getfixturevalue("etcd")
            made.append(open_store(cluster.url(new_prefix())))
        else:
            made.append(SQLiteStore(tmp_path / f"services-{len(made)}.db"))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def store(new_store: NewStore) -> Store:
    return new_store()


@pytest.fixture(scope="module")
def thread_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ThreadServer]:
    with ThreadServer(tmp_path_factory.mktemp("live") / "server.sock") as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """A real browser."""
    program = find_browser()
    if program is None:
        pytest.skip("no chromium is installed")
    with Browser(program) as browser:
        yield browser


@pytest.fixture
def url(store: Store) -> Generator[str]:
    """Where a server with the store listens."""
    with ServedAgent(store) as agent:
        yield agent.url
