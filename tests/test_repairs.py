"""Things users ran into, each repaired once and not to come back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from loadbalancer import (
    AddrCluster,
    Backend,
    BackendState,
    ConversionError,
    L3n4AddrID,
    LoadBalancerError,
    Scope,
    ServiceFlags,
    dump_services,
    iter_services,
    load_service_spec,
    models,
    new_backend_from_backend_model,
    new_l3n4_addr_from_model,
    new_svc_from_model,
)

SPEC = b'{"frontend-address":{"ip":"10.0.0.1","scope":"external"}}'


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Quarantined", BackendState.QUARANTINED),
        ("ACTIVE", BackendState.ACTIVE),
        ("", BackendState.ACTIVE),
    ],
)
def test_a_state_that_no_payload_can_have_is_read_like_any_other(
    word: Any, state: BackendState
) -> None:
    model = models.BackendAddress.model_construct(ip="10.0.0.1", state=word)
    assert new_backend_from_backend_model(model).state is state


def test_a_constructed_model_without_ip_is_no_type_error() -> None:
    missing: Any = None
    with pytest.raises(ConversionError) as caught:
        new_backend_from_backend_model(models.BackendAddress.model_construct(ip=missing))
    error = caught.value
    assert (str(error), error.side, error.pointer) == ("missing IP address", "backend", "/ip")


def test_a_constructed_model_with_nothing_in_it_is_no_attribute_error() -> None:
    with pytest.raises(ConversionError, match="missing IP address"):
        new_backend_from_backend_model(models.BackendAddress.model_construct())
    with pytest.raises(ValidationError) as caught:
        new_svc_from_model(models.ServiceSpec.model_construct())
    error = caught.value
    assert (error.title, error.errors()[0]["loc"]) == ("ServiceSpec", ("frontend-address",))


def test_a_state_that_cannot_be_encoded_is_refused_like_any_other() -> None:
    state: Any = "\ud800"
    with pytest.raises(ConversionError) as caught:
        new_backend_from_backend_model(models.BackendAddress.model_construct(ip="::", state=state))
    assert str(caught.value) == "invalid backend state [\ud800]"


@pytest.mark.parametrize(
    ("convert", "wrong"),
    [
        (new_backend_from_backend_model, Backend(addr_cluster=AddrCluster("::1"))),
        (new_backend_from_backend_model, models.FrontendAddress(ip="::1", scope="external")),
        (new_backend_from_backend_model, models.LRPBackend()),
        (new_l3n4_addr_from_model, L3n4AddrID(addr_cluster=AddrCluster("::1"))),
        (new_svc_from_model, load_service_spec(SPEC)),
    ],
)
def test_converters_take_their_wire_model_alone(convert: Any, wrong: Any) -> None:
    before = repr(wrong)
    with pytest.raises(TypeError, match=f"expected, not {type(wrong).__name__}"):
        convert(wrong)
    assert repr(wrong) == before


def test_a_frontend_put_into_a_wire_model_is_not_changed() -> None:
    spec = models.ServiceSpec.model_validate_json(SPEC)
    frontend: Any = L3n4AddrID(addr_cluster=AddrCluster("10.0.0.1"), id=3)
    spec.id, spec.frontend_address = 77, frontend
    with pytest.raises(TypeError):
        new_svc_from_model(spec)
    assert frontend.id == 3


def test_a_conversion_stops_at_the_first_error() -> None:
    backends: list[Any] = [models.BackendAddress(ip="x"), "not even looked at"]
    frontend = models.FrontendAddress(ip="10.0.0.1", scope="external")
    spec = models.ServiceSpec.model_construct(frontend_address=frontend, backend_addresses=backends)
    with pytest.raises(ConversionError) as caught:
        new_svc_from_model(spec)
    assert caught.value.pointer == "/backend-addresses/0/ip"


def test_a_default_weight_is_a_plain_number() -> None:
    wire = models.BackendAddress(ip="10.0.0.1")
    weight = new_backend_from_backend_model(wire, default_weight=Scope.INTERNAL).weight
    assert (weight, type(weight)) == (1, int)


def test_service_flags_have_no_attributes_to_set() -> None:
    with pytest.raises(AttributeError):
        ServiceFlags(5).anything = 1  # type: ignore[attr-defined] # pyright: ignore


def test_flags_out_of_range_are_an_error_of_the_package() -> None:
    with pytest.raises(LoadBalancerError) as caught:
        ServiceFlags(65536)
    assert str(caught.value) == "service flags are 0 … 65535, not 65536"


def test_a_stream_may_be_bytes() -> None:
    svc = load_service_spec(SPEC)
    dump = dump_services([svc, svc])
    assert list(iter_services(dump)) == list(iter_services(dump.decode())) == [svc, svc]


def test_a_wire_model_can_be_extended() -> None:
    class Extended(models.BackendAddress):
        extra: int | str | None = None
        needed: int | None

    properties = Extended.model_json_schema(mode="serialization")["properties"]
    assert properties["extra"]["anyOf"] == [{"type": "integer"}, {"type": "string"}]
    assert properties["needed"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]
    extended = Extended(ip="10.0.0.1", needed=None)
    assert extended.model_dump_json() == '{"ip":"10.0.0.1","needed":null}'
