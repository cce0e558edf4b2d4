"""`collect` and `audit --live` with the real kubectl against a server that speaks its protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadbalancer import write_dump
from loadbalancer.audit import Cluster
from loadbalancer.kubernetes import node_from_objects, read_objects
from loadbalancer.releases import Release

from ..command.running import Finished, run
from .cluster import Agent, TestCluster, has_kubectl, serve_cluster

pytestmark = pytest.mark.skipif(not has_kubectl(), reason="kubectl 1.31 or later is not installed")

RELEASE = Release(1, 19)
NODES = ("worker-1", "worker-2", "worker-3")
SECRET = "top-secret-value"


def service(number: int, **spec: Any) -> dict[str, Any]:
    facts = {
        "type": "ClusterIP",
        "clusterIP": f"10.96.0.{number}",
        "clusterIPs": [f"10.96.0.{number}"],
        "ipFamilies": ["IPv4"],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
    }
    metadata = {"name": f"shop-{number}", "namespace": "market"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": facts | spec}


def endpoint_slice(number: int, *last: int) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": f"shop-{number}"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"shop-{number}-x", "namespace": "market", "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [
            {"addresses": [f"10.0.{number}.{each}"], "conditions": {"ready": True}} for each in last
        ],
    }


def node(name: str, number: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "status": {"addresses": [{"type": "InternalIP", "address": f"192.0.2.{number}"}]},
    }


def agent_pod(name: str, number: int) -> dict[str, Any]:
    labels = {"k8s-app": "cilium"}
    environment = [{"name": "PASSWORD", "value": SECRET}]
    container = {"name": "cilium-agent", "image": "cilium:v1.19.2", "env": environment}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"cilium-{number}",
            "namespace": "kube-system",
            "uid": f"uid-{number}",
            "labels": labels,
            "annotations": {"note": SECRET},
        },
        "spec": {"nodeName": name, "hostNetwork": True, "containers": [container]},
        "status": {"phase": "Running", "podIP": f"192.0.2.{number}"},
    }


def config_map() -> dict[str, Any]:
    data = {"kube-proxy-replacement": "true", "enable-ipv6": "false", "cluster-name": "east"}
    metadata = {"name": "cilium-config", "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def objects() -> dict[str, list[dict[str, Any]]]:
    return {
        "services": [service(1), service(2)],
        "endpointslices": [endpoint_slice(1, 1, 2), endpoint_slice(2, 3)],
        "nodes": [node(name, number) for number, name in enumerate(NODES, start=1)],
        "pods": [agent_pod(name, number) for number, name in enumerate(NODES, start=1)],
        "configmaps": [config_map()],
        "ciliumlocalredirectpolicies": [],
        "ciliumnodeconfigs": [],
    }


def write_agent(folder: Path, name: str, found: dict[str, list[dict[str, Any]]]) -> None:
    """Write what a healthy agent prints."""
    folder.mkdir(parents=True, exist_ok=True)
    read = read_objects([each for items in found.values() for each in items])
    services = Cluster(read).expected(node_from_objects(read, name), RELEASE)
    for number, each in enumerate(services, start=1):
        each.frontend = each.frontend.model_copy(update={"id": number})
    (folder / "service-list--o-json").write_bytes(write_dump(services, release="1.19"))
    rows = ["SERVICE ADDRESS   BACKEND ADDRESS (REVNAT_ID) (SLOT)"]
    for each in services:
        key = each.frontend.string_with_protocol()
        rows.append(f"{key} (0)   0.0.0.0:0 ({each.frontend.id}) (0) [ClusterIP, non-routable]")
        for slot, backend in enumerate(each.backends, start=1):
            address = backend.string_with_protocol()
            rows.append(f"{key} ({slot})   {address} ({each.frontend.id}) ({slot})")
    (folder / "bpf-lb-list").write_text("\n".join(rows) + "\n")
    (folder / "version").write_text("Client: 1.19.2 x\nDaemon: 1.19.2 x\n")
    (folder / "status---verbose").write_text("Cilium:   Ok   1.19.2 (v1.19.2-abc)\n")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[TestCluster]:
    found = objects()
    agents: dict[str, Agent] = {}
    for number, name in enumerate(NODES, start=1):
        files = tmp_path / "agents" / name
        write_agent(files, name, found)
        agents[f"cilium-{number}"] = Agent(files)
    with serve_cluster(TestCluster(found, agents, tmp_path)) as served:
        yield served


def live(cluster: TestCluster, command: str, *arguments: str) -> Finished:
    options = ("--kubeconfig", cluster.kubeconfig, "--timeout", "20s")
    return run(command, *options, *arguments, cwd=cluster.folder)


def damage(cluster: TestCluster, name: str) -> None:
    """Have an agent list a backend that is gone."""
    path = cluster.agents[name].files / "service-list--o-json"
    document = json.loads(path.read_text())
    for part in (document[0]["spec"], document[0]["status"]["realized"]):
        part["backend-addresses"][0]["ip"] = "10.0.9.9"
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("name", ["found.tar.gz", "found.tar.xz"])
def test_a_healthy_cluster_is_collected_and_audited(name: str, cluster: TestCluster) -> None:
    finished = live(cluster, "collect", "-o", name)
    assert (finished.code, finished.out, finished.err) == (0, f"{name}: 3 of 3 agents\n", "")
    assert (cluster.folder / name).stat().st_mode & 0o777 == 0o600
    audited = run("audit", name, cwd=cluster.folder)
    assert audited.err == ""
    assert audited.code == 0
    assert "3 nodes: 3 clean" in audited.out
    with tarfile.open(cluster.folder / name) as archive:
        texts = [archive.extractfile(x) for x in archive.getmembers() if x.isfile()]
        content = b"".join(each.read() for each in texts if each is not None)
    assert SECRET.encode() not in content


def test_a_damage_is_found_and_nothing_else(cluster: TestCluster) -> None:
    damage(cluster, "cilium-2")
    finished = live(cluster, "audit", "--live", "--settle", "0s", "--format", "concise")
    lines = finished.out.splitlines()
    assert finished.code == 1
    assert {line.split(": ")[0] for line in lines} == {"worker-2"}
    assert sorted({line.split(": ")[2] for line in lines}) == [
        "bpf-missing-backend",
        "bpf-stale-backend",
        "missing-backend",
        "stale-backend",
    ]


def test_what_changes_meanwhile_is_not_found(cluster: TestCluster) -> None:
    """A pod comes while agents are asked: some list it already, and Kubernetes has it by then."""
    asked = 0

    def change() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            cluster.objects["endpointslices"][1] = endpoint_slice(2, 3, 4)
            for name, agent in zip(NODES, cluster.agents.values(), strict=True):
                write_agent(agent.files, name, cluster.objects)

    cluster.on_exec = change
    finished = live(cluster, "audit", "--live", "--settle", "0s", "--parallel", "1")
    assert (finished.code, finished.err) == (0, "")
    assert "were gone at the second" in finished.out


def test_the_plugin_of_kubectl(cluster: TestCluster) -> None:
    shim = cluster.folder / "bin"
    shim.mkdir()
    program = shim / "kubectl-cilium_lb"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m loadbalancer "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["kubectl", "cilium-lb", "audit", "--live", "--kubeconfig", cluster.kubeconfig],
        env={**os.environ, "PATH": f"{shim}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 nodes: 3 clean" in done.stdout


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "hangs": ({"variables": {"HANG": "bpf-lb-list"}}, "no answer within 2 seconds"),
    "dies in mid-output": ({"cut_at": 900}, "worker-2"),
    "prints garbage": ({"garbage": b"\x00\xff<html>"}, "cannot be read at its beginning"),
    "has no program": ({"program": ""}, "neither cilium-dbg nor cilium is there"),
    "is forbidden": ({"is_forbidden": True}, "forbidden"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_agent_with_a_fault_is_reported_and_the_others_collected(
    cluster: TestCluster, fault: str
) -> None:
    changes, reason = FAULTS[fault]
    for key, value in changes.items():
        setattr(cluster.agents["cilium-2"], key, value)
    finished = live(cluster, "collect", "-o", "found", "--timeout", "2s")
    assert (finished.code, finished.out) == (2, "found: 2 of 3 agents\n")
    assert "worker-2 (cilium-2)" in finished.err
    assert reason in finished.err
    report = json.loads((cluster.folder / "found" / "collection.json").read_text())
    assert sorted(each["node"] for each in report["nodes"] if each["reason"]) == ["worker-2"]
    audited = run("audit", "found", cwd=cluster.folder)
    assert "worker-1" in audited.out


def test_an_agent_of_an_old_release_has_another_program(cluster: TestCluster) -> None:
    cluster.agents["cilium-1"].program = "cilium"
    finished = live(cluster, "collect", "-o", "found", "--node", "worker-1")
    assert (finished.code, finished.out) == (0, "found: 1 of 1 agents\n")
    names = {path.name for path in (cluster.folder / "found").rglob("cmd/*")}
    assert "cilium-service-list--o-json.md" in names


def test_an_agent_that_is_not_running(cluster: TestCluster) -> None:
    cluster.objects["pods"][0]["status"]["phase"] = "Pending"
    finished = live(cluster, "collect", "-o", "found")
    assert finished.code == 2
    assert "worker-1 (cilium-1): the agent is not running: Pending" in finished.err


def test_a_redacted_collection_is_audited_alike(cluster: TestCluster) -> None:
    damage(cluster, "cilium-2")
    finished = live(cluster, "collect", "--redact", "-o", "found")
    assert finished.code == 0
    texts = [path.read_text() for path in (cluster.folder / "found").rglob("*") if path.is_file()]
    for word in ("market", "shop-1", "worker-2", "10.96.0.1", "192.0.2.2", "10.0.1.1"):
        assert [word for text in texts if f'"{word}"' in text or f" {word}" in text] == []
    audited = run("audit", "--format", "json", "found", cwd=cluster.folder)
    kinds = [
        sorted({x["kind"] for x in each["findings"]}) for each in json.loads(audited.out)["nodes"]
    ]
    assert sorted(kinds) == [
        *([], []),
        ["bpf-missing-backend", "bpf-stale-backend", "missing-backend", "stale-backend"],
    ]


def test_objects_alone(cluster: TestCluster) -> None:
    finished = live(cluster, "collect", "--no-exec", "-o", "found")
    assert (finished.code, finished.out) == (0, "found: 0 of 0 agents\n")
    (services,) = (cluster.folder / "found").glob("k8s-services-*.json")
    assert len(json.loads(services.read_text())["items"]) == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--kubectl", "no-such-program"), "no-such-program is not installed"),
        (("--context", "nowhere"), 'context "nowhere" does not exist'),
        (("--selector", "k8s-app=other"), "there are no agents in kube-system"),
        (("--timeout", "soon"), "not a duration: 'soon'"),
    ],
)
def test_what_cannot_be_asked(
    cluster: TestCluster, arguments: tuple[str, ...], reason: str
) -> None:
    finished = live(cluster, "collect", "-o", "found", *arguments)
    assert (finished.code, reason in finished.err) == (2, True)
    assert "Traceback" not in finished.err
