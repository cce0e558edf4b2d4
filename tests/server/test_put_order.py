"""PUTs that come together are all carried out before the first of them is answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import ASGIApp

from loadbalancer.agent.settings import Settings
from loadbalancer.server import Limits, MemoryStore
from loadbalancer.server.app import create_server


def scope(id: int) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "PUT",
        "path": f"/v1/service/{id}",
        "headers": [(b"content-type", b"application/json")],
    }


def body(id: int) -> bytes:
    frontend = {"ip": f"10.96.0.{id}", "port": 80, "scope": "external"}
    return json.dumps({"id": id, "frontend-address": frontend}).encode()


class Client:
    """Sends a service, and notes the status of the answer and how many were stored by then."""

    def __init__(self, app: ASGIApp, store: MemoryStore, id: int) -> None:
        self.store = store
        self.id = id
        self.answers: list[tuple[int, int]] = []
        self.task = asyncio.create_task(self._ask(app))

    async def _ask(self, app: ASGIApp) -> None:
        await app(scope(self.id), self.receive, self.send)

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": body(self.id), "more_body": False}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            stored = self.store.read(lambda view: view.service_count())
            self.answers.append((message["status"], stored))


def answers(
    clients: int, *, stops: bool = False, held_bytes: int = 10_000
) -> list[list[tuple[int, int]]]:
    async def run() -> list[list[tuple[int, int]]]:
        store = MemoryStore()
        limits = Limits(held_bytes=held_bytes)
        app = create_server(store, settings=Settings(), limits=limits)
        asked = [Client(app, store, id) for id in range(1, clients + 1)]
        # By its first step each has been carried out.
        await asyncio.sleep(0)
        for client in asked if stops else ():
            client.task.cancel()
        await asyncio.gather(*(client.task for client in asked))
        return [client.answers for client in asked]

    return asyncio.run(run())


@pytest.mark.parametrize("clients", [1, 3])
def test_all_are_stored_before_the_first_is_answered(clients: int) -> None:
    assert answers(clients) == [[(201, clients)]] * clients


def test_what_was_carried_out_is_answered_so_when_the_server_stops() -> None:
    assert answers(3, stops=True) == [[(201, 3)]] * 3


def test_what_has_been_carried_out_is_held_no_longer() -> None:
    assert answers(5, held_bytes=len(body(1))) == [[(201, 5)]] * 5
