"""Nothing of the extra is loaded by those who do not need it."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRAMEWORKS = ("fastapi", "starlette", "uvicorn", "prometheus_client", "click")


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import loadbalancer; loadbalancer.SVC", []),
        ("import loadbalancer.server", []),
        ("from loadbalancer.server import MemoryStore, ServiceAPI, Settings, SQLiteStore", []),
        ("import loadbalancer.agent.rules", []),
        ("import loadbalancer.command.serve", ["click"]),
        ("from loadbalancer.server import create_router", ["fastapi", "starlette"]),
    ],
)
def test_what_is_loaded(statement: str, loaded: list[str]) -> None:
    program = f"{statement}\nimport sys\nprint(*[m for m in {FRAMEWORKS} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.stdout.split(), run.stderr) == (loaded, "")
