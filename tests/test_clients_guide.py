"""The guide of clients: its examples run, and what it cites of programs stands in them."""

from __future__ import annotations

import re

import pytest

from .support import ROOT

GUIDE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
PROGRAMS = ROOT / "tests" / "clients" / "programs"
BLOCKS = re.findall(r"^```([\w-]+)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
CITED = {"typescript": "client.ts", "python-client": "client_openapi_python.py"}
EXAMPLES = [text for kind, text in BLOCKS if kind == "python" and ">>>" not in text]


@pytest.mark.parametrize("number", range(3))
def test_an_example_runs(number: int) -> None:
    assert len(EXAMPLES) == 3
    # Not as the annotations of this file are: endpoints are read by FastAPI.
    code = compile(EXAMPLES[number], f"example {number}", "exec", dont_inherit=True)
    exec(code, {"__name__": "example"})


def test_what_is_cited_stands_in_the_programs() -> None:
    cited = [(CITED[kind], text) for kind, text in BLOCKS if kind in CITED]
    assert len(cited) == 3
    missing = [text for name, text in cited if text not in (PROGRAMS / name).read_text("utf-8")]
    assert missing == []


def test_the_options_of_generators_are_those_that_are_tried() -> None:
    tried = (ROOT / "tests" / "clients" / "test_clients.py").read_text("utf-8")
    commands = [text for kind, text in BLOCKS if kind == "sh" and "loadbalancer" not in text]
    assert len(commands) == 4
    options = {each for text in commands for each in re.findall(r" (--[\w-]+)", text)}
    assert len(options) > 8
    assert {each for each in options if f'"{each}"' not in tried} == set()


def test_the_versions_of_generators_are_those_that_are_tried() -> None:
    named = re.findall(r"^\| (open[\w-]+|data[\w-]+).*?\| ([\d.]+)", GUIDE, re.MULTILINE)
    tests = ROOT / "tests" / "clients"
    files = [ROOT / "pyproject.toml", tests / "requirements.txt", PROGRAMS / "package.json"]
    pins = "".join(each.read_text("utf-8") for each in files)
    found = dict(re.findall(r"([\w-]+?)(?:-cli)?(?:==|\": \")([\d.]+)", pins))
    assert len(named) == 4
    assert {name: found[name] for name, _ in named} == dict(named)


def test_every_type_of_text_is_in_the_table() -> None:
    from loadbalancer import text

    assert {*re.findall(r"`text\.(\w+)`", GUIDE)} == {*text.__all__}


def test_the_hooks_are_those_there_are() -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert re.findall(r"- id: (\S+)", GUIDE) == re.findall(r"- id: (\S+)", hooks)
