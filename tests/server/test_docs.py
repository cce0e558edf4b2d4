"""The examples in the guide run, and hold what they promise."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from loadbalancer.command.serve import serve
from loadbalancer.server import SQLiteStore

GUIDE = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("number", range(5))
def test_example(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Not as the annotations of this file are: endpoints are read by FastAPI.
    code = compile(EXAMPLES[number], f"example {number}", "exec", dont_inherit=True)
    names: dict[str, object] = {"__name__": "example"}
    exec(code, names)
    for value in names.values():
        if isinstance(value, SQLiteStore):
            value.close()


def test_every_option_is_described() -> None:
    options = {
        name
        for parameter in serve.params
        if isinstance(parameter, click.Option)
        for name in (parameter.secondary_opts or parameter.opts)
    }
    assert (
        set(re.findall(r"`(--[a-z0-9-]+)[^`]*`", GUIDE.partition("A client that takes")[0]))
        == options
    )
