"""Where the library differs from the reference: each row of the documented table has a test.

A test bears the number of its row: `@pytest.mark.deviation(3)`.
"""

from __future__ import annotations

import ast
from typing import Any

import pytest
from pydantic import ValidationError

from loadbalancer import (
    SVC,
    AddrCluster,
    AddressError,
    Backend,
    BackendState,
    ConversionError,
    L3n4Addr,
    L3n4AddrID,
    L4Type,
    Scope,
    SVCNatPolicy,
    load_service_spec,
    models,
    new_backend_from_backend_model,
    new_l3n4_addr_from_model,
    new_svc_from_model,
)

from .support import ROOT, outcome

HERE = "tests/test_deviations.py"
SERVER = "tests/server/test_deviation_8.py"
# Row 8 is about what a server keeps.
WHERE = {row: SERVER if row == 8 else HERE for row in range(1, 10)}


def marked(file: str) -> set[int]:
    """The rows that the tests of a file are marked with."""
    rows: set[int] = set()
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and "deviation" in ast.dump(decorator.func):
                    rows |= {ast.literal_eval(argument) for argument in decorator.args}
    return rows


def test_every_row_of_the_library_has_its_test() -> None:
    assert marked(HERE) == {row for row, file in WHERE.items() if file == HERE}


def test_every_row_of_the_server_has_its_test() -> None:
    assert marked(SERVER) == {row for row, file in WHERE.items() if file == SERVER}


ADDR = AddrCluster("10.0.0.1")


@pytest.mark.deviation(1)
class TestTheProtocolIsKept:
    @pytest.mark.parametrize(
        ("protocol", "wire"), [(L4Type.TCP, "tcp"), (L4Type.UDP, "udp")], ids=str
    )
    def test_when_the_wire_has_a_value_for_it(self, protocol: L4Type, wire: str) -> None:
        addr = L3n4Addr(protocol=protocol, addr_cluster=ADDR, port=53)
        model = addr.get_model()
        assert model.model_dump_json() == (
            f'{{"ip":"10.0.0.1","port":53,"protocol":"{wire}","scope":"external"}}'
        )
        assert new_l3n4_addr_from_model(model) == addr

    @pytest.mark.parametrize("protocol", [L4Type.NONE, L4Type.SCTP])
    def test_and_is_left_out_when_it_has_none(self, protocol: L4Type) -> None:
        model = L3n4Addr(protocol=protocol, addr_cluster=ADDR).get_model()
        assert model == models.FrontendAddress(ip="10.0.0.1", scope="external")

    @pytest.mark.parametrize("protocol", L4Type)
    def test_unless_the_reference_s_answer_is_wanted(self, protocol: L4Type) -> None:
        addr = L3n4AddrID(protocol=protocol, addr_cluster=ADDR)
        expected = models.FrontendAddress(ip="10.0.0.1", scope="external")
        assert addr.get_model(include_protocol=False) == expected
        spec = SVC(frontend=addr).get_model(include_protocol=False).spec
        assert spec is not None
        assert spec.frontend_address == expected


