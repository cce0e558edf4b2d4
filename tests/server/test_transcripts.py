"""Every scenario that the reference agent was put through, over a real unix socket."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from loadbalancer.server import create_app

from .conftest import NewStore
from .live import ThreadServer, UnixConnection, ask_on

TRANSCRIPTS = Path(__file__).parent.parent / "data" / "transcripts" / "service_api.jsonl"
SCENARIOS = [json.loads(line) for line in TRANSCRIPTS.read_bytes().splitlines()]

Step = dict[str, Any]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: str(each["scenario"]))
def test_scenario(
    scenario: dict[str, Any], thread_server: ThreadServer, new_store: NewStore
) -> None:
    thread_server.app = create_app(new_store())
    answered: list[Step] = []
    with closing(UnixConnection(thread_server.path)) as connection:
        for step in scenario["steps"]:
            reply = ask_on(connection, step["method"], step["path"], step.get("body"))
            # What is told of the body differs from step to step.
            told = {key: reply.json for key in ("response", "error") if key in step}
            answered.append({**step, "status": reply.status, **told})
    assert answered == scenario["steps"]


def test_there_are_scenarios() -> None:
    assert (len(SCENARIOS), sum(len(each["steps"]) for each in SCENARIOS)) == (40, 870)
