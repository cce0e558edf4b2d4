"""What the reference's own client sends, byte for byte, and what it has to get for an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from loadbalancer.server import create_app

from .live import ThreadServer

PAYLOADS = Path(__file__).parent.parent / "data" / "payloads"


def sent(number: int) -> bytes:
    return (PAYLOADS / f"client_put_{number}.json").read_bytes()


def test_its_requests(thread_server: ThreadServer) -> None:
    thread_server.app = create_app()
    ask = thread_server.ask
    # It asks whether weights make sense here, and whether the service is there, first.
    assert ask("GET", "/v1/config").json["status"]["datapathMode"] == "lb-only"
    assert ask("GET", "/v1/service/1").status == 404
    statuses = [ask("PUT", f"/v1/service/{n}", sent(n)).status for n in (1, 2, 3)]
    assert statuses == [201, 201, 201]
    assert ask("PUT", "/v1/service/0", sent(4)).status == 200
    assert ask("PUT", "/v1/service/4", sent(5)).status == 201
    found = {
        each["spec"]["id"]: [
            (backend["ip"], backend["state"]) for backend in each["spec"]["backend-addresses"]
        ]
        for each in ask("GET", "/v1/service").json
    }
    assert found == {
        1: [("10.0.0.1", "maintenance"), ("10.0.0.2", "active")],
        2: [("fd00::1", "active")],
        3: [("10.0.1.1", "active"), ("10.0.1.2", "maintenance")],
        4: [("10.0.0.2", "active")],
    }
    assert [ask("DELETE", f"/v1/service/{n}").status for n in (1, 2, 3, 4)] == [200] * 4
    assert ask("GET", "/v1/service").body == b"[]"


def test_its_list_is_what_a_real_agent_answered(thread_server: ThreadServer) -> None:
    thread_server.app = create_app()
    ask = thread_server.ask
    listed: list[dict[str, Any]] = json.loads((PAYLOADS / "service_list_wire.json").read_bytes())
    ordered = sorted(listed, key=lambda each: int(each["spec"]["id"]))
    for each in ordered:
        body = json.dumps(each["spec"], separators=(",", ":"))
        assert ask("PUT", f"/v1/service/{each['spec']['id']}", body).status == 201
    # The agent lists them in no order; what it sends of each is the same to the byte.
    compact = json.dumps(ordered, separators=(",", ":")).encode()
    assert ask("GET", "/v1/service").body == compact
    for each in ordered:
        reply = ask("GET", f"/v1/service/{each['spec']['id']}")
        assert reply.body == json.dumps(each, separators=(",", ":")).encode()