@pytest.mark.deviation(2)
class TestAnAbsentWeightIsTheDefault:
    @pytest.mark.parametrize("state", ["active", "terminating", "quarantined", "maintenance"])
    def test_and_the_state_is_kept(self, state: str) -> None:
        wire = models.BackendAddress.model_validate({"ip": "10.0.0.1", "state": state})
        expected = Backend(addr_cluster=ADDR, weight=100, state=BackendState[state.upper()])
        assert new_backend_from_backend_model(wire) == expected

    def test_unless_the_reference_s_answer_is_wanted(self) -> None:
        wire = models.BackendAddress(ip="10.0.0.1", state="quarantined")
        expected = Backend(addr_cluster=ADDR, weight=0, state=BackendState.MAINTENANCE)
        assert new_backend_from_backend_model(wire, default_weight=0) == expected
        spec = models.ServiceSpec(
            backend_addresses=[wire],
            frontend_address=models.FrontendAddress(ip="10.0.0.1", scope="external"),
        )
        assert new_svc_from_model(spec, default_weight=0).backends == [expected]

    @pytest.mark.parametrize("default_weight", [1, 7, 100, 65535])
    def test_or_another_one(self, default_weight: int) -> None:
        wire = models.BackendAddress(ip="10.0.0.1", state="quarantined")
        expected = Backend(addr_cluster=ADDR, weight=default_weight, state=BackendState.QUARANTINED)
        found = new_backend_from_backend_model(wire, default_weight=default_weight)
        assert found == expected

    @pytest.mark.parametrize("default_weight", [-1, 65536, True, 1.0, "1", None])
    def test_if_it_is_a_weight(self, default_weight: Any) -> None:
        wire = models.BackendAddress(ip="10.0.0.1")
        # What is remembered of 1 is not for its equals.
        assert new_backend_from_backend_model(wire, default_weight=1).weight == 1
        with pytest.raises(ValidationError):
            new_backend_from_backend_model(wire, default_weight=default_weight)

    def test_which_counts_for_no_backend_that_has_a_weight(self) -> None:
        wire = models.BackendAddress(ip="10.0.0.1", weight=5)
        expected = Backend(addr_cluster=ADDR, weight=5)
        assert new_backend_from_backend_model(wire, default_weight=0) == expected


@pytest.mark.deviation(3)
class TestTheHashKeepsAllOfTheClusterID:
    def test_where_the_reference_has_room_for_one_byte(self) -> None:
        addr = L3n4Addr(
            addr_cluster=AddrCluster("10.0.0.1@67305985"), scope=Scope.INTERNAL, port=0x1F90
        )
        assert addr.hash().hex() == "00000000000000000000ffff0a00000104030201011f90"

    def test_so_that_cluster_ids_that_differ_in_a_high_byte_do_not_collide(self) -> None:
        ids = [1, 1 + 2**8, 1 + 2**16, 1 + 2**24]
        hashes = [L3n4Addr(addr_cluster=AddrCluster(f"10.0.0.1@{id}")).hash() for id in ids]
        assert len({*hashes}) == 4


@pytest.mark.deviation(4)
class TestKeysMatchInOneCase:
    def test_another_case_is_an_unknown_key(self) -> None:
        text = '{"ip":"10.0.0.1","Port":80,"SCOPE":"internal","nodename":"n","Weight":"x"}'
        frontend = models.FrontendAddress.model_validate_json(text)
        assert frontend == models.FrontendAddress(ip="10.0.0.1")
        backend = models.BackendAddress.model_validate_json(text)
        assert backend == models.BackendAddress(ip="10.0.0.1")

    def test_a_required_key_in_another_case_is_missing(self) -> None:
        with pytest.raises(ValidationError) as caught:
            models.BackendAddress.model_validate_json('{"IP":"10.0.0.1"}')
        assert caught.value.errors(include_url=False) == [
            {
                "type": "missing",
                "loc": ("ip",),
                "msg": "Field required",
                "input": {"IP": "10.0.0.1"},
            }
        ]

    def test_in_bulk_as_well(self) -> None:
        spec = '{"ID":7,"frontend-address":{"ip":"10.0.0.1","scope":"external"},"Flags":1}'
        assert load_service_spec(spec).frontend.id == 0


