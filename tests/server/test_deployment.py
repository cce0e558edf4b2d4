"""The examples of a systemd unit and a container say what the server and the checkout have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from fastapi.testclient import TestClient

from loadbalancer.command.serve import serve
from loadbalancer.dumps.json_text.values import is_array, is_object
from loadbalancer.server import create_app

from .live import ProcessServer

ROOT = Path(__file__).parent.parent.parent
UNITS = ROOT / "examples" / "systemd"
CONTAINERFILE = ROOT / "examples" / "container" / "Containerfile"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd is installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/opt/cilium-loadbalancer/bin/loadbalancer", sys.executable)
        (tmp_path / unit.name).write_text(text)
    units = [str(each) for each in sorted(tmp_path.iterdir())]
    assert len(units) == 2
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("path", [*sorted(UNITS.iterdir()), CONTAINERFILE], ids=lambda p: p.name)
def test_the_environment_has_names_of_options(path: Path) -> None:
    options = {
        f"LOADBALANCER_{each.name.upper()}"
        for each in serve.params
        if isinstance(each, click.Option) and each.name
    }
    named = set(re.findall(r"LOADBALANCER_\w+", path.read_text()))
    assert named <= options
    assert named or path.suffix == ".socket"


def test_the_container_is_made_of_what_is_there() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE.read_text(), re.MULTILINE)
    sources = [source for each in copies for source in each.split()]
    assert len(sources) == 6
    assert [each for each in sources if not (ROOT / each).exists()] == []


def test_the_container_notices_that_the_server_is_gone(tmp_path: Path) -> None:
    text = CONTAINERFILE.read_text().replace("\\\n", "")
    found = re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", text, re.MULTILINE)
    assert found is not None
    command: list[str] = json.loads(found[1])
    assert command[0] == "python"
    command[0] = sys.executable

    def health(port: int) -> int:
        asked = [part.replace(":9876/", f":{port}/") for part in command]
        return subprocess.run(asked, stderr=subprocess.DEVNULL, timeout=60).returncode

    socket = tmp_path / "server.sock"
    with ProcessServer("--db", ":memory:", "--listen", "127.0.0.1:0", socket=socket) as server:
        assert server.process.stdout is not None
        lines = iter(server.process.stdout.readline, b"")
        port = next(int(at[1]) for line in lines if (at := re.search(rb"http.*:(\d+)", line)))
        assert health(port) == 0
        server.kill()
        assert health(port) == 1


MANIFESTS = [
    ROOT / "examples" / "container" / "compose.yaml",
    ROOT / "examples" / "kubernetes" / "server.yaml",
]


def values_of(value: Any, key: str) -> Iterator[Any]:
    """The values of a key, wherever it stands."""
    if is_object(value):
        for name, below in value.items():
            if name == key:
                yield below
            yield from values_of(below, key)
    elif is_array(value):
        for each in value:
            yield from values_of(each, key)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_the_arguments_are_those_of_the_command(path: Path) -> None:
    documents = [*yaml.safe_load_all(path.read_text())]
    (arguments,) = [*values_of(documents, "args"), *values_of(documents, "command")]
    serve.make_context("serve", list(arguments))
    text = path.read_text()
    assert "9876" in text
    assert "/run/secrets" in text


def test_prometheus_knows_the_metrics() -> None:
    folder = ROOT / "examples" / "prometheus"
    rules = yaml.safe_load((folder / "alerts.yaml").read_text())
    expressions = " ".join(values_of(rules, "expr"))
    with TestClient(create_app()) as client:
        client.get("/v1/service")
        metrics = client.get("/metrics").text
    named = set(re.findall(r"cilium_loadbalancer_\w+", expressions))
    assert len(named) == 2
    assert {each for each in named if f"\n{each}{{" not in metrics} == set()
    scrape = yaml.safe_load((folder / "scrape.yaml").read_text())
    assert [*values_of(scrape, "metrics_path")] == ["/metrics"]
    assert 'job="cilium-loadbalancer"' in expressions
    assert [*values_of(scrape, "job_name")] == ["cilium-loadbalancer"]
