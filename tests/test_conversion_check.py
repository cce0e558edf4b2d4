"""All conversion errors of a wire model, beside the one that its converter raises."""

from __future__ import annotations

import pytest

from loadbalancer import (
    ConversionError,
    new_backend_from_backend_model,
    new_l3n4_addr_from_model,
    new_svc_from_model,
    new_svc_from_service,
)
from loadbalancer.models import BackendAddress, FrontendAddress, Service, ServiceSpec, ServiceStatus
from loadbalancer.wire.refusals import Convertible, conversion_errors

GOOD = FrontendAddress(ip="10.0.0.1", scope="external")
BAD = FrontendAddress(ip="x", protocol="any")
BAD_ERRORS = [
    ("frontend", "/protocol", "unknown L4 protocol"),
    ("frontend", "/ip", 'ParseAddr("x"): unable to parse IP'),
    ("frontend", "/scope", 'invalid scope ""'),
]
SPEC = ServiceSpec(
    frontend_address=BAD,
    backend_addresses=[
        BackendAddress(ip="10.0.0.1"),
        BackendAddress(ip=""),
        BackendAddress(ip="y"),
    ],
    id=-1,
)
SPEC_ERRORS = [
    *((side, f"/frontend-address{pointer}", text) for side, pointer, text in BAD_ERRORS),
    ("backend", "/backend-addresses/1/ip", 'ParseAddr(""): unable to parse IP'),
    ("backend", "/backend-addresses/2/ip", 'ParseAddr("y"): unable to parse IP'),
    ("frontend", "/id", "invalid service ID -1: not in 0 … 4294967295"),
]


def below(prefix: str) -> list[tuple[str, str, str]]:
    return [(side, prefix + pointer, text) for side, pointer, text in SPEC_ERRORS]


CASES: list[tuple[Convertible, list[tuple[str, str, str]]]] = [
    (GOOD, []),
    (BAD, BAD_ERRORS),
    (
        FrontendAddress(),
        [("frontend", "/ip", "missing IP address"), ("frontend", "/scope", 'invalid scope ""')],
    ),
    (BackendAddress(ip="::"), []),
    (BackendAddress(ip="z"), [("backend", "/ip", 'ParseAddr("z"): unable to parse IP')]),
    (ServiceSpec(frontend_address=GOOD), []),
    (SPEC, SPEC_ERRORS),
    (Service(spec=SPEC), below("/spec")),
    (Service(spec=SPEC, status=ServiceStatus()), below("/spec")),
    (Service(status=ServiceStatus(realized=SPEC)), below("/status/realized")),
    (Service(spec=SPEC, status=ServiceStatus(realized=ServiceSpec(frontend_address=GOOD))), []),
    (Service(), [("service", "", "neither spec nor realized status")]),
]


def convert(model: Convertible) -> object:
    match model:
        case FrontendAddress():
            return new_l3n4_addr_from_model(model)
        case BackendAddress():
            return new_backend_from_backend_model(model)
        case ServiceSpec():
            return new_svc_from_model(model)
        case Service():
            return new_svc_from_service(model)


@pytest.mark.parametrize(("model", "expected"), CASES)
def test_all_of_them(model: Convertible, expected: list[tuple[str, str, str]]) -> None:
    before = model.model_copy(deep=True)
    errors = [(each.side, each.pointer, str(each)) for each in conversion_errors(model)]
    assert errors == expected
    assert model == before
    if not expected:
        assert convert(model) is not None
        return
    with pytest.raises(ConversionError) as first:
        convert(model)
    assert (first.value.side, first.value.pointer, str(first.value)) == errors[0]
