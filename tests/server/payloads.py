"""Request bodies for tests, and short ways to send them."""

from __future__ import annotations

import json
from typing import Any

from loadbalancer.server import ServiceAPI
from loadbalancer.server.answers import Answer

Spec = dict[str, Any]


def backend(ip: str = "10.0.0.1", port: int = 80, **more: Any) -> Spec:
    return {"ip": ip, "port": port, **more}


def spec(id: int, *backends: Spec, ip: str = "", scope: str = "external", **flags: Any) -> Spec:
    """A ServiceSpec; without an address the frontend is one of the id's own."""
    frontend = {"ip": ip or f"10.96.0.{id}", "port": 80, "scope": scope}
    return {
        "id": id,
        "frontend-address": frontend,
        "backend-addresses": list(backends),
        "flags": flags,
    }


def states(*backends: Spec) -> Spec:
    """The body that changes states."""
    return {
        "frontend-address": {"ip": "<nil>"},
        "updateServices": True,
        "backend-addresses": list(backends),
    }


def put(api: ServiceAPI, body: Spec | str | bytes, path_id: str = "0") -> Answer:
    if isinstance(body, dict):
        body = json.dumps(body)
    data = body.encode() if isinstance(body, str) else body
    return api.put_service(path_id, "application/json", data)


def reason(answer: Answer) -> tuple[int, str]:
    """The status and the Error text."""
    text = json.loads(answer.body)
    assert isinstance(text, str)
    return answer.status, text


def listed(api: ServiceAPI) -> dict[int, Spec]:
    """What is realized, by id; as is the spec beside it."""
    services = json.loads(api.get_services().body)
    assert [each["spec"] for each in services] == [each["status"]["realized"] for each in services]
    return {each["spec"]["id"]: each["spec"] for each in services}


def listed_backends(api: ServiceAPI, id: int) -> list[tuple[str, str, int]]:
    """Address, state and weight of the backends of a service."""
    return [
        (each["ip"], each["state"], each["weight"]) for each in listed(api)[id]["backend-addresses"]
    ]


def backend_ids(api: ServiceAPI, id: int) -> dict[str, int]:
    """The backend ids of a service, by address."""
    svc = api.store.read(lambda view: view.service(id))
    assert svc is not None
    return {str(each): each.id for each in svc.backends}
