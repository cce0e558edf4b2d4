"""Damages planted in a healthy cluster: each is found on its node, and nothing else is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cluster import write_cluster
from loadbalancer.audit import NodeAudit
from loadbalancer.sysdump import audit_cluster, processes

from .command.running import run

LISTED = "cilium-dbg-service-list--o-json.md"
KERNEL = "cilium-dbg-bpf-lb-list.md"
NODE = "worker-1"
Services = list[dict[str, Any]]


def _cmd(folder: Path) -> Path:
    (cmd,) = folder.glob("cilium-bugtool-cilium-00001-*/cmd")
    return cmd


def _change(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a service with backends in what the agent lists, wished and realized."""
    path = _cmd(folder) / LISTED
    services: Services = json.loads(path.read_text())
    chosen = next(each for each in services if len(each["spec"]["backend-addresses"]) > 2)
    for spec in (chosen["spec"], chosen["status"]["realized"]):
        change(spec)
    path.write_text(json.dumps(services))


def lose_a_backend(folder: Path) -> None:
    _change(folder, lambda spec: spec["backend-addresses"].pop())


def keep_a_backend(folder: Path) -> None:
    gone = {"ip": "10.99.99.99", "port": 8080, "protocol": "TCP", "state": "active", "weight": 100}
    _change(folder, lambda spec: spec["backend-addresses"].append({**gone}))


def quarantine_a_backend(folder: Path) -> None:
    _change(folder, lambda spec: spec["backend-addresses"][0].update(state="terminating"))


def lose_a_service(folder: Path) -> None:
    path = _cmd(folder) / LISTED
    path.write_text(json.dumps(json.loads(path.read_text())[1:]))


def change_a_policy(folder: Path) -> None:
    _change(folder, lambda spec: spec["flags"].update(intTrafficPolicy="Local"))


def lose_a_row_of_the_kernel(folder: Path) -> None:
    path = _cmd(folder) / KERNEL
    lines = path.read_text().splitlines()
    place = next(at for at, line in enumerate(lines) if " (1)   " in line)
    path.write_text("\n".join([*lines[:place], *lines[place + 1 :]]) + "\n")


DAMAGES: dict[Callable[[Path], None], set[str]] = {
    lose_a_backend: {"missing-backend"},
    keep_a_backend: {"stale-backend"},
    quarantine_a_backend: {"wrong-state"},
    lose_a_service: {"missing-service"},
    change_a_policy: {"wrong-policy"},
    lose_a_row_of_the_kernel: {"bpf-missing-backend"},
}
# What the kernel then has otherwise than the list.
FOLLOWS = {"bpf-missing-backend", "bpf-stale-backend", "bpf-extra-frontend"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_cluster(tmp_path / "sysdump", 3, 30)
    return tmp_path / "sysdump"


def test_nothing_is_found_in_a_healthy_cluster(folder: Path) -> None:
    report = audit_cluster([str(folder)])
    assert [(node.name, node.findings) for node in report.nodes] == [
        (f"worker-{number}", []) for number in range(3)
    ]


@pytest.mark.parametrize("plant", DAMAGES, ids=lambda each: each.__name__)
def test_a_damage_is_found_on_its_node(plant: Callable[[Path], None], folder: Path) -> None:
    plant(folder)
    report = audit_cluster([str(folder)])
    found = {node.name: {each.kind for each in node.findings} for node in report.nodes}
    assert {name for name, kinds in found.items() if kinds} == {NODE}
    assert DAMAGES[plant] <= found[NODE] <= DAMAGES[plant] | FOLLOWS
    screen = run("audit", str(folder)).out.splitlines()[:24]
    (kind,) = DAMAGES[plant]
    assert any(kind in line for line in screen)
    assert any(NODE in line for line in screen)
    only = run("audit", "--kind", kind, str(folder)).out
    assert "3 nodes: 2 clean" in only


@pytest.mark.parametrize("form", ["folder", "zip", "tar.gz"])
def test_the_same_is_found_by_several_processes(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sysdump"
    write_cluster(folder, 12, 12)
    for plant in DAMAGES:
        plant(folder)
    broken = next(folder.glob("cilium-bugtool-cilium-00007-*/cmd"))
    (broken / LISTED).write_text("nonsense")
    path = folder
    if form != "folder":
        kind = {"zip": "zip", "tar.gz": "gztar"}[form]
        path = Path(shutil.make_archive(str(tmp_path / "packed"), kind, tmp_path, "sysdump"))
    by_processors: list[Any] = []
    for processors in (1, 3):
        monkeypatch.setattr(processes, "_processors", partial(int, processors))
        seen: list[NodeAudit] = []
        report = audit_cluster([str(path)], on_node=seen.append)
        by_processors.append((report, sorted(each.name for each in seen)))
    assert by_processors[0] == by_processors[1]
    report, seen = by_processors[0]
    assert len(seen) == 11
    assert report.unreadable == ["worker-7"]
    assert any(each.findings for each in report.nodes)
    assert report.disagreements
