"""The command in this process: faster, for all that needs no process of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loadbalancer.command import main

from .running import EXAMPLES, Finished

Invoke = Callable[..., Finished]


@pytest.fixture
def invoke(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """A function that runs the command in the directory of the examples."""
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str) -> Finished:
        code = main(arguments)
        captured = capsys.readouterr()
        return Finished(code, captured.out, captured.err)

    return run
