"""Properties of all domain types: JSON, pickle and copies give back what there was."""

from __future__ import annotations

import copy
import ipaddress
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

import loadbalancer
from loadbalancer import schemas
from loadbalancer.testing.strategies import from_annotation

# Every type with a JSON Schema that is no wire model.
_NAMES = """
    AddrCluster Backend BackendID BackendState BackendStateFlags CIDR FEPortName ID L3n4Addr
    L3n4AddrID L4Addr L4Type Preferred SVC SVCNatPolicy SVCTrafficPolicy SVCType Scope ServiceFlags
    ServiceID ServiceName SvcFlagParam
"""
DOMAIN: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    name: (getattr(loadbalancer, name), from_annotation(getattr(loadbalancer, name)))
    for name in _NAMES.split()
}
WIRE = {
    "BackendAddress",
    "Error",
    "FrontendAddress",
    "FrontendMapping",
    "LRPBackend",
    "LRPSpec",
    "Service",
    "ServiceSpec",
    "ServiceSpecFlags",
    "ServiceStatus",
}
few_examples = settings(max_examples=50)


def test_every_domain_type_is_looked_at() -> None:
    assert sorted({*DOMAIN, *WIRE, "AuditReport", "ServiceList"}) == schemas.names()
    assert DOMAIN.keys() & WIRE == set()


@pytest.mark.parametrize("name", DOMAIN)
class TestEveryType:
    @few_examples
    @given(st.data())
    def test_json(self, name: str, data: st.DataObject) -> None:
        kind, values = DOMAIN[name]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        value = data.draw(values)
        text = adapter.dump_json(value)
        again = adapter.validate_json(text)
        assert (again, type(again), adapter.dump_json(again)) == (value, type(value), text)
        assert repr(again) == repr(value)

    @few_examples
    @given(st.data())
    def test_python_values(self, name: str, data: st.DataObject) -> None:
        kind, values = DOMAIN[name]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        value = data.draw(values)
        assert adapter.validate_python(value) == value
        for mode in ("python", "json"):
            dumped = adapter.dump_python(value, mode=mode)
            assert repr(adapter.validate_python(dumped)) == repr(value)

    @few_examples
    @given(st.data())
    def test_pickle(self, name: str, data: st.DataObject) -> None:
        value = data.draw(DOMAIN[name][1])
        again = pickle.loads(pickle.dumps(value))
        assert (again, type(again), repr(again)) == (value, type(value), repr(value))

    @few_examples
    @given(st.data())
    def test_copies(self, name: str, data: st.DataObject) -> None:
        value = data.draw(DOMAIN[name][1])
        for again in (copy.copy(value), copy.deepcopy(value)):
            assert (again, type(again), repr(again)) == (value, type(value), repr(value))


# What `from loadbalancer import *` gives, and the networks of the standard library.
IN_SCOPE = vars(ipaddress) | {name: getattr(loadbalancer, name) for name in loadbalancer.__all__}


@pytest.mark.parametrize("name", [*DOMAIN, "ServiceFlagBit"])
@few_examples
@given(st.data())
def test_what_repr_gives_can_be_pasted(name: str, data: st.DataObject) -> None:
    value = data.draw(from_annotation(getattr(loadbalancer, name)))
    again = eval(repr(value), dict(IN_SCOPE))
    assert (again, type(again), repr(again)) == (value, type(value), repr(value))


@pytest.mark.parametrize("name", ["L3n4Addr", "L3n4AddrID", "L4Addr", "ServiceName"])
@given(st.data())
def test_of_two_values_one_is_less_or_both_are_equal(name: str, data: st.DataObject) -> None:
    values = DOMAIN[name][1]
    one, two = data.draw(values), data.draw(values)
    assert [one < two, one == two, one > two].count(True) == 1
    assert (one <= two, one >= two) == (not one > two, not one < two)


@few_examples
@given(st.lists(from_annotation(loadbalancer.L3n4Addr), max_size=6))
def test_addresses_sort_as_the_library_sorts_them(addrs: list[loadbalancer.L3n4Addr]) -> None:
    keys = [loadbalancer.address_order(each) for each in sorted(addrs)]
    assert keys == sorted(keys)


@few_examples
@given(from_annotation(loadbalancer.SVC))
def test_a_service_prints_as_one_line(svc: loadbalancer.SVC) -> None:
    assert str(svc).isprintable()


VALUES = ["AddrCluster", "L3n4Addr", "L3n4AddrID", "L4Addr", "ServiceName", "SvcFlagParam"]


@pytest.mark.parametrize("name", VALUES)
@given(st.data())
def test_equal_values_have_equal_hashes(name: str, data: st.DataObject) -> None:
    kind, values = DOMAIN[name]
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    value = data.draw(values)
    again = adapter.validate_json(adapter.dump_json(value))
    assert (hash(again), {again: 1}) == (hash(value), {value: 1})


@pytest.mark.parametrize("name", ["Backend", "SVC"])
@few_examples
@given(st.data())
def test_deep_copy_into_makes_the_other_one_equal(name: str, data: st.DataObject) -> None:
    values = DOMAIN[name][1]
    value, other = data.draw(values), data.draw(values)
    before = repr(value)
    value.deep_copy_into(other)
    assert (other, repr(other), repr(value)) == (value, before, before)
    assert other is not value
