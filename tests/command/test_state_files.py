"""State files on the command line: checked with places, and written whole or not at all."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from loadbalancer.kubernetes import read_state_file

from ..support import DATA
from .conftest import Invoke

DUMP = str(DATA / "field" / "A2-vip.agent.json")
GOOD = (DATA / "field" / "A2-state-file.yaml").read_text()


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (changed("spec:", "spec: {prots: []}\n  spce:"), "3:10: error: /services/0/spec/prots: "),
        (changed("ip: 198", "ip: 1980"), "not an IP address: '1980.51.100.9'"),
        (changed("10.1.0.5", "fd00::5"), "an IPv6 address in a slice of IPv4"),
        (changed("service-name: web", "service-name: wep"), "there is no service lb/wep"),
        (
            changed(
                "ports: [{name: http, port: 80, protocol: TCP}]\n  status", "ports: []\n  status"
            ),
            "no ports: the service has no frontends",
        ),
        (
            GOOD.replace("name: http", "name: web", 1),
            "no endpoint has the port 'web' (TCP), but http",
        ),
        ("services: []\nendpoints: []\n", "no services: an agent removes all that it had"),
        (
            changed("port: 80, protocol: TCP}]\n  status", "port: 99999}]\n  status"),
            "/ports/0/port",
        ),
        (changed("services:", "servcies:"), "did you mean 'services'?"),
    ],
)
def test_what_is_wrong(invoke: Invoke, tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "state.yaml"
    path.write_text(text)
    finished = invoke("validate", str(path))
    assert finished.code == 1
    assert problem in finished.out
    as_json = tmp_path / "state.json"
    import yaml

    as_json.write_text(json.dumps(yaml.safe_load(text), indent=1))
    assert invoke("validate", str(as_json)).code == 1


def test_a_good_file_is_valid_and_read_by_all(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "state.yaml"
    path.write_text(GOOD)
    assert invoke("validate", str(path)).code == 0
    assert "198.51.100.9:80" in invoke("list", str(path)).out
    assert invoke("diff", DUMP, str(path)).out == (
        "0 services added, 0 removed, 0 changed, 1 unchanged\n"
    )
    path.write_text("services: []\n")
    assert invoke("validate", "--allow-empty", str(path)).code == 0


def test_it_is_written_with_a_backup(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("old")
    path.chmod(0o640)
    options = ("--to", "state-file", "-o", str(path), "--backup")
    finished = invoke("convert", *options, DUMP)
    assert (finished.code, finished.out, finished.err) == (0, "", "")
    assert len(read_state_file(path.read_text())) == 1
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "state.json.bak").read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["state.json", "state.json.bak"]


@pytest.mark.parametrize("dump", ["nowhere.json", "broken.json"])
def test_nothing_is_written_of_input_that_cannot_be_read(
    invoke: Invoke, tmp_path: Path, dump: str
) -> None:
    path = tmp_path / "state.json"
    path.write_text("old")
    finished = invoke("convert", "--to", "state-file", "-o", str(path), DUMP, dump)
    assert finished.code in (1, 2)
    assert path.read_text() == "old"
    assert invoke("convert", "--to", "state-file", DUMP, dump).out == ""


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("old")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    command = [sys.executable, "-B", "-m", "loadbalancer", "convert", "--to", "state-file"]
    done = subprocess.run(
        [*command, "-o", str(path), DUMP],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.returncode, "cannot write" in done.stderr) == (2, True)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]


def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """Kill the command at several moments, from its start to its end."""
    path = tmp_path / "state.json"
    command = [sys.executable, "-m", "loadbalancer", "convert", "--to", "state-file", "-o"]
    began = time.monotonic()
    subprocess.run([*command, str(path), DUMP], check=True)
    whole, took = path.read_text(), time.monotonic() - began
    found: set[str] = set()
    for part in range(12):
        path.write_text("old")
        process = subprocess.Popen([*command, str(path), DUMP])
        with suppress(subprocess.TimeoutExpired):
            process.wait(took * part / 10)
        process.kill()
        process.wait()
        found.add(path.read_text())
    assert found <= {"old", whole}
    assert "old" in found


def test_the_name_says_the_format_as_agents_know_it(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "state.yaml"
    written = invoke("convert", "--to", "state-file", "-o", str(path), DUMP)
    assert (written.code, path.read_text().startswith("services:\n")) == (0, True)
    finished = invoke("convert", "--to", "state-file", "-o", str(tmp_path / "state"), DUMP)
    assert finished.code == 2
    assert "if it ends in .json, .yaml or .yml alone" in finished.err
    finished = invoke("convert", "--to", "state-file", "-o", str(path), "--format", "json", DUMP)
    assert (finished.code, "as YAML, not json" in finished.err) == (2, True)
