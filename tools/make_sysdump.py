"""Makes examples/sysdump, a sysdump of three nodes with known damage; always the same bytes.

Run it with `python tools/make_sysdump.py [DIRECTORY]`. What is damaged stands in `damage`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    SvcFlagParam,
    SVCTrafficPolicy,
    SVCType,
    dump_services,
    new_svc_flag,
)
from loadbalancer.kubernetes import expected_services, node_from_objects

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "sysdump"
TIME = "20260301-031500"
NODES = {"worker-1": "cilium-8k2xq", "worker-2": "cilium-f94lm", "worker-3": "cilium-zz7rd"}

Object = dict[str, Any]
Table = dict[str, list[str]]


def _object(kind: str, name: str, namespace: str = "", **rest: Any) -> Object:
    group = "discovery.k8s.io/v1" if kind == "EndpointSlice" else "v1"
    metadata: Object = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": group, "kind": kind, "metadata": metadata, **rest}


def _nodes() -> Iterator[Object]:
    for number, name in enumerate(NODES, start=1):
        address = {"type": "InternalIP", "address": f"192.168.7.{number}"}
        yield _object("Node", name, status={"addresses": [address]})


def _pods() -> Iterator[Object]:
    for number, (node, agent) in enumerate(NODES.items(), start=1):
        container: Object = {"name": "cilium-agent", "image": "quay.io/cilium/cilium:v1.13.4"}
        spec: Object = {"nodeName": node, "hostNetwork": True, "containers": [container]}
        address = f"192.168.7.{number}"
        status: Object = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
        yield _object("Pod", agent, "kube-system", spec=spec, status=status)
        port = {"containerPort": 9100, "hostPort": 9100, "protocol": "TCP"}
        container = {"name": "exporter", "ports": [port]}
        address = f"10.0.{number}.30"
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
        spec = {"nodeName": node, "containers": [container]}
        yield _object("Pod", f"exporter-{number}", "monitoring", spec=spec, status=status)


def _service(name: str, namespace: str, address: str, port: Object, **rest: Any) -> Object:
    spec: Object = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address]}
    return _object("Service", name, namespace, spec=spec | {"ports": [port]} | rest)


def _services() -> Iterator[Object]:
    http = {"name": "http", "port": 80, "protocol": "TCP"}
    yield _service("api", "shop", "10.96.0.20", http)
    web = _service(
        "web",
        "shop",
        "10.96.0.21",
        http | {"nodePort": 30080},
        type="LoadBalancer",
        externalTrafficPolicy="Local",
        internalTrafficPolicy="Cluster",
    )
    yield web | {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}}}
    dns = {"name": "dns", "port": 53, "protocol": "UDP"}
    yield _service("kube-dns", "kube-system", "10.96.0.10", dns)


def _slices() -> Iterator[Object]:
    of: list[tuple[str, str, Object, int]] = [
        ("api", "shop", {"name": "http", "port": 8080, "protocol": "TCP"}, 10),
        ("web", "shop", {"name": "http", "port": 8000, "protocol": "TCP"}, 20),
        ("kube-dns", "kube-system", {"name": "dns", "port": 53, "protocol": "UDP"}, 5),
    ]
    for name, namespace, port, host in of:
        endpoints = [
            {
                "addresses": [f"10.0.{number}.{host}"],
                "conditions": {"ready": True},
                "nodeName": node,
            }
            for number, node in enumerate(NODES, start=1)
        ]
        found = _object("EndpointSlice", f"{name}-x7", namespace, addressType="IPv4")
        found["metadata"]["labels"] = {"kubernetes.io/service-name": name}
        yield found | {"ports": [port], "endpoints": endpoints}


def _listed(objects: list[Object], node: str) -> list[SVC]:
    """What the agent on a node lists: release 1.13, which does not say protocols."""
    services = expected_services(objects, node_from_objects(objects, node))
    for number, service in enumerate(services, start=1):
        service.frontend = service.frontend.model_copy(update={"id": number, "protocol": "NONE"})
        # The agent's JSON says no protocol of backends; those of one list are sorted by id.
        service.backends = [
            Backend(id=index, **each.model_dump(exclude={"id"}))
            for index, each in enumerate(service.backends, start=1)
        ]
    return services


def _bpf(services: Iterable[SVC]) -> Table:
    """What the kernel has of services, as 1.13 prints it."""
    table: Table = {}
    for service in services:
        number = service.frontend.id
        flags = new_svc_flag(
            SvcFlagParam(
                svc_type=service.type,
                svc_ext_local=service.ext_traffic_policy is SVCTrafficPolicy.Local,
                svc_int_local=service.int_traffic_policy is SVCTrafficPolicy.Local,
                is_routable=service.type is not SVCType.ClusterIP,
            )
        )
        slots = [f"0.0.0.0:0 ({number}) (0) [{flags}]"]
        for slot, backend in enumerate(service.backends, start=1):
            slots.append(f"{backend} ({number}) ({slot})")
        table[str(service.frontend)] = slots
    return table


def damage(node: str, services: list[SVC], table: Table) -> list[SVC]:
    """What is wrong with each node."""
    by_name = {str(each.name): each for each in services if each.type is SVCType.ClusterIP}
    api, web = by_name["shop/api"], by_name["shop/web"]
    if node == "worker-1":
        # A pod that is long gone; the kernel has it, too.
        api.backends.append(Backend(addr_cluster=AddrCluster("10.0.2.77"), port=8080, id=9))
        table[str(api.frontend)].append(f"10.0.2.77:8080 ({api.frontend.id}) (4)")
    elif node == "worker-2":
        # The host port is gone, and a backend is out of service.
        host_ports = [each for each in services if each.type is SVCType.HostPort]
        for each in host_ports:
            del table[str(each.frontend)]
        services = [each for each in services if each not in host_ports]
        api.backends[0].state = BackendState.QUARANTINED
    else:
        # One policy was taken for the other, and a slot leads nowhere.
        web.int_traffic_policy = SVCTrafficPolicy.Local
        table[str(api.frontend)][2] = "backend 6 not found"
    return services


def _table_text(table: Table) -> str:
    cells = [("SERVICE ADDRESS", "BACKEND ADDRESS (REVNAT_ID) (SLOT)")]
    for key, slots in table.items():
        cells += [(key if index == 0 else "", slot) for index, slot in enumerate(slots)]
    widths = [max(len(cell[column]) for cell in cells) + 3 for column in (0, 1)]
    return "".join(f"{key:{widths[0]}}{slot:{widths[1]}}\n" for key, slot in cells)


def _yaml(value: Any) -> str:
    text: str = cast("Any", yaml).safe_dump(value, sort_keys=False)
    return text


def files() -> Iterator[tuple[str, str]]:
    """The path and the text of each file."""
    kinds = {"services": [*_services()], "endpointslices": [*_slices()]}
    kinds |= {"pods": [*_pods()], "nodes": [*_nodes()]}
    objects = [each for items in kinds.values() for each in items]
    for kind, items in kinds.items():
        listed = {"apiVersion": "v1", "kind": "List", "items": items}
        yield f"k8s-{kind}-{TIME}.yaml", _yaml(listed)
    options = {"kube-proxy-replacement": "strict", "enable-ipv4": "true", "enable-ipv6": "false"}
    config = _object("ConfigMap", "cilium-config", "kube-system", data=options)
    yield f"cilium-configmap-{TIME}.yaml", _yaml(config)
    for node, pod in NODES.items():
        services = _listed(objects, node)
        table = _bpf(services)
        services = damage(node, services, table)
        folder = f"cilium-bugtool-{pod}-{TIME}/cmd"
        listed = json.loads(dump_services(services))
        yield f"{folder}/cilium-service-list--o-json.md", json.dumps(listed, indent=2) + "\n"
        yield f"{folder}/cilium-bpf-lb-list.md", _table_text(table)


def main() -> None:
    """Write the example anew, or to a directory that is given."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLE
    shutil.rmtree(directory, ignore_errors=True)
    for path, text in files():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
