"""What a change has to touch: each test fails where a step of docs/architecture.md is forgotten."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args

import pytest

from loadbalancer import SVC as Service
from loadbalancer import (
    Backend,
    BackendState,
    L3n4Addr,
    L3n4AddrID,
    ServiceName,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
    read_dump,
    write_dump,
)
from loadbalancer.audit import MEANINGS
from loadbalancer.audit.comparison import COMPARED_FACTS, compare
from loadbalancer.audit.findings import FindingKind
from loadbalancer.dumps.dump import Format
from loadbalancer.dumps.facts import FACTS, omitted_facts
from loadbalancer.releases import NEWEST, Release, ReleaseRange

ROOT = Path(__file__).parent.parent
# How services and backends are found, and what a change of it is.
_KEYS = {"frontend", "backends", "protocol", "port", "addr_cluster", "scope", "fe_port_name", "id"}
_CHANGED: dict[str, Any] = {
    "weight": 7,
    "node_name": "worker-9",
    "zone": "zone-9",
    "state": BackendState.QUARANTINED,
    "serving": False,
    "preferred": True,
    "type": SVCType.NodePort,
    "ext_traffic_policy": SVCTrafficPolicy.Local,
    "int_traffic_policy": SVCTrafficPolicy.Local,
    "nat_policy": SVCNatPolicy.Nat46,
    "session_affinity": True,
    "session_affinity_timeout_sec": 60,
    "health_check_node_port": 31000,
    "name": ServiceName(namespace="shop", name="web"),
    "load_balancer_source_ranges": [ip_network("10.0.0.0/8")],
    "l7lb_proxy_port": 10000,
    "l7lb_frontend_ports": ["80"],
    "loopback_hostport": True,
}


def service(**changes: Any) -> Service:
    """Return a service with two backends; changes are of its fields or of those of the first."""
    own = {name: value for name, value in changes.items() if name in Service.model_fields}
    of_backend = {name: value for name, value in changes.items() if name not in own}
    backends = [
        Backend.model_validate(L3n4Addr.parse(address).model_dump() | facts)
        for address, facts in (
            ("10.0.0.1:80/TCP", of_backend),
            ("10.0.0.2:80/TCP", {"zone": "zone-1"}),
        )
    ]
    frontend = L3n4AddrID.model_validate(
        {**L3n4Addr.parse("10.96.0.1:80/TCP").model_dump(), "id": 1}
    )
    policy = SVCTrafficPolicy.Cluster
    policies = {"ext_traffic_policy": policy, "int_traffic_policy": policy}
    facts: dict[str, Any] = {"type": SVCType.ClusterIP, **policies, **own}
    return Service(frontend=frontend, backends=backends, **facts)


def test_every_field_has_a_change() -> None:
    fields = {*Backend.model_fields, *Service.model_fields}
    assert fields == _KEYS | _CHANGED.keys()


@pytest.mark.parametrize("name", _CHANGED)
def test_a_diff_sees_a_change_of_every_field(name: str) -> None:
    state = {"state": BackendState.TERMINATING} if name == "serving" else {}
    found = compare([service(**state)], [service(**state, **{name: _CHANGED[name]})])
    [change] = found.changed()
    fields = [*change.fields, *(x for each in change.backends for x in each.fields)]
    assert len(fields) == 1


def test_every_fact_of_a_dump_is_compared() -> None:
    assert {"scopes"} == FACTS - COMPARED_FACTS
    assert {"ids", "preferred"} == COMPARED_FACTS - FACTS


@pytest.mark.parametrize("format", get_args(Format))
def test_every_format_says_what_it_omits(format: str) -> None:
    releases = ReleaseRange(Release(1, 13), NEWEST)
    assert omitted_facts(format, releases) <= FACTS


@pytest.mark.parametrize("format", ["json", "yaml", "text"])
def test_what_a_format_does_not_omit_is_written_and_read(format: str) -> None:
    before = service(weight=7, node_name="worker-9", preferred=True)
    dump = read_dump(write_dump([before], release="1.19", format=format))
    found = compare([before], dump.services)
    found.omitted |= dump.omitted | {"preferred"}
    assert [*found.changed()] == []


@pytest.mark.parametrize("kind", get_args(FindingKind))
def test_every_kind_of_finding_is_explained(kind: str) -> None:
    meaning = MEANINGS[kind]  # type: ignore[index]
    assert all((meaning.text, meaning.next, meaning.remedy))
    assert f"`{kind}`" in (ROOT / "docs" / "runbook.md").read_text("utf-8")
