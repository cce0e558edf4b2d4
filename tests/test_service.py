"""Services, and what is written of them."""

from __future__ import annotations

import copy
import pickle
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
from pydantic import ValidationError

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    L3n4AddrID,
    L4Type,
    Scope,
    ServiceName,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
    models,
)
from loadbalancer.domain.domain_model import changed_copy

FRONTEND = L3n4AddrID(protocol=L4Type.TCP, addr_cluster=AddrCluster("192.0.2.1"), port=80, id=5)


def backend(ip: str, id: int = 0) -> Backend:
    return Backend(addr_cluster=AddrCluster(ip), port=8080, id=id)


def full() -> SVC:
    return SVC(
        frontend=FRONTEND,
        backends=[backend("10.0.0.1", 1), backend("fd00::2", 2)],
        type=SVCType.HostPort,
        ext_traffic_policy=SVCTrafficPolicy.Local,
        int_traffic_policy=SVCTrafficPolicy.Cluster,
        nat_policy=SVCNatPolicy.Nat46,
        session_affinity=True,
        session_affinity_timeout_sec=10800,
        health_check_node_port=30000,
        name=ServiceName(namespace="default", name="web"),
        load_balancer_source_ranges=[IPv4Network("10.0.0.0/8"), IPv6Network("fd00::/64")],
        l7lb_proxy_port=10000,
        l7lb_frontend_ports=["80", "http"],
        loopback_hostport=True,
    )


WRONG: dict[str, list[object]] = {
    "frontend": [None, "10.0.0.1", FRONTEND.l3n4_addr, {}],
    "backends": [None, {}, [FRONTEND], ["10.0.0.1"], [None]],
    "type": ["", "clusterip", None, 1],
    "ext_traffic_policy": ["", "local", None, 1],
    "int_traffic_policy": ["", "local", None, 1],
    "nat_policy": ["", "None", None, 1],
    "session_affinity": [0, 1, "true", None],
    "session_affinity_timeout_sec": [-1, 2**32, "1", 1.0, True, None],
    "health_check_node_port": [-1, 2**16, "1", 1.0, True, None],
    "name": ["default/web", None, {"name": 1}],
    "load_balancer_source_ranges": ["10.0.0.0/8", ["10.0.0.0"], [None], None],
    "l7lb_proxy_port": [-1, 2**16, "1", 1.0, True, None],
    "l7lb_frontend_ports": ["80", [80], [None], None],
    "loopback_hostport": [0, 1, "true", None],
}
CASES = [(field, value) for field, values in WRONG.items() for value in values]


class TestConstructor:
    def test_defaults(self) -> None:
        found = SVC(frontend=FRONTEND)
        assert dict(found) == {
            "frontend": FRONTEND,
            "backends": [],
            "type": SVCType.NONE,
            "ext_traffic_policy": SVCTrafficPolicy.NONE,
            "int_traffic_policy": SVCTrafficPolicy.NONE,
            "nat_policy": SVCNatPolicy.NONE,
            "session_affinity": False,
            "session_affinity_timeout_sec": 0,
            "health_check_node_port": 0,
            "name": ServiceName(),
            "load_balancer_source_ranges": [],
            "l7lb_proxy_port": 0,
            "l7lb_frontend_ports": [],
            "loopback_hostport": False,
        }

    def test_defaults_are_not_shared(self) -> None:
        first = SVC(frontend=FRONTEND)
        first.backends.append(backend("10.0.0.1"))
        first.l7lb_frontend_ports.append("80")
        first.load_balancer_source_ranges.append(IPv4Network("10.0.0.0/8"))
        assert dict(SVC(frontend=FRONTEND)) == {
            **dict(first),
            "backends": [],
            "l7lb_frontend_ports": [],
            "load_balancer_source_ranges": [],
        }

    @pytest.mark.parametrize(("field", "value"), CASES)
    def test_refuses_a_wrong_value(self, field: str, value: object) -> None:
        fields: dict[str, Any] = {**dict(full()), field: value}
        with pytest.raises(ValidationError) as caught:
            SVC(**fields)
        assert {error["loc"][0] for error in caught.value.errors()} == {field}

    def test_every_field_was_tried(self) -> None:
        assert [*WRONG] == [*SVC.model_fields]

    def test_masks_the_host_bits_of_source_ranges(self) -> None:
        fields: Any = {"load_balancer_source_ranges": ["10.1.2.3/8", "fd00::1/64"]}
        found = SVC(frontend=FRONTEND, **fields)
        expected = [IPv4Network("10.0.0.0/8"), IPv6Network("fd00::/64")]
        assert found.load_balancer_source_ranges == expected

    def test_an_unknown_field_is_refused(self) -> None:
        with pytest.raises(ValidationError) as caught:
            SVC.model_validate({"frontend": FRONTEND, "svc_type": "NONE"})
        assert [error["type"] for error in caught.value.errors()] == ["extra_forbidden"]


class TestAssignment:
    @pytest.mark.parametrize(("field", "value"), CASES)
    def test_a_refused_one_changes_nothing(self, field: str, value: object) -> None:
        svc = full()
        with pytest.raises(ValidationError) as caught:
            setattr(svc, field, value)
        assert {error["loc"][0] for error in caught.value.errors()} == {field}
        assert svc == full()
        assert repr(svc) == repr(full())

    @pytest.mark.parametrize("field", [*SVC.model_fields])
    def test_an_accepted_one_changes_that_field(self, field: str) -> None:
        other = SVC(frontend=FRONTEND.model_copy(update={"id": 6}))
        svc = full()
        value = getattr(other, field)
        setattr(svc, field, value)
        assert dict(svc) == {**dict(full()), field: value}
        assert svc != full()

    def test_has_no_hash(self) -> None:
        with pytest.raises(TypeError):
            hash(full())


