"""Audits of services that were damaged in known ways: exactly that is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    L3n4AddrID,
    L4Type,
    Scope,
    ServiceName,
    SvcFlagParam,
    SVCTrafficPolicy,
    SVCType,
    new_svc_flag,
)
from loadbalancer.audit import Finding, audit, audit_datapath
from loadbalancer.datapath import DatapathEntry

STRAY = AddrCluster("203.0.113.9")
TYPES = [SVCType.ClusterIP, SVCType.NodePort, SVCType.LoadBalancer, SVCType.ExternalIPs]
STATES = [BackendState.ACTIVE, BackendState.TERMINATING, BackendState.QUARANTINED]
POLICIES = [SVCTrafficPolicy.Cluster, SVCTrafficPolicy.Local]

_ips = st.integers(1, 200).map(lambda number: AddrCluster(f"10.0.0.{number}"))
_ports = st.sampled_from([53, 80, 443])
_protocols = st.sampled_from([L4Type.TCP, L4Type.UDP])
_backends = st.builds(
    Backend,
    addr_cluster=_ips,
    port=_ports,
    protocol=_protocols,
    state=st.sampled_from(STATES),
    weight=st.integers(1, 100),
)
_services = st.builds(
    SVC,
    frontend=st.builds(
        L3n4AddrID,
        addr_cluster=_ips,
        port=_ports,
        protocol=_protocols,
        scope=st.sampled_from(Scope),
        id=st.integers(1, 2**16 - 2),
    ),
    backends=st.lists(_backends, min_size=1, max_size=4, unique_by=lambda each: each.hash()),
    type=st.sampled_from(TYPES),
    ext_traffic_policy=st.sampled_from(POLICIES),
    int_traffic_policy=st.sampled_from(POLICIES),
    name=st.builds(ServiceName, namespace=st.just("shop"), name=st.sampled_from("abc")),
)
lists = st.lists(_services, min_size=1, max_size=5, unique_by=lambda each: each.frontend.hash())


def _without_protocols(services: list[SVC]) -> list[SVC]:
    """The services as agents before 1.17 list them."""
    copies = [each.deep_copy() for each in services]
    for service in copies:
        service.frontend = service.frontend.model_copy(update={"protocol": L4Type.NONE})
        for backend in service.backends:
            object.__setattr__(backend, "protocol", L4Type.NONE)
    return copies


def _entry(service: SVC) -> DatapathEntry:
    flags = new_svc_flag(SvcFlagParam(svc_type=service.type))
    return DatapathEntry(service.frontend, flags, (), tuple(service.backends))


def _facts(findings: list[Finding]) -> list[tuple[Any, ...]]:
    return [
        (each.kind, each.frontend, each.backend, each.expected, each.found) for each in findings
    ]


@given(services=lists, data=st.data())
def test_what_is_not_damaged_gives_no_findings(services: list[SVC], data: st.DataObject) -> None:
    listed = data.draw(st.permutations(_without_protocols(services)))
    assert audit(services, services) == audit(services, listed) == audit(listed, services) == []
    entries = [_entry(each) for each in services]
    wildcard = L3n4AddrID(addr_cluster=services[0].frontend.addr_cluster, port=0)
    entries.append(DatapathEntry(wildcard, new_svc_flag(SvcFlagParam())))
    assert audit_datapath(services, entries) == audit_datapath(listed, entries) == []


def _lose_service(listed: list[SVC]) -> tuple[Any, ...]:
    listed.pop(0)
    return "missing-service", None, None, None


def _lose_backend(listed: list[SVC]) -> tuple[Any, ...]:
    lost = listed[0].backends.pop()
    return "missing-backend", str(lost), None, None


def _keep_backend(listed: list[SVC]) -> tuple[Any, ...]:
    listed[0].backends.insert(0, Backend(addr_cluster=STRAY, port=80))
    return "stale-backend", "203.0.113.9:80", None, None


def _change_state(listed: list[SVC]) -> tuple[Any, ...]:
    backend = listed[0].backends[0]
    was, backend.state = backend.state, BackendState.MAINTENANCE
    return "wrong-state", str(backend), str(was), "maintenance"


def _change_weight(listed: list[SVC]) -> tuple[Any, ...]:
    backend = listed[0].backends[0]
    was, backend.weight = backend.weight, backend.weight + 1
    return "wrong-weight", str(backend), was, was + 1


def _change_type(listed: list[SVC]) -> tuple[Any, ...]:
    was, listed[0].type = listed[0].type, SVCType.HostPort
    return "wrong-type", None, str(was), "HostPort"


def _change_external_policy(listed: list[SVC]) -> tuple[Any, ...]:
    was = listed[0].ext_traffic_policy
    listed[0].ext_traffic_policy = POLICIES[was is POLICIES[0]]
    return "wrong-policy", None, str(was), str(listed[0].ext_traffic_policy)


def _change_internal_policy(listed: list[SVC]) -> tuple[Any, ...]:
    was = listed[0].int_traffic_policy
    listed[0].int_traffic_policy = POLICIES[was is POLICIES[0]]
    return "wrong-policy", None, str(was), str(listed[0].int_traffic_policy)


def _rename(listed: list[SVC]) -> tuple[Any, ...]:
    was, listed[0].name = listed[0].name, ServiceName(namespace="shop", name="other")
    return "wrong-name", None, str(was), "shop/other"


DAMAGES = [
    _lose_service,
    _lose_backend,
    _keep_backend,
    _change_state,
    _change_weight,
    _change_type,
    _change_external_policy,
    _change_internal_policy,
    _rename,
]


@pytest.mark.parametrize("damage", DAMAGES)
@given(services=lists, has_protocols=st.booleans())
def test_each_damage_is_found_and_nothing_else(
    damage: Callable[[list[SVC]], tuple[Any, ...]], services: list[SVC], has_protocols: bool
) -> None:
    copies = [each.deep_copy() for each in services]
    listed = copies if has_protocols else _without_protocols(services)
    kind, backend, expected, found = damage(listed)
    frontend = str(services[0].frontend)
    assert _facts(audit(services, listed)) == [(kind, frontend, backend, expected, found)]


@given(services=lists)
def test_an_extra_service_is_found(services: list[SVC]) -> None:
    wanted, extra = services[1:], services[0]
    assert _facts(audit(wanted, services)) == [
        ("extra-service", str(extra.frontend), None, None, None)
    ]


def _lose_frontend(entries: list[DatapathEntry]) -> tuple[Any, ...]:
    entries.pop(0)
    return "bpf-missing-frontend", None, None, None


def _lose_slot_0(entries: list[DatapathEntry]) -> tuple[Any, ...]:
    entries[0] = replace(entries[0], flags=None, has_slot_0=False)
    return "bpf-missing-frontend", None, None, None


def _lose_slot(entries: list[DatapathEntry]) -> tuple[Any, ...]:
    lost = entries[0].backends[-1]
    entries[0] = replace(entries[0], backends=entries[0].backends[:-1])
    return "bpf-missing-backend", str(lost), None, None


def _keep_slot(entries: list[DatapathEntry]) -> tuple[Any, ...]:
    stray = Backend(addr_cluster=STRAY, port=80)
    entries[0] = replace(entries[0], backends=(stray, *entries[0].backends))
    return "bpf-stale-backend", "203.0.113.9:80", None, None


def _lose_backend_entry(entries: list[DatapathEntry]) -> tuple[Any, ...]:
    entries[0] = replace(entries[0], backends=(77, *entries[0].backends[1:]))
    return "bpf-backend-not-found", None, None, 77


def _change_id(entries: list[DatapathEntry]) -> tuple[Any, ...]:
    frontend = entries[0].frontend
    other = frontend.model_copy(update={"id": frontend.id + 1})
    entries[0] = replace(entries[0], frontend=other)
    return "bpf-wrong-id", None, frontend.id, other.id


def _change_flags(entries: list[DatapathEntry]) -> tuple[Any, ...]:
    flags = entries[0].flags
    assert flags is not None
    other = new_svc_flag(SvcFlagParam(svc_type=SVCType.HostPort))
    entries[0] = replace(entries[0], flags=other)
    return "bpf-wrong-type", None, str(flags.svc_type), "HostPort"


@pytest.mark.parametrize(
    "damage",
    [
        _lose_frontend,
        _lose_slot_0,
        _lose_slot,
        _keep_slot,
        _lose_backend_entry,
        _change_id,
        _change_flags,
    ],
)
@given(services=lists)
def test_each_damage_of_the_datapath_is_found(
    damage: Callable[[list[DatapathEntry]], tuple[Any, ...]], services: list[SVC]
) -> None:
    entries = [_entry(each) for each in services]
    kind, backend, expected, found = damage(entries)
    frontend = str(services[0].frontend)
    assert _facts(audit_datapath(services, entries)) == [(kind, frontend, backend, expected, found)]


@given(services=lists)
def test_an_extra_frontend_is_found(services: list[SVC]) -> None:
    entries = [_entry(each) for each in services]
    assert _facts(audit_datapath(services[1:], entries)) == [
        ("bpf-extra-frontend", str(services[0].frontend), None, None, None)
    ]
