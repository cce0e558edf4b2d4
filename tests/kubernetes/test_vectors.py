"""What the agent's own code made of Kubernetes objects (services.jsonl)."""

from __future__ import annotations

from typing import Any

import pytest

from loadbalancer import SVC, Backend
from loadbalancer.kubernetes import expected_services, reflect

from ..support import DATA, Row, node_of, rows

CASES = rows(DATA / "kubernetes" / "services.jsonl")


def objects_of(case: Row) -> list[Any]:
    return [*case["services"], *case["endpointslices"], *case["pods"]]


def backend_facts(backend: Backend) -> Row:
    return {
        "ip": str(backend.addr_cluster),
        "port": backend.port,
        "protocol": str(backend.protocol),
        "node_name": backend.node_name,
        "state": str(backend.state),
        "preferred": backend.preferred,
        "weight": backend.weight,
        "fe_port_name": backend.fe_port_name,
    }


def facts(svc: SVC) -> Row:
    """A service in the words of the vectors."""
    return {
        "namespace": svc.name.namespace,
        "name": svc.name.name,
        "type": str(svc.type),
        "ext_traffic_policy": str(svc.ext_traffic_policy),
        "int_traffic_policy": str(svc.int_traffic_policy),
        "ip": str(svc.frontend.addr_cluster),
        "protocol": str(svc.frontend.protocol),
        "port": svc.frontend.port,
        "scope": int(svc.frontend.scope),
        "health_check_node_port": svc.health_check_node_port,
        "session_affinity": svc.session_affinity,
        "session_affinity_timeout_sec": svc.session_affinity_timeout_sec,
        "load_balancer_source_ranges": [str(each) for each in svc.load_balancer_source_ranges],
        "loopback_hostport": svc.loopback_hostport,
        "backends": [backend_facts(each) for each in svc.backends],
    }


def listed(svc: SVC) -> Row:
    """A service as the agent lists it."""
    spec = svc.get_model(include_protocol=False).spec
    assert spec is not None
    found: Row = spec.model_dump()
    return found


@pytest.mark.parametrize("number", range(len(CASES)))
def test_services(number: int) -> None:
    case = CASES[number]
    found = [facts(svc) for svc in reflect(objects_of(case), node_of(case["config"]))]
    assert sorted(map(normal, found)) == sorted(map(normal, case["svcs"]))


@pytest.mark.parametrize("number", range(len(CASES)))
def test_table(number: int) -> None:
    case = CASES[number]
    services = expected_services(objects_of(case), node_of(case["config"]))
    assert sorted(normal(listed(svc)) for svc in services) == sorted(map(normal, case["table"]))


def normal(value: Any) -> str:
    """A value as text, whatever the order of its keys and elements."""
    if isinstance(value, dict):
        members: Row = value  # pyright: ignore[reportUnknownVariableType]
        return "{" + ",".join(f"{key}:{normal(members[key])}" for key in sorted(members)) + "}"
    if isinstance(value, list):
        elements: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return "[" + ",".join(sorted(map(normal, elements))) + "]"
    return repr(value)