@pytest.mark.deviation(5)
@pytest.mark.parametrize(
    ("model", "text", "place"),
    [
        (models.FrontendAddress, '{"protocol":""}', "protocol"),
        (models.FrontendAddress, '{"scope":""}', "scope"),
        (models.BackendAddress, '{"ip":"::","state":""}', "state"),
        (models.ServiceSpecFlags, '{"extTrafficPolicy":""}', "extTrafficPolicy"),
        (models.ServiceSpecFlags, '{"intTrafficPolicy":""}', "intTrafficPolicy"),
        (models.ServiceSpecFlags, '{"trafficPolicy":""}', "trafficPolicy"),
        (models.ServiceSpecFlags, '{"natPolicy":""}', "natPolicy"),
        (models.ServiceSpecFlags, '{"type":""}', "type"),
    ],
)
def test_an_empty_enum_value_is_refused(
    model: type[models.FrontendAddress], text: str, place: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(text)
    (error,) = caught.value.errors()
    assert (error["type"], error["loc"], error["input"]) == ("literal_error", (place,), "")


@pytest.mark.deviation(6)
class TestAnIDBeyondUint32IsRefused:
    @pytest.mark.parametrize("id", [2**32, 2**32 + 1, 2**63 - 1, -1, -(2**63)])
    def test_and_does_not_wrap_around(self, id: int) -> None:
        spec = f'{{"frontend-address":{{"ip":"10.0.0.1","scope":"external"}},"id":{id}}}'
        wire = models.ServiceSpec.model_validate_json(spec)
        with pytest.raises(ConversionError) as caught:
            new_svc_from_model(wire)
        error = caught.value
        assert (error.reason, error.side, error.pointer) == (
            f"invalid service ID {id}: not in 0 … 4294967295",
            "frontend",
            "/id",
        )
        in_bulk = outcome(lambda: load_service_spec(spec))
        assert in_bulk == outcome(lambda: new_svc_from_model(wire))

    @pytest.mark.parametrize("id", [0, 1, 2**32 - 1])
    def test_while_uint32_is_taken(self, id: int) -> None:
        spec = f'{{"frontend-address":{{"ip":"10.0.0.1","scope":"external"}},"id":{id}}}'
        assert load_service_spec(spec).frontend.id == id

    @pytest.mark.parametrize("id", [2**63, -(2**63) - 1])
    def test_and_beyond_int64_it_is_no_spec_at_all(self, id: int) -> None:
        spec = f'{{"frontend-address":{{"ip":"10.0.0.1","scope":"external"}},"id":{id}}}'
        with pytest.raises(ValidationError) as caught:
            models.ServiceSpec.model_validate_json(spec)
        assert [error["loc"] for error in caught.value.errors()] == [("id",)]


@pytest.mark.deviation(7)
@pytest.mark.parametrize(
    ("word", "policy"),
    [
        ('"Nat46"', SVCNatPolicy.Nat46),
        ('"Nat64"', SVCNatPolicy.Nat64),
        ('"None"', SVCNatPolicy.NONE),
        ("null", SVCNatPolicy.NONE),
    ],
)
def test_the_nat_policy_of_a_payload_is_kept(word: str, policy: SVCNatPolicy) -> None:
    frontend = '{"ip":"10.0.0.1","scope":"external"}'
    text = f'{{"flags":{{"natPolicy":{word}}},"frontend-address":{frontend}}}'
    svc = new_svc_from_model(models.ServiceSpec.model_validate_json(text))
    assert (svc.nat_policy, load_service_spec(text)) == (policy, svc)
    spec = svc.get_model().spec
    assert spec is not None
    assert spec.flags is not None
    assert spec.flags.nat_policy == (None if policy is SVCNatPolicy.NONE else policy.value)


@pytest.mark.deviation(9)
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("00001::", "00001::"),
        ("::00000", "00000"),
        ("1:2:3:4:5:6:7:00008", "00008"),
        ("5ae:1:0::09000", "09000"),
        ("00001::1.2.3.4", "00001::1.2.3.4"),
        ("::00001%eth0", "00001"),
    ],
)
def test_an_ipv6_group_has_four_digits_at_most(text: str, place: str) -> None:
    with pytest.raises(AddressError) as caught:
        AddrCluster(text)
    assert str(caught.value) == (
        f'ParseAddr("{text}"): each group must have 4 or less digits (at "{place}")'
    )
