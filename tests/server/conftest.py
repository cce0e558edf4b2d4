"""Stores of both kinds, and servers that really listen."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from loadbalancer.server import MemoryStore, SQLiteStore, Store

from .live import ThreadServer

NewStore = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[NewStore]:
    """Makes empty stores of a kind, and closes them in the end."""
    made: list[Store] = []

    def make() -> Store:
        if request.param == "memory":
            made.append(MemoryStore())
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
