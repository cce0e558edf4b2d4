"""The application and the router over HTTP."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from loadbalancer import schemas
from loadbalancer.server import (
    Limits,
    MemoryStore,
    Settings,
    SQLiteStore,
    create_app,
    create_router,
)

from .payloads import backend, spec, states

BODY = json.dumps(spec(1, backend()))

AN_ADDRESS = "an IP address, such as 10.0.0.1 or fd00::1"


@pytest.fixture
def client() -> Generator[TestClient]:
    with TestClient(create_app()) as client:
        yield client


@pytest.mark.parametrize("make", [create_app, FastAPI], ids=["app", "router in an own app"])
def test_the_calls(make: type[FastAPI]) -> None:
    app = make()
    if make is FastAPI:
        app.include_router(create_router(MemoryStore()))
    with TestClient(app) as client:
        created = client.put("/v1/service/1", content=BODY)
        updated = client.put("/v1/service/1", content=BODY)
        got = client.get("/v1/service/1")
        listed = client.get("/v1/service")
        deleted = client.delete("/v1/service/1")
        gone = client.get("/v1/service/1")
        gone_too = client.delete("/v1/service/1")
        config = client.get("/v1/config")
        lrp = client.get("/v1/lrp")
    replies = [created, updated, deleted, gone, gone_too]
    assert [(r.status_code, r.content, r.headers.get("content-type")) for r in replies] == [
        (201, b"", None),
        (200, b"", None),
        (200, b"", None),
        (404, b"", None),
        (404, b"", None),
    ]
    realized = (
        b'{"backend-addresses":[{"ip":"10.0.0.1","port":80,"state":"active","weight":100}],'
        b'"flags":{"extTrafficPolicy":"Cluster","intTrafficPolicy":"Cluster",'
        b'"trafficPolicy":"Cluster","type":"ClusterIP"},'
        b'"frontend-address":{"ip":"10.96.0.1","port":80,"scope":"external"},"id":1}'
    )
    service = b'{"spec":%b,"status":{"realized":%b}}' % (realized, realized)
    assert (got.status_code, got.content) == (200, service)
    assert (listed.status_code, listed.content) == (200, b"[%b]" % service)
    assert config.status_code == 200
    assert config.json()["status"]["datapathMode"] == "lb-only"
    assert (lrp.status_code, lrp.content) == (200, b"[]")
    assert {r.headers["content-type"] for r in (got, listed, config, lrp)} == {"application/json"}


def test_errors_have_their_shapes(client: TestClient) -> None:
    unset = client.put("/v1/service/1", content=BODY.replace('"id": 1', '"id": 0'))
    assert (unset.status_code, unset.json()) == (500, "invalid service ID 0")
    wrong = client.put("/v1/service/1", content=BODY, headers={"Content-Type": "text/plain"})
    assert (wrong.status_code, wrong.json()["code"]) == (415, 415)
    client.put("/v1/service/1", content=json.dumps(spec(1, backend(state="terminating"))))
    refused = client.put("/v1/service/0", content=json.dumps(states(backend(state="active"))))
    text = "invalid state transition for backend[10.0.0.1:80] (terminating) -> (active)"
    assert (refused.status_code, refused.json()) == (501, text)


ALLOWED = {
    "/v1/service": "GET,HEAD",
    "/v1/service/1": "GET,HEAD,PUT,DELETE",
    "/v1/service/x": "GET,HEAD,PUT,DELETE",
    "/v1/lrp": "GET,HEAD",
    "/v1/config": "GET,HEAD",
    "/v1/healthz": "GET,HEAD",
    "/v1/debuginfo": "GET,HEAD",
    "/check": "POST",
}
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", ALLOWED)
def test_other_methods_are_405(client: TestClient, path: str, slash: str) -> None:
    if path == "/check" and slash:
        return
    for method in set(METHODS) - set(ALLOWED[path].split(",")):
        reply = client.request(method, path + slash)
        told = {
            "code": 405,
            "message": f"method {method} is not allowed, but [{ALLOWED[path]}] are",
        }
        body = b"" if method == "HEAD" else json.dumps(told, separators=(",", ":")).encode()
        found = (reply.status_code, reply.headers["allow"], reply.content)
        assert found == (405, ALLOWED[path], body)


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/nope", "/v1/service/1/2", "/nope", "/v2/service"]
)
def test_other_paths_are_404(client: TestClient, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        reply = client.request(method, path)
        told = {"code": 404, "message": f"path {path} was not found"}
        assert (reply.status_code, reply.json()) == (404, told)


def test_a_slash_at_the_end_does_not_matter(client: TestClient) -> None:
    assert client.put("/v1/service/1/", content=BODY).status_code == 201
    assert client.get("/v1/service/").content == client.get("/v1/service").content
    assert client.get("/v1/service/1/").content == client.get("/v1/service/1").content
    assert client.delete("/v1/service/1/").status_code == 200


def test_what_is_larger_than_the_limit_is_413() -> None:
    with TestClient(create_app(limits=Limits(body_bytes=len(BODY)))) as client:
        assert client.put("/v1/service/1", content=BODY).status_code == 201
        for reply in (
            client.put("/v1/service/1", content=BODY + " "),
            client.put("/v1/service/1", content=(b"x" for _ in range(5000))),
            client.post("/check", content=BODY + " "),
        ):
            told = {"code": 413, "message": f"the body is larger than {len(BODY)} bytes"}
            assert (reply.status_code, reply.json()) == (413, told)


def test_the_openapi_document_is_the_projects_own(client: TestClient) -> None:
    assert client.get("/openapi.json").json() == schemas.openapi()


def test_the_router_takes_another_prefix_and_settings() -> None:
    app = FastAPI()
    store = MemoryStore()
    app.include_router(create_router(store, prefix="/lb", settings=Settings(nat46x64=True)))
    app.include_router(create_router(store, prefix=""), prefix="/plain")
    client = TestClient(app)
    body = json.dumps(spec(1, backend("fd00::1")))
    assert client.put("/plain/service/1", content=body).status_code == 500
    assert client.put("/lb/service/1", content=body).status_code == 201
    assert client.get("/plain/service/1/").json()["spec"]["flags"]["natPolicy"] == "Nat46"


def test_health_follows_the_store(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "services.db")
    client = TestClient(create_app(store))
    assert (client.get("/healthz").status_code, client.get("/healthz").json()) == (
        200,
        {"status": "ok"},
    )
    store.close()
    reply = client.get("/healthz")
    told = {"status": "failing", "reason": f"{tmp_path / 'services.db'} is closed"}
    assert (reply.status_code, reply.json()) == (503, told)
    failed = client.get("/v1/service")
    assert (failed.status_code, failed.json()) == (500, told["reason"])
    assert client.get("/metrics").status_code == 200


def test_the_application_closes_the_store_if_it_is_to(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "services.db")
    with TestClient(create_app(store)) as client:
        assert client.get("/healthz").status_code == 200
    with TestClient(create_app(store, closes_store=True)) as client:
        assert client.get("/healthz").status_code == 200
    assert TestClient(create_app(store)).get("/healthz").status_code == 503


def test_metrics_count_requests_and_what_is_stored(client: TestClient) -> None:
    body = spec(1, backend("10.0.0.1"), backend("10.0.0.2", state="maintenance"))
    body["flags"] = {"name": '"state":"active"'}
    client.put("/v1/service/1", content=json.dumps(body))
    client.get("/v1/service/1")
    client.head("/v1/service/123")
    client.get("/v1/service")
    client.get("/v1/healthz")
    client.post("/v1/service")
    client.get("/healthz")
    client.get("/nope/1")
    client.request("FOO", "/nope/2")
    lines = client.get("/metrics").text.splitlines()
    name = "cilium_loadbalancer_http_requests_total"
    stored = ("cilium_loadbalancer_services", "cilium_loadbalancer_backends")
    assert [line for line in lines if line.startswith((name, *stored))] == [
        f'{name}{{operation="getHealthz",status="200"}} 1.0',
        f'{name}{{operation="getServiceById",status="200"}} 1.0',
        f'{name}{{operation="getServiceById",status="404"}} 1.0',
        f'{name}{{operation="getServices",status="200"}} 1.0',
        f'{name}{{operation="healthz",status="200"}} 1.0',
        f'{name}{{operation="other",status="405"}} 1.0',
        f'{name}{{operation="page",status="404"}} 2.0',
        f'{name}{{operation="putServiceById",status="201"}} 1.0',
        "cilium_loadbalancer_services 1.0",
        'cilium_loadbalancer_backends{state="active"} 1.0',
        'cilium_loadbalancer_backends{state="terminating"} 0.0',
        'cilium_loadbalancer_backends{state="quarantined"} 0.0',
        'cilium_loadbalancer_backends{state="maintenance"} 1.0',
    ]
    assert "cilium_loadbalancer_http_requests_in_flight 1.0" in lines
    seconds = "cilium_loadbalancer_http_request_duration_seconds"
    assert f'{seconds}_count{{operation="getServiceById"}} 2.0' in lines
    assert f'{seconds}_bucket{{le="+Inf",operation="getServiceById"}} 2.0' in lines
    client.delete("/v1/service/1")
    assert 'cilium_loadbalancer_backends{state="active"} 0.0' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("body", "contents", "problems"),
    [
        (BODY, "1 service spec with 1 backend", []),
        ("[]", "", []),
        ("{", "", [["", 1, 2, "not JSON: the text ends here, in the middle of a JSON value"]]),
        (
            json.dumps([{"spec": spec(1, backend("nope"), ip="x")}, {"status": {}}]),
            "",
            [
                [
                    "/0/spec/frontend-address/ip",
                    *(1, 48),
                    f'ParseAddr("x"): unable to parse IP: expected {AN_ADDRESS}',
                ],
                [
                    "/0/spec/backend-addresses/0/ip",
                    *(1, 116),
                    f'ParseAddr("nope"): unable to parse IP: expected {AN_ADDRESS}',
                ],
                ["/1", 1, 153, "neither spec nor realized status: expected spec or status"],
            ],
        ),
        (json.dumps(states(backend())), "1 update of backend states with 1 backend", []),
        (json.dumps(backend()), "1 backend", []),
        (
            '{"ip":"\\ud800","state":"x"}',
            "",
            [["", 1, 1, "not JSON: unexpected end of hex escape"]],
        ),
    ],
    ids=range(7),
)
def test_a_payload_is_checked(
    client: TestClient, body: str, contents: str, problems: list[list[object]]
) -> None:
    reply = client.post("/check", content=body)
    assert reply.status_code == 200
    found = reply.json()
    assert (found["valid"], found["contents"]) == (not problems, contents)
    keys = ("pointer", "line", "column", "message")
    assert [[each[key] for key in keys] for each in found["problems"]] == problems
    assert client.get("/v1/service").content == b"[]"


def test_not_all_problems_are_sent(client: TestClient) -> None:
    found = client.post("/check", content=json.dumps([1] * 250)).json()
    assert (found["errors"], len(found["problems"])) == (250, 100)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/static/docs.js", "text/javascript; charset=utf-8"),
        ("/static/services.js", "text/javascript; charset=utf-8"),
        ("/static/style.css", "text/css; charset=utf-8"),
        ("/static/icon.svg", "image/svg+xml"),
    ],
)
def test_pages_load_nothing_from_elsewhere(client: TestClient, path: str, media_type: str) -> None:
    reply = client.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (200, media_type)
    assert reply.headers["content-security-policy"].startswith("default-src 'none'; ")
    text = reply.text.replace("http://www.w3.org/2000/svg", "")
    assert ("http:" in text, "https:" in text, '="//' in text) == (False, False, False)


@contextmanager
def bug() -> Generator[None]:
    raise RuntimeError("a bug")
    yield


def test_a_bug_of_ours_is_told_without_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    monkeypatch.setattr(store, "_lock", bug())
    client = TestClient(create_app(store), raise_server_exceptions=False)
    reply = client.get("/v1/service")
    assert (reply.status_code, reply.json()) == (500, {"code": 500, "message": "internal error"})