class TestCopies:
    def test_are_independent_all_the_way_down(self) -> None:
        svc = full()
        copies = [svc.deep_copy(), copy.deepcopy(svc), pickle.loads(pickle.dumps(svc))]
        svc.backends[0].weight = 1
        svc.backends.pop()
        svc.l7lb_frontend_ports.clear()
        svc.load_balancer_source_ranges.clear()
        assert copies == [full()] * 3

    def test_a_changed_copy_is_what_model_copy_makes(self) -> None:
        svc = full()
        update = {"backends": [backend("10.0.0.9", 9)]}
        changed = changed_copy(svc, **update)
        assert type(changed) is SVC
        assert changed == svc.model_copy(update=update) != svc
        assert svc == full()
        changed.health_check_node_port = 7
        with pytest.raises(ValidationError):
            changed.health_check_node_port = -1
        assert changed.model_dump() == {
            **svc.model_copy(update=update).model_dump(),
            "health_check_node_port": 7,
        }

    def test_deep_copy_into(self) -> None:
        svc, other = full(), SVC(frontend=FRONTEND)
        svc.deep_copy_into(other)
        svc.backends[0].weight = 1
        svc.backends.pop()
        assert other == full()

    def test_deep_copy_into_another_type(self) -> None:
        other: Any = backend("10.0.0.1")
        with pytest.raises(TypeError) as caught:
            full().deep_copy_into(other)
        assert str(caught.value) == "cannot copy SVC into Backend"


def spec_of(svc: SVC) -> models.ServiceSpec:
    model = svc.get_model()
    assert model.spec is not None
    assert model.status == models.ServiceStatus(realized=model.spec)
    return model.spec


class TestModel:
    def test_of_every_field(self) -> None:
        assert spec_of(full()) == models.ServiceSpec(
            backend_addresses=[
                models.BackendAddress(ip="10.0.0.1", port=8080, state="active", weight=100),
                models.BackendAddress(ip="fd00::2", port=8080, state="active", weight=100),
            ],
            flags=models.ServiceSpecFlags(
                ext_traffic_policy="Local",
                health_check_node_port=30000,
                int_traffic_policy="Cluster",
                name="web",
                namespace="default",
                nat_policy="Nat46",
                traffic_policy="Local",
                type="HostPort",
            ),
            frontend_address=models.FrontendAddress(
                ip="192.0.2.1", port=80, protocol="tcp", scope="external"
            ),
            id=5,
        )

    def test_what_is_none_or_0_or_empty_is_left_out(self) -> None:
        frontend = L3n4AddrID(addr_cluster=AddrCluster("::"), scope=Scope.INTERNAL)
        found = SVC(frontend=frontend).get_model().model_dump_json()
        spec = (
            '{"backend-addresses":[],"flags":{},"frontend-address":{"ip":"::","scope":"internal"}}'
        )
        assert found == f'{{"spec":{spec},"status":{{"realized":{spec}}}}}'

    def test_backends_are_ordered_by_id_and_equal_ids_keep_their_order(self) -> None:
        svc = SVC(
            frontend=FRONTEND,
            backends=[
                backend("10.0.0.3", 7),
                backend("10.0.0.9", 2),
                backend("10.0.0.1", 7),
                backend("10.0.0.8", 0),
                backend("10.0.0.2", 7),
                backend("10.0.0.7", 2**32 - 1),
                backend("10.0.0.6", 0),
            ],
        )
        found = [each.ip for each in spec_of(svc).backend_addresses or []]
        assert found == [f"10.0.0.{last}" for last in (8, 6, 9, 3, 1, 2, 7)]
        assert [each.id for each in svc.backends] == [7, 2, 7, 0, 7, 2**32 - 1, 0]

    def test_an_invalid_state_is_left_out(self) -> None:
        svc = full()
        svc.backends = [backend("10.0.0.1")]
        svc.backends[0].state = BackendState.INVALID
        assert spec_of(svc).backend_addresses == [
            models.BackendAddress(ip="10.0.0.1", port=8080, weight=100)
        ]

    @pytest.mark.parametrize("svc_type", SVCType)
    def test_type(self, svc_type: SVCType) -> None:
        svc = full()
        svc.type = svc_type
        flags = spec_of(svc).flags
        assert flags is not None
        assert flags.type == (None if svc_type is SVCType.NONE else svc_type.value)

    @pytest.mark.parametrize("ext", SVCTrafficPolicy)
    @pytest.mark.parametrize("internal", SVCTrafficPolicy)
    def test_policies(self, ext: SVCTrafficPolicy, internal: SVCTrafficPolicy) -> None:
        words: dict[SVCTrafficPolicy, str | None] = {
            SVCTrafficPolicy.NONE: None,
            SVCTrafficPolicy.Cluster: "Cluster",
            SVCTrafficPolicy.Local: "Local",
        }
        svc = full()
        svc.ext_traffic_policy, svc.int_traffic_policy = ext, internal
        flags = spec_of(svc).flags
        assert flags is not None
        found = (flags.ext_traffic_policy, flags.traffic_policy, flags.int_traffic_policy)
        assert found == (words[ext], words[ext], words[internal])

    def test_the_model_shares_nothing_with_the_service(self) -> None:
        svc = full()
        model = svc.get_model()
        svc.backends[0].weight = 1
        svc.backends.pop()
        assert model == full().get_model()
