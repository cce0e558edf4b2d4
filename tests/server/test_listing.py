"""What is sent over HTTP beside a body: only what has changed, compressed if wanted."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from loadbalancer import __version__
from loadbalancer.server import MemoryStore, Settings, SQLiteStore, create_app, create_router

from .conftest import NewStore
from .live import ThreadServer, UnixConnection, ask_on
from .payloads import backend, spec

PLAIN = {"Accept-Encoding": "identity"}


def put_some(client: TestClient, count: int) -> None:
    for id in range(1, count + 1):
        body = spec(id, backend(f"10.0.0.{id}"), ip=f"10.96.0.{id}")
        assert client.put("/v1/service/1", content=json.dumps(body)).status_code == 201


def test_a_list_that_the_client_has_is_not_sent_again(new_store: NewStore) -> None:
    client = TestClient(create_app(new_store()), headers=PLAIN)
    put_some(client, 100)
    first = client.get("/v1/service")
    told = {"vary": "accept-encoding", "cache-control": "no-cache"}
    tag = first.headers["etag"]
    assert {name: first.headers[name] for name in told} == told
    for known in (tag, "*", f'"other", {tag}', tag.removeprefix("W/")):
        again = client.get("/v1/service", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert {name: again.headers.get(name) for name in ("etag", "content-type", *told)} == {
            **told,
            "etag": tag,
            "content-type": None,
        }
    for other in ('"other"', tag.replace('"', ""), ""):
        again = client.get("/v1/service", headers={"If-None-Match": other})
        assert (again.status_code, again.content) == (200, first.content)
    put = client.put("/v1/service/1", content=json.dumps(spec(101, ip="10.97.0.1")))
    assert put.status_code == 201
    changed = client.get("/v1/service", headers={"If-None-Match": tag})
    assert (changed.status_code, len(changed.json())) == (200, 101)
    assert changed.headers["etag"] != tag
    # What it was before has the tag that it had before.
    assert client.delete("/v1/service/101").status_code == 200
    assert client.get("/v1/service", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br, GZIP;q=0.5", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0, *", None),
        ("gzip; q=0.000", None),
        ("*;q=0", None),
        ("br", None),
        ("", None),
    ],
)
def test_a_list_is_compressed_for_clients_that_take_it(accepted: str, coding: str | None) -> None:
    client = TestClient(create_app())
    put_some(client, 50)
    plain = client.get("/v1/service", headers=PLAIN)
    for _ in range(2):
        reply = client.get("/v1/service", headers={"Accept-Encoding": accepted})
        assert reply.headers.get("content-encoding") == coding
        assert reply.headers["etag"] == plain.headers["etag"]
        assert reply.content == plain.content
        size = int(reply.headers["content-length"])
        assert size < len(plain.content) / 10 if coding else size == len(plain.content)


def test_a_short_list_is_sent_as_it_is() -> None:
    client = TestClient(create_app())
    assert "content-encoding" not in client.get("/v1/service").headers


def test_head_is_get_without_the_body(thread_server: ThreadServer) -> None:
    thread_server.app = create_app()
    put_some(TestClient(thread_server.app), 30)
    connection = UnixConnection(thread_server.path)
    paths = (
        "/v1/service",
        "/v1/service/1",
        "/v1/lrp",
        "/v1/config",
        "/v1/healthz",
        "/v1/debuginfo",
        "/",
        "/healthz",
    )
    for path in (*paths, "/v1/service/99", "/nope"):
        # One connection: a body that is not expected would be taken for the next answer.
        got = ask_on(connection, "GET", path)
        head = ask_on(connection, "HEAD", path)
        assert (head.status, head.body) == (got.status, b"")
        assert {**head.headers, "date": ""} == {**got.headers, "date": ""}
    connection.close()


def test_a_mounted_router_does_the_same() -> None:
    app = FastAPI()
    app.include_router(create_router(MemoryStore(), prefix="/cluster"))
    client = TestClient(app)
    for id in range(1, 50):
        body = spec(id, backend(), ip=f"10.96.0.{id}")
        assert client.put("/cluster/service/1", content=json.dumps(body)).status_code == 201
    first = client.get("/cluster/service")
    assert (first.headers["content-encoding"], len(first.json())) == ("gzip", 49)
    known = {"If-None-Match": first.headers["etag"]}
    assert client.get("/cluster/service", headers=known).status_code == 304
    head = client.head("/cluster/service", headers=PLAIN)
    assert (head.status_code, head.content) == (200, b"")


def test_compressed_lists_do_not_depend_on_the_time() -> None:
    def compressed() -> bytes:
        client = TestClient(create_app())
        put_some(client, 20)
        with client.stream("GET", "/v1/service") as reply:
            return b"".join(reply.iter_raw())

    first, second = compressed(), compressed()
    assert first == second
    assert len(json.loads(gzip.decompress(first))) == 20


def test_the_configuration_is_all_that_the_client_looks_at() -> None:
    client = TestClient(create_app(settings=Settings(nat46x64=True)))
    spec: dict[str, Any] = {"options": {}, "policy-enforcement": "never"}
    assert client.get("/v1/config").json() == {
        "spec": spec,
        "status": {
            "daemonConfigurationMap": {
                "DatapathMode": "lb-only",
                "EnableIPv4": True,
                "EnableIPv6": True,
                "NodePortNat46X64": True,
            },
            "datapathMode": "lb-only",
            "immutable": {},
            "realized": spec,
        },
    }


def test_the_status_follows_the_store(new_store: NewStore) -> None:
    store = new_store()
    client = TestClient(create_app(store))
    disabled = {
        name: {"state": "Disabled"} for name in ("container-runtime", "kubernetes", "kvstore")
    }
    message = f"cilium-loadbalancer {__version__}: services alone, without a datapath"
    version = {"cilium-version": f"cilium-loadbalancer {__version__}"}
    assert client.get("/v1/debuginfo").json() == version
    found = client.get("/v1/healthz", headers={"brief": "true"})
    assert (found.status_code, found.json()) == (
        200,
        {"cilium": {"state": "Ok", "msg": message}, **disabled},
    )
    if isinstance(store, SQLiteStore):
        store.close()
        failed = client.get("/v1/healthz")
        message = f"{store.path} is closed"
        assert (failed.status_code, failed.json()) == (
            200,
            {"cilium": {"state": "Failure", "msg": message}, **disabled},
        )
