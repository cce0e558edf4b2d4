"""A seeded cluster as a sysdump folder: objects, and for each node its list and kernel.

`python -m benchmarks.cluster FOLDER --nodes 200 --services 2000` writes one.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from loadbalancer import SVC, write_dump
from loadbalancer.audit import Cluster
from loadbalancer.kubernetes import Node, node_from_objects, read_objects
from loadbalancer.releases import Release

__all__ = ["agents_of", "objects_of", "write_cluster"]

TIME = "20260101-120000"
RELEASE = Release(1, 19)
_NODES_PORTS = 30_000


def objects_of(nodes: int, services: int, seed: int = 1) -> dict[str, list[dict[str, Any]]]:
    """The objects of a cluster by kind, with five endpoints a service."""
    chance = random.Random(seed)
    found: dict[str, list[dict[str, Any]]] = {
        "nodes": [*_nodes(nodes)],
        "services": [],
        "endpointslices": [],
        "pods": [],
    }
    for number in range(services):
        high, low = divmod(number, 250)
        name, namespace = f"svc-{number}", f"team-{number % 40}"
        kind = chance.choice(["ClusterIP"] * 8 + ["NodePort", "LoadBalancer"])
        port: dict[str, Any] = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}
        spec: dict[str, Any] = {
            "type": kind,
            "clusterIP": f"10.96.{high}.{low + 1}",
            "clusterIPs": [f"10.96.{high}.{low + 1}"],
            "ipFamilies": ["IPv4"],
            "ports": [port],
            "selector": {"app": name},
        }
        status: dict[str, Any] = {"loadBalancer": {}}
        if kind != "ClusterIP":
            port["nodePort"] = _NODES_PORTS + number % 2700
        if kind == "LoadBalancer":
            status = {"loadBalancer": {"ingress": [{"ip": f"198.18.{high}.{low + 1}"}]}}
            spec["externalTrafficPolicy"] = chance.choice(["Cluster", "Local"])
        metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
        found["services"].append(_object("v1", "Service", metadata, spec=spec, status=status))
        endpoints: list[dict[str, Any]] = []
        for index in range(5):
            node = f"worker-{chance.randrange(nodes)}"
            ip = f"10.{10 + index}.{high}.{low + 1}"
            ready = chance.random() > 0.02
            conditions = {"ready": ready, "serving": ready, "terminating": False}
            target = {"kind": "Pod", "name": f"{name}-{index}", "namespace": namespace}
            endpoints.append(
                {
                    "addresses": [ip],
                    "conditions": conditions,
                    "nodeName": node,
                    "targetRef": target,
                    "zone": f"zone-{chance.randrange(3)}",
                }
            )
            found["pods"].append(_pod(f"{name}-{index}", namespace, node, ip, number * 5 + index))
        labels = {"kubernetes.io/service-name": name}
        slice_metadata = {"name": f"{name}-abcde", "namespace": namespace, "labels": labels}
        found["endpointslices"].append(
            _object(
                "discovery.k8s.io/v1",
                "EndpointSlice",
                slice_metadata,
                addressType="IPv4",
                ports=[{"name": "http", "port": 8080, "protocol": "TCP"}],
                endpoints=endpoints,
            )
        )
    return found


def _object(version: str, kind: str, metadata: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def _nodes(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        labels = {"topology.kubernetes.io/zone": f"zone-{number % 3}"}
        high, low = divmod(number, 250)
        addresses = [{"type": "InternalIP", "address": f"192.168.{high}.{low + 1}"}]
        metadata = {"name": f"worker-{number}", "labels": labels}
        yield _object("v1", "Node", metadata, status={"addresses": addresses})


def _pod(name: str, namespace: str, node: str, ip: str, number: int) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": f"00000000-0000-4000-8000-{number:012d}",
        "labels": {"app": name.rpartition("-")[0]},
        "annotations": {"example.com/note": "x" * 200},
    }
    environment = [{"name": f"VARIABLE_{each}", "value": "x" * 40} for each in range(10)]
    container = {"name": "app", "image": "app:1", "env": environment}
    spec = {"nodeName": node, "containers": [{**container, "ports": [{"containerPort": 8080}]}]}
    status = {
        "phase": "Running",
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    return _object("v1", "Pod", metadata, spec=spec, status=status)


def agents_of(nodes: int) -> list[dict[str, Any]]:
    return [
        _object(
            "v1",
            "Pod",
            {"name": f"cilium-{number:05d}", "namespace": "kube-system", "uid": f"agent-{number}"},
            spec={
                "nodeName": f"worker-{number}",
                "hostNetwork": True,
                "containers": [{"name": "cilium-agent", "image": "cilium:v1.19.4"}],
            },
            status={"phase": "Running"},
        )
        for number in range(nodes)
    ]


def write_cluster(folder: Path, nodes: int, services: int) -> None:
    """Write a healthy cluster as a sysdump folder."""
    objects = objects_of(nodes, services)
    objects["pods"] += agents_of(nodes)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, items in objects.items():
        listed = {"apiVersion": "v1", "kind": "List", "items": items}
        (folder / f"k8s-{kind}-{TIME}.json").write_text(json.dumps(listed))
    config = {"kube-proxy-replacement": "true", "enable-ipv4": "true", "enable-ipv6": "false"}
    metadata = {"name": "cilium-config", "namespace": "kube-system"}
    (folder / f"cilium-configmap-{TIME}.json").write_text(
        json.dumps(_object("v1", "ConfigMap", metadata, data=config))
    )
    read = read_objects([each for items in objects.values() for each in items])
    cluster = Cluster(read)
    for number in range(nodes):
        name = f"worker-{number}"
        node = replace(node_from_objects(read, name), ipv6=False)
        listed_services = cluster.expected(node, RELEASE)
        for identifier, svc in enumerate(listed_services, start=1):
            svc.frontend = svc.frontend.model_copy(update={"id": identifier})
        cmd = folder / f"cilium-bugtool-cilium-{number:05d}-{TIME}" / "cmd"
        cmd.mkdir(parents=True, exist_ok=True)
        text = write_dump(listed_services, release="1.19")
        (cmd / "cilium-dbg-service-list--o-json.md").write_bytes(text)
        (cmd / "cilium-dbg-bpf-lb-list.md").write_text(_kernel(listed_services, node))


def _kernel(services: list[SVC], node: Node) -> str:
    lines = ["SERVICE ADDRESS   BACKEND ADDRESS (REVNAT_ID) (SLOT)"]
    number = len(services)
    for svc in services:
        lines += _rows(svc, svc.frontend.string_with_protocol(), svc.frontend.id)
        if svc.frontend.addr_cluster.is_unspecified:
            for address in node.node_port_addresses():
                number += 1
                scope = "/i" if svc.frontend.scope else ""
                key = f"{address}:{svc.frontend.port}/{svc.frontend.protocol}{scope}"
                lines += _rows(svc, key, number)
    return "\n".join(lines) + "\n"


def _rows(svc: SVC, key: str, number: int) -> Iterator[str]:
    yield f"{key} (0)   0.0.0.0:0 ({number}) (0) [{svc.type}, non-routable]"
    used = [each for each in svc.backends if str(each.state) != "maintenance"]
    for slot, each in enumerate(used, start=1):
        yield f"{key} ({slot})   {each.string_with_protocol()} ({number}) ({slot})"


def main() -> None:
    """Write a cluster."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--services", type=int, default=2000)
    arguments = parser.parse_args()
    write_cluster(arguments.folder, arguments.nodes, arguments.services)


if __name__ == "__main__":
    main()
