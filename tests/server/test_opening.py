"""Stores are opened by URL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from loadbalancer.agent.stores.opening import open_store, store_file
from loadbalancer.server import MemoryStore, ServiceAPI, SQLiteStore, StoreError

from .live import ProcessServer
from .payloads import put, spec

FORMS = "memory:, sqlite:///PATH or etcd://HOST:PORT[,HOST:PORT]/PREFIX"


def test_memory_is_empty_each_time() -> None:
    store = open_store("memory:")
    assert isinstance(store, MemoryStore)
    put(ServiceAPI(store), spec(1))
    assert open_store("memory:").read(lambda view: view.service_count()) == 0


def test_a_file_is_the_one_that_the_url_names(tmp_path: Path) -> None:
    path = tmp_path / "my services.db"
    store = open_store(path.as_uri().replace("file:", "sqlite:"))
    put(ServiceAPI(store), spec(1))
    store.close()
    again = SQLiteStore(path)
    assert again.read(lambda view: view.service_count()) == 1
    again.close()


def test_paths_are_percent_decoded() -> None:
    assert store_file("sqlite:///a%20b/%C3%A9%23.db") == Path("/a b/é#.db")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory",
        "memory:x",
        "services.db",
        "sqlite:",
        "sqlite:///",
        "sqlite:///var/lib/",
        "sqlite:relative.db",
        "sqlite://host/services.db",
        "sqlite:///services.db?mode=ro",
        "sqlite:///services.db#x",
        "sqlite:///a%00b",
        "http://127.0.0.1/x",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert str(caught.value) == f"{url!r} does not name a store: {FORMS}"


def test_a_broken_url_is_refused() -> None:
    with pytest.raises(StoreError, match=r"'sqlite://\[' cannot be read as a URL: "):
        open_store("sqlite://[")


def test_a_server_keeps_services_where_the_url_says(tmp_path: Path) -> None:
    socket, path = tmp_path / "socket", tmp_path / "services.db"
    with ProcessServer("--store", f"sqlite://{path}", socket=socket) as server:
        assert server.stop() == 0
        assert f"Services are kept in {path}\n" in server.output()
    assert path.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--store", "nonsense"], f"'nonsense' does not name a store: {FORMS}"),
        (
            ["--store", "memory:", "--workers", "2"],
            "several workers need a database that they share",
        ),
        (["--store", "memory:", "--db", "x"], "--store and --db cannot be given together."),
    ],
)
def test_the_command_tells_what_is_wrong(options: list[str], told: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "loadbalancer.server", *options],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 2
    assert run.stderr.endswith(f"Error: {told}\n")
