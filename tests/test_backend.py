"""Backends: they can be changed, and every change is validated."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from loadbalancer import (
    DEFAULT_BACKEND_WEIGHT,
    AddrCluster,
    Backend,
    BackendState,
    L3n4Addr,
    L4Addr,
    L4Type,
    Scope,
    models,
    new_backend,
    new_backend_with_state,
)

ADDR = AddrCluster("10.0.0.1")
WRONG: dict[str, list[object]] = {
    "protocol": ["tcp", "", None, 0],
    "port": [-1, 65536, "80", 80.0, True, None],
    "addr_cluster": ["10.0.0", "", None, 1],
    "scope": [2, "external", 1.0, True, None],
    "fe_port_name": [1, None, b"http"],
    "id": [-1, 2**32, "1", 1.0, True, None],
    "weight": [-1, 65536, "1", 1.0, True, None],
    "node_name": [1, None, b"node"],
    "zone": [1, None, b"zone"],
    "state": [5, -1, "active", 0.0, False, None],
    "serving": [0, 1, "true", None],
    "preferred": [0, 1, "true", None],
}
CASES = [(field, value) for field, values in WRONG.items() for value in values]


def full() -> Backend:
    return Backend(
        protocol=L4Type.TCP,
        port=8080,
        addr_cluster=AddrCluster("fd00::1@3"),
        scope=Scope.INTERNAL,
        fe_port_name="http",
        id=7,
        weight=10,
        node_name="node-1",
        zone="zone-a",
        state=BackendState.QUARANTINED,
        serving=False,
        preferred=True,
    )


class TestConstructors:
    def test_new_backend(self) -> None:
        assert new_backend(7, L4Type.TCP, ADDR, 80) == Backend(
            protocol=L4Type.TCP,
            port=80,
            addr_cluster=ADDR,
            scope=Scope.EXTERNAL,
            fe_port_name="",
            id=7,
            weight=100,
            node_name="",
            state=BackendState.ACTIVE,
            preferred=False,
        )

    @pytest.mark.parametrize("state", BackendState)
    def test_new_backend_with_state(self, state: BackendState) -> None:
        found = new_backend_with_state(7, L4Type.UDP, ADDR, 80, state)
        expected = new_backend(7, L4Type.UDP, ADDR, 80)
        expected.state = state
        assert found == expected

    def test_defaults(self) -> None:
        assert Backend(addr_cluster=ADDR) == new_backend(0, L4Type.NONE, ADDR, 0)
        assert Backend(addr_cluster=ADDR).weight == DEFAULT_BACKEND_WEIGHT == 100

    @pytest.mark.parametrize(("field", "value"), CASES)
    def test_refuse_a_wrong_value(self, field: str, value: object) -> None:
        fields: dict[str, Any] = {**dict(full()), field: value}
        with pytest.raises(ValidationError) as caught:
            Backend(**fields)
        assert [error["loc"] for error in caught.value.errors()] == [(field,)]

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ((-1, L4Type.TCP, ADDR, 80), "id"),
            ((1, "tcp", ADDR, 80), "protocol"),
            ((1, L4Type.TCP, "10.0.0", 80), "addr_cluster"),
            ((1, L4Type.TCP, ADDR, "80"), "port"),
        ],
    )
    def test_functions_refuse_it_as_well(self, arguments: Any, field: str) -> None:
        longer: Any = (*arguments, BackendState.ACTIVE)
        with pytest.raises(ValidationError) as plain:
            new_backend(*arguments)
        with pytest.raises(ValidationError) as with_state:
            new_backend_with_state(*longer)
        for caught in (plain, with_state):
            assert [error["loc"] for error in caught.value.errors()] == [(field,)]

    def test_every_field_was_tried(self) -> None:
        assert [*WRONG] == [*Backend.model_fields]

    def test_an_unknown_field_is_refused(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Backend.model_validate({"addr_cluster": "::", "zones": ""})
        assert [error["type"] for error in caught.value.errors()] == ["extra_forbidden"]


class TestAssignment:
    @pytest.mark.parametrize(("field", "value"), CASES)
    def test_a_refused_one_changes_nothing(self, field: str, value: object) -> None:
        backend = full()
        with pytest.raises(ValidationError) as caught:
            setattr(backend, field, value)
        assert [error["loc"] for error in caught.value.errors()] == [(field,)]
        assert backend == full()
        assert repr(backend) == repr(full())

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("protocol", L4Type.SCTP),
            ("port", 0),
            ("addr_cluster", ADDR),
            ("scope", Scope.EXTERNAL),
            ("fe_port_name", ""),
            ("id", 2**32 - 1),
            ("weight", 0),
            ("node_name", "node-2"),
            ("state", BackendState.INVALID),
            ("serving", True),
            ("preferred", False),
        ],
    )
    def test_an_accepted_one_changes_that_field(self, field: str, value: object) -> None:
        backend = full()
        setattr(backend, field, value)
        assert dict(backend) == {**dict(full()), field: value}
        assert backend != full()

    def test_a_value_is_read_as_in_the_constructor(self) -> None:
        backend = full()
        fields: dict[str, object] = {"addr_cluster": "::2@1", "state": 1, "protocol": "UDP"}
        for field, value in fields.items():
            setattr(backend, field, value)
        assert backend.addr_cluster == AddrCluster("::2@1")
        assert backend.state is BackendState.TERMINATING
        assert backend.protocol is L4Type.UDP

    def test_there_is_no_other_attribute(self) -> None:
        backend = full()
        with pytest.raises(ValidationError) as caught:
            backend.zones = "a"  # type: ignore[attr-defined]  # pyright: ignore
        assert [error["type"] for error in caught.value.errors()] == ["no_such_attribute"]
        assert backend == full()


class TestBackend:
    def test_has_no_hash(self) -> None:
        with pytest.raises(TypeError) as caught:
            hash(full())
        assert str(caught.value) == "unhashable type: 'Backend'"
        assert Backend.__hash__ is None

    def test_is_an_address(self) -> None:
        assert isinstance(full(), L3n4Addr)
        expected = L3n4Addr(
            protocol=L4Type.TCP,
            port=8080,
            addr_cluster=AddrCluster("fd00::1@3"),
            scope=Scope.INTERNAL,
        )
        assert full().l3n4_addr == expected
        assert type(full().l3n4_addr) is L3n4Addr
        assert full().l4_addr == L4Addr(protocol=L4Type.TCP, port=8080)
        assert full().hash() == expected.hash()
        assert hash(full().l3n4_addr) == hash(expected)

    def test_is_printed_as_its_address(self) -> None:
        assert str(full()) == "[fd00::1@3]:8080/i"
        assert full().string_with_protocol() == "[fd00::1@3]:8080/TCP/i"
        assert repr(full()) == (
            "Backend(protocol=L4Type.TCP, port=8080, "
            "addr_cluster=AddrCluster('fd00::1@3'), scope=Scope.INTERNAL, "
            "fe_port_name='http', id=7, weight=10, node_name='node-1', zone='zone-a', "
            "state=BackendState.QUARANTINED, "
            "serving=False, preferred=True)"
        )

    @pytest.mark.parametrize("field", [*Backend.model_fields])
    def test_is_equal_by_all_fields(self, field: str) -> None:
        others: dict[str, Any] = dict(Backend(addr_cluster=ADDR))
        fields: dict[str, Any] = dict(full())
        assert Backend(**fields) == full()
        assert others[field] != fields[field]
        assert Backend(**{**fields, field: others[field]}) != full()

    def test_is_written_and_read_as_json(self) -> None:
        text = (
            '{"protocol":"TCP","port":8080,"addr_cluster":"fd00::1@3","scope":1,'
            '"fe_port_name":"http","id":7,"weight":10,"node_name":"node-1","zone":"zone-a",'
            '"state":2,"serving":false,"preferred":true}'
        )
        assert full().model_dump_json() == text
        assert Backend.model_validate_json(text) == full()


class TestCopies:
    def test_are_independent(self) -> None:
        backend = full()
        copies = [
            backend.deep_copy(),
            copy.deepcopy(backend),
            copy.copy(backend),
            backend.model_copy(),
            pickle.loads(pickle.dumps(backend)),
        ]
        backend.weight = 1
        assert copies == [full()] * 5
        assert {type(each) for each in copies} == {Backend}

    def test_deep_copy_into(self) -> None:
        backend, other = full(), Backend(addr_cluster=ADDR)
        backend.deep_copy_into(other)
        assert (backend, other) == (full(), full())
        other.weight = 1
        assert backend == full()

    def test_deep_copy_into_another_type(self) -> None:
        backend = full()
        other: Any = backend.l3n4_addr
        with pytest.raises(TypeError) as caught:
            backend.deep_copy_into(other)
        assert str(caught.value) == "cannot copy Backend into L3n4Addr"

    def test_a_copy_is_validated_on_assignment(self) -> None:
        for backend in (full().deep_copy(), pickle.loads(pickle.dumps(full()))):
            with pytest.raises(ValidationError):
                backend.weight = -1
            assert backend == full()


class TestModel:
    def test_of_every_field(self) -> None:
        assert full().get_backend_model() == models.BackendAddress(
            ip="fd00::1@3",
            node_name="node-1",
            port=8080,
            preferred=True,
            state="quarantined",
            weight=10,
        )

    def test_of_defaults(self) -> None:
        found = Backend(addr_cluster=ADDR).get_backend_model()
        assert found == models.BackendAddress(ip="10.0.0.1", state="active", weight=100)
        assert found.model_dump_json() == '{"ip":"10.0.0.1","state":"active","weight":100}'

    def test_a_weight_of_0_is_written(self) -> None:
        found = Backend(addr_cluster=ADDR, weight=0).get_backend_model()
        assert found == models.BackendAddress(ip="10.0.0.1", state="active", weight=0)

    def test_the_invalid_state_is_left_out(self) -> None:
        found = Backend(addr_cluster=ADDR, state=BackendState.INVALID).get_backend_model()
        assert found == models.BackendAddress(ip="10.0.0.1", weight=100)

    def test_a_backend_can_be_a_frontend(self) -> None:
        assert full().get_model() == models.FrontendAddress(
            ip="fd00::1@3", port=8080, protocol="tcp", scope="internal"
        )
