"""Things users ran into, each repaired once and not to come back."""

from __future__ import annotations

from typing import Any

import pytest

from loadbalancer import (
    BackendState,
    ConversionError,
    LoadBalancerError,
    ServiceFlags,
    dump_services,
    iter_services,
    load_service_spec,
    models,
    new_backend_from_backend_model,
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
