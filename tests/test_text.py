"""Text where the world is text: what is taken, what is not, and that JSON stays strict."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings

import loadbalancer
from loadbalancer import (
    AddrCluster,
    Backend,
    BackendState,
    BackendStateFlags,
    L3n4Addr,
    L4Type,
    Scope,
    ServiceFlags,
    new_backend_flags,
    text,
)

from .property.strategies import l3n4_addrs


class Case(NamedTuple):
    taken: dict[str, Any]
    refused: list[str]
    strict: Any


STATES = "the state of a backend: active, terminating, quarantined, maintenance, invalid"
CASES = {
    "BackendState": Case(
        {"active": 0, "maintenance": 3, "invalid": 4, "0": 0, "4": 4},
        ["", "Active", "ACTIVE", "5", "-1", "01", " active", "1.0", "true"],
        BackendState,
    ),
    "BackendStateFlags": Case(
        {"active": 0, "maintenance": 3, "3": 3}, ["invalid", "4", ""], BackendStateFlags
    ),
    "Scope": Case({"external": 0, "internal": 1, "1": 1}, ["2", "External", "i"], Scope),
    "ServiceFlags": Case(
        {"70": 0x46, "0x46": 0x46, "0x0046": 0x46, "NodePort, Local": 0x46, "ClusterIP": 0x40},
        ["65536", "0x10000", "-1", "0X46", "Local", "NodePort,Local", "ClusterIP, dsr", "", "1e2"],
        ServiceFlags,
    ),
    "ID": Case(
        {"0": 0, "4294967295": 4294967295, "07": 7},
        ["4294967296", "-1", "+1", " 1", "1 ", "1_0", "1.0", "", "٣", "1\n", "9" * 5000],
        loadbalancer.ID,
    ),
    "BackendID": Case({"7": 7}, ["4294967296", "x"], loadbalancer.BackendID),
    "ServiceID": Case({"65535": 65535}, ["65536"], loadbalancer.ServiceID),
    "UInt16": Case({"65535": 65535}, ["65536"], loadbalancer.ServiceID),
    "Preferred": Case(
        {"true": True, "false": False, "1": True, "0": False},
        ["True", "yes", "on", ""],
        loadbalancer.Preferred,
    ),
}


def adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(getattr(text, name))


def accepts(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def test_all_types_are_tried() -> None:
    assert {*CASES, "L3n4Addr"} == {*text.__all__}


@pytest.mark.parametrize("name", CASES)
class TestTypes:
    def test_takes_text(self, name: str) -> None:
        read = adapter(name)
        strict: TypeAdapter[Any] = TypeAdapter(CASES[name].strict)
        for written, number in CASES[name].taken.items():
            for found in (
                read.validate_python(written),
                read.validate_json(json.dumps(written)),
                read.validate_strings(written),
            ):
                assert (found, type(found)) == (number, type(strict.validate_python(number)))

    def test_refuses_other_text(self, name: str) -> None:
        taken = [each for each in CASES[name].refused if accepts(getattr(text, name), each)]
        assert taken == []

    def test_takes_what_the_strict_type_takes_and_no_more(self, name: str) -> None:
        values: list[Any] = [
            0,
            1,
            4,
            7,
            65536,
            -1,
            1.0,
            True,
            None,
            b"1",
            [],
            L4Type.TCP,
            Scope.INTERNAL,
        ]
        values += [Scope.INTERNAL, *CASES[name].taken.values()]
        for value in values:
            expected = accepts(CASES[name].strict, value)
            assert accepts(getattr(text, name), value) == expected, value

    def test_the_strict_type_takes_no_text(self, name: str) -> None:
        strict: TypeAdapter[Any] = TypeAdapter(CASES[name].strict)
        for written in CASES[name].taken:
            assert not accepts(CASES[name].strict, written)
            with pytest.raises(ValidationError):
                strict.validate_json(json.dumps(written))

    def test_is_written_as_the_strict_type(self, name: str) -> None:
        strict: TypeAdapter[Any] = TypeAdapter(CASES[name].strict)
        value = strict.validate_python(next(iter(CASES[name].taken.values())))
        assert adapter(name).dump_json(value) == strict.dump_json(value)
        assert adapter(name).json_schema(mode="serialization") == strict.json_schema(
            mode="serialization"
        )

    def test_its_schema_says_what_is_taken(self, name: str) -> None:
        schema: Any = Draft202012Validator(adapter(name).json_schema())
        for written, number in CASES[name].taken.items():
            assert schema.is_valid(written)
            assert schema.is_valid(number)
        assert not schema.is_valid([])


def test_the_error_says_what_is_expected() -> None:
    with pytest.raises(ValidationError) as caught:
        adapter("BackendState").validate_python("resting")
    (error,) = caught.value.errors(include_url=False)
    assert error == {
        "type": "text_form",
        "loc": (),
        "msg": f"Input should be {STATES}, or its number",
        "input": "resting",
        "ctx": {"expected": f"{STATES}, or its number"},
    }


def test_the_words_are_those_that_are_printed() -> None:
    states = adapter("BackendState")
    assert [states.validate_python(str(each)) for each in BackendState] == [*BackendState]
    flags = adapter("BackendStateFlags")
    for state in [*BackendState][:-1]:
        assert flags.validate_python(str(state)) == new_backend_flags(state)


@given(st.integers(0, 65535))
def test_flags_are_read_as_they_are_printed(number: int) -> None:
    flags = ServiceFlags(number)
    found = adapter("ServiceFlags").validate_python(str(flags))
    assert str(found) == str(flags)


@given(st.text())
def test_any_text_is_taken_or_refused(written: str) -> None:
    for name in text.__all__:
        accepts(getattr(text, name), written)


class TestL3n4Addr:
    @given(l3n4_addrs)
    def test_is_one_text_read_and_written(self, addr: L3n4Addr) -> None:
        one = adapter("L3n4Addr")
        written = one.dump_json(addr)
        assert isinstance(json.loads(written), str)
        assert one.validate_json(written) == addr
        assert one.validate_python(addr) is addr

    def test_is_no_object(self) -> None:
        assert not accepts(text.L3n4Addr, {"addr_cluster": "::", "port": 1})
        assert accepts(L3n4Addr, {"addr_cluster": "::", "port": 1})
        assert not accepts(text.L3n4Addr, "10.0.0.1")


class Settings(BaseSettings):
    drain_to: text.BackendState = BackendState.MAINTENANCE
    scope: text.Scope = Scope.EXTERNAL
    flags: text.ServiceFlags = ServiceFlags(0)
    service: text.ID = 0
    frontend: text.L3n4Addr | None = None
    node: AddrCluster | None = None
    weights: list[text.UInt16] = []


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DRAIN_TO": "quarantined",
        "SCOPE": "1",
        "FLAGS": "0x46",
        "SERVICE": "7",
        "FRONTEND": "[fd00::1]:80/TCP",
        "NODE": "10.0.0.9",
        "WEIGHTS": "[1, 2]",
    }.items():
        monkeypatch.setenv(name, value)
    found = Settings()
    assert found == Settings(
        drain_to=BackendState.QUARANTINED,
        scope=Scope.INTERNAL,
        flags=ServiceFlags(0x46),
        service=7,
        frontend=L3n4Addr.parse("[fd00::1]:80/TCP"),
        node=AddrCluster("10.0.0.9"),
        weights=[1, 2],
    )


class TestCSV:
    TEXT = (
        "addr_cluster,port,protocol,scope,state,weight,preferred,node_name\n"
        "10.0.0.1,80,TCP,external,quarantined,10,true,one\n"
        "fd00::1@3,8080,UDP,1,0,0,false,\n"
    )
    BACKENDS = (
        Backend(
            addr_cluster=AddrCluster("10.0.0.1"),
            port=80,
            protocol=L4Type.TCP,
            state=BackendState.QUARANTINED,
            weight=10,
            preferred=True,
            node_name="one",
        ),
        Backend(
            addr_cluster=AddrCluster("fd00::1@3"),
            port=8080,
            protocol=L4Type.UDP,
            scope=Scope.INTERNAL,
            weight=0,
        ),
    )

    def test_rows_are_backends(self) -> None:
        rows = csv.DictReader(io.StringIO(self.TEXT))
        assert tuple(map(Backend.model_validate_strings, rows)) == self.BACKENDS

    def test_rows_are_those_of_an_own_model(self) -> None:
        class Row(BaseModel):
            addr_cluster: AddrCluster
            port: text.UInt16
            state: text.BackendState

        rows = csv.DictReader(io.StringIO(self.TEXT))
        assert [(row.port, row.state) for row in map(Row.model_validate, rows)] == [
            (80, BackendState.QUARANTINED),
            (8080, BackendState.ACTIVE),
        ]

    def test_errors_name_the_column(self) -> None:
        row = {"addr_cluster": "10.0.0.1", "port": "http", "state": "resting"}
        with pytest.raises(ValidationError) as caught:
            Backend.model_validate_strings(row)
        assert [(each["loc"], each["type"]) for each in caught.value.errors()] == [
            (("port",), "int_parsing"),
            (("state",), "text_form"),
        ]

    def test_unknown_and_missing_columns_are_errors(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Backend.model_validate_strings({"port": "80", "colour": "red"})
        assert [(each["loc"], each["type"]) for each in caught.value.errors()] == [
            (("addr_cluster",), "missing"),
            (("colour",), "extra_forbidden"),
        ]

    def test_strings_nested_in_a_model(self) -> None:
        frontend = {"addr_cluster": "::", "port": "80", "id": "7", "scope": "internal"}
        svc = loadbalancer.SVC.model_validate_strings(
            {"frontend": frontend, "session_affinity": "true", "health_check_node_port": "9"}
        )
        assert svc.frontend == loadbalancer.L3n4AddrID(
            addr_cluster=AddrCluster("::"), port=80, id=7, scope=Scope.INTERNAL
        )
        assert (svc.session_affinity, svc.health_check_node_port) == (True, 9)

    def test_json_and_python_take_no_text_for_a_number(self) -> None:
        for key, written in {"port": "80", "state": "active", "id": "7"}.items():
            values = {"addr_cluster": "::", key: written}
            with pytest.raises(ValidationError):
                Backend.model_validate(values)
            with pytest.raises(ValidationError):
                Backend.model_validate_json(json.dumps(values))
