"""Dumps to measure with: what `GET /v1/service` answers, of any size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import loadbalancer as lb


def services(count: int, backends: int, *, varied: bool = False) -> list[dict[str, Any]]:
    """`count` services of `backends` backends each, every address another one.

    Ports and weights are the same throughout, and there are 100 nodes; varied, there are 5,000,
    and backends of a service differ in port and weight.
    """
    nodes = 5_000 if varied else 100
    listed: list[dict[str, Any]] = []
    number = 0
    for index in range(count):
        addresses: list[dict[str, Any]] = []
        for _ in range(backends):
            number += 1
            addresses.append(
                {
                    "ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
                    "nodeName": f"k8s-worker-n{number * 7919 % nodes}",
                    "port": number % 65_535 + 1 if varied else 8080,
                    "state": "active",
                    "weight": number % 1_000 + 1 if varied else 100,
                }
            )
        spec: dict[str, Any] = {
            "backend-addresses": addresses,
            "flags": {
                "extTrafficPolicy": "Cluster",
                "intTrafficPolicy": "Cluster",
                "name": f"service-{index}",
                "namespace": "default",
                "trafficPolicy": "Cluster",
                "type": "ClusterIP",
            },
            "frontend-address": {
                "ip": f"10.{96 + (index >> 16)}.{index >> 8 & 255}.{index & 255}",
                "port": 80,
                "protocol": "tcp",
                "scope": "external",
            },
            "id": index + 1,
        }
        listed.append({"spec": spec, "status": {"realized": spec}})
    return listed


def dump(count: int, backends: int, *, varied: bool = False) -> bytes:
    """The same as compact JSON, the way an agent writes it."""
    listed = services(count, backends, varied=varied)
    return json.dumps(listed, separators=(",", ":")).encode()


def later_dump(count: int, backends: int) -> bytes:
    """The services of `dump` as an agent of 1.18 answers: backends with protocol, all preferred."""
    services = lb.load_services(dump(count, backends))
    for svc in services:
        later = {"protocol": svc.frontend.protocol, "preferred": True}
        svc.backends = [each.model_copy(update=later) for each in svc.backends]
    listed = json.loads(lb.write_dump(services, release="1.18"))
    return json.dumps(listed, separators=(",", ":")).encode()


PUT_BODY = (
    b'{"backend-addresses":[{"ip":"10.0.0.1","port":53,"state":"active","weight":100},'
    b'{"ip":"10.0.0.2","port":53,"state":"active","weight":100}],"flags":{"extTrafficPolicy":'
    b'"Cluster","intTrafficPolicy":"Cluster","trafficPolicy":"Cluster","type":"ClusterIP"},'
    b'"frontend-address":{"ip":"10.96.0.10","port":53,"protocol":"tcp","scope":"external"},'
    b'"id":1}'
)
"""What the `cilium` client sends for a service of two backends."""


def put_bodies(count: int) -> list[bytes]:
    """Bodies like `PUT_BODY`, no address of which is in another one."""
    bodies: list[bytes] = []
    for number in range(count):
        body = PUT_BODY
        for place, ip in enumerate((b"10.0.0.1", b"10.0.0.2", b"10.96.0.10")):
            body = body.replace(ip, b"172.%d.%d.%d" % (place, number >> 8, number & 255))
        bodies.append(body)
    return bodies


def statedb_dump(count: int, backends: int) -> str:
    """Return the services of `dump` as `cilium-dbg statedb dump` of 1.19 prints its frontends."""
    found: list[str] = []
    for each in services(count, backends):
        spec = each["spec"]
        frontend, flags = spec["frontend-address"], spec["flags"]
        rows = [
            {
                "Address": f"{one['ip']}:{one['port']}/TCP",
                "PortNames": ["http"],
                "Weight": one["weight"],
                "NodeName": one["nodeName"],
                "Zone": {"Zone": "zone-a", "ForZones": None},
                "ClusterID": 0,
                "Source": "k8s",
                "State": 0,
                "Unhealthy": False,
                "UnhealthyUpdatedAt": None,
            }
            for one in spec["backend-addresses"]
        ]
        row = {
            "Address": f"{frontend['ip']}:{frontend['port']}/TCP",
            "Type": flags["type"],
            "ServiceName": f"{flags['namespace']}/{flags['name']}",
            "PortName": "http",
            "ServicePort": frontend["port"],
            "Status": {"kind": "Done", "updated-at": "2026-01-02T03:04:05Z", "id": 1},
            "Backends": rows,
            "HealthCheckBackends": rows,
            "ID": spec["id"],
            "RedirectTo": None,
        }
        found.append(json.dumps(row))
    return "\n".join(found) + "\n"


def wrong_dump(size: int) -> Iterator[bytes]:
    """Yield texts of about a size with nothing but wrong values, one for each kind of fault."""
    backend = {"ip": "10.0.0.1", "port": 80, "state": "active", "weight": 100}
    frontend = {"ip": "10.96.0.1", "port": 80, "scope": "external"}
    faults: list[Any] = [{}, None, 5, [], {"ip": "x"}, {"spec": {"spec": {}}}, {"k" * 200: 1}]
    for fault in ({"ip": "x"}, {"port": "80"}, {"state": "Activ"}, {"weight": -1}):
        spec = {"frontend-address": frontend, "backend-addresses": [{**backend, **fault}] * 10}
        faults.append({"spec": {"id": 1, **spec}})
    for fault in faults:
        text = json.dumps(fault)
        yield f"[{','.join([text] * (size // (len(text) + 1)))}]".encode()
