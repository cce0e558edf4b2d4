"""Every scenario that the reference agent was put through, over real sockets, as it is served."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from loadbalancer.server import Limits, Settings
from loadbalancer.server.app import create_server
from loadbalancer.server.guard import Guard

from .conftest import NewStore
from .live import ThreadServer, UnixConnection, ask_on

TRANSCRIPTS = Path(__file__).parent.parent / "data" / "transcripts" / "service_api.jsonl"
SCENARIOS = [json.loads(line) for line in TRANSCRIPTS.read_bytes().splitlines()]

Step = dict[str, Any]


def connect(server: ThreadServer, transport: str) -> http.client.HTTPConnection:
    if transport == "unix":
        return UnixConnection(server.path)
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)


@pytest.mark.parametrize("transport", ["unix", "tcp"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: str(each["scenario"]))
def test_scenario(
    scenario: dict[str, Any], transport: str, thread_server: ThreadServer, new_store: NewStore
) -> None:
    thread_server.app = create_server(
        new_store(), settings=Settings(), limits=Limits(), guard=Guard()
    )
    answered: list[Step] = []
    with closing(connect(thread_server, transport)) as connection:
        for step in scenario["steps"]:
            reply = ask_on(connection, step["method"], step["path"], step.get("body"))
            # What is told of the body differs from step to step.
            told = {key: reply.json for key in ("response", "error") if key in step}
            answered.append({**step, "status": reply.status, **told})
    assert answered == scenario["steps"]


def test_there_are_scenarios() -> None:
    assert (len(SCENARIOS), sum(len(each["steps"]) for each in SCENARIOS)) == (40, 870)
