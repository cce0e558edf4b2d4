"""What the list of services asks for: the digests of all, and those that have changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from fastapi.testclient import TestClient

from loadbalancer.agent.stores.base import StoreBusyError, StoreError, View
from loadbalancer.server import MemoryStore, ServiceAPI, Store, create_app
from loadbalancer.server.digests import MOST_IDS

from .payloads import backend, put, spec, states

T = TypeVar("T")


@pytest.fixture
def api(store: Store) -> ServiceAPI:
    return ServiceAPI(store)


@pytest.fixture
def client(store: Store) -> TestClient:
    return TestClient(create_app(store))


def digests(client: TestClient) -> dict[str, str]:
    answer = client.get("/services/digests")
    assert answer.status_code == 200
    found: dict[str, str] = answer.json()
    return found


def test_each_service_has_one(client: TestClient, api: ServiceAPI) -> None:
    assert digests(client) == {}
    for id in (20, 3, 100):
        put(api, spec(id, backend()))
    found = digests(client)
    assert list(found) == ["3", "20", "100"]
    assert len(set(found.values())) == 3


def test_those_of_changed_services_change(client: TestClient, api: ServiceAPI) -> None:
    for id in range(1, 6):
        put(api, spec(id, backend(f"10.0.0.{id}")))
    before = digests(client)
    api.delete_service("1")
    put(api, spec(2, backend("10.0.0.9")))
    put(api, states(backend("10.0.0.3", state="quarantined")))
    put(api, spec(4, backend("10.0.0.4")))  # Nothing new.
    put(api, spec(6))
    after = digests(client)
    changed = {id for id in before.keys() | after.keys() if before.get(id) != after.get(id)}
    assert changed == {"1", "2", "3", "6"}
    put(api, states(backend("10.0.0.3", state="active")))
    assert digests(client)["3"] == before["3"]


def test_servers_on_equal_services_agree(client: TestClient, api: ServiceAPI) -> None:
    other = MemoryStore()
    for each in (api, ServiceAPI(other)):
        put(each, spec(1, backend()))
    answers = [asked.get("/services/digests") for asked in (client, TestClient(create_app(other)))]
    assert answers[0].content == answers[1].content
    assert answers[0].headers["etag"] == answers[1].headers["etag"]


def test_nothing_is_sent_as_long_as_nothing_changes(client: TestClient, api: ServiceAPI) -> None:
    put(api, spec(1, backend()))
    tag = client.get("/services/digests").headers["etag"]
    answer = client.get("/services/digests", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    put(api, spec(2))
    answer = client.get("/services/digests", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag


def test_services_by_id(client: TestClient, api: ServiceAPI) -> None:
    for id in (1, 2, 3):
        put(api, spec(id, backend(f"10.0.0.{id}")))
    answer = client.get("/services", params={"ids": "3,1,77,3"})
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["3", "1"]
    assert answer.json() == {id: client.get(f"/v1/service/{id}").json() for id in ("1", "3")}
    assert client.get("/services").json() == {}


def test_many_services_are_compressed(client: TestClient, api: ServiceAPI) -> None:
    for id in range(1, 101):
        put(api, spec(id, backend(f"10.0.0.{id}")))
    ids = ",".join(str(id) for id in range(1, 101))
    answer = client.get("/services", params={"ids": ids}, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()) == 100
    answer = client.get("/services", params={"ids": ids}, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert len(answer.json()) == 100


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ("x", 'ids in query: id in path must be of type int64: "x"'),
        ("1,,2", 'ids in query: id in path must be of type int64: ""'),
        (",".join("1" * (MOST_IDS + 1)), "ids in query should have at most 1000 items"),
    ],
    ids=["not a number", "empty", "too many"],
)
def test_what_is_refused(ids: str, told: str, client: TestClient) -> None:
    answer = client.get("/services", params={"ids": ids})
    assert (answer.status_code, answer.json()["message"]) == (422, told)


class BrokenStore(MemoryStore):
    """A store that cannot be read."""

    def __init__(self, error: StoreError) -> None:
        super().__init__()
        self.error = error

    def read(self, function: Callable[[View], T]) -> T:
        raise self.error


@pytest.mark.parametrize("path", ["/services/digests", "/services?ids=1"])
@pytest.mark.parametrize(
    ("error", "status"), [(StoreError("broken"), 500), (StoreBusyError("busy"), 503)]
)
def test_a_store_that_cannot_be_read(path: str, error: StoreError, status: int) -> None:
    answer = TestClient(create_app(BrokenStore(error))).get(path)
    told = str(error) if status == 500 else {"code": status, "message": str(error)}
    assert (answer.status_code, answer.json()) == (status, told)
    assert ("retry-after" in answer.headers) is (status == 503)


def test_the_texts_of_a_store_are_those_of_its_list(store: Store, api: ServiceAPI) -> None:
    for id in (9, 2, 5):
        put(api, spec(id, backend()))

    def compare(view: View) -> Any:
        texts = view.service_texts()
        assert list(texts) == sorted(texts)
        assert json.loads(view.services_json()) == [json.loads(text) for text in texts.values()]
        return list(texts)

    assert store.read(compare) == [2, 5, 9]

    def change(tx: Any) -> Any:
        tx.delete_service(5)
        return compare(tx)

    assert store.write(change) == [2, 9]
