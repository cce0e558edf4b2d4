"""Row 8 of the differences from the reference: a PUT that is refused changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from loadbalancer.server import ServiceAPI, Store
from loadbalancer.server.answers import Answer

from .payloads import backend, backend_ids, put, reason, spec, states

PRESENT = spec(
    1,
    backend("10.0.0.1", weight=50),
    backend("10.0.0.2"),
    type="LoadBalancer",
    extTrafficPolicy="Cluster",
    name="web",
)


def wanted(**changes: Any) -> dict[str, Any]:
    """A request that would change all there is to change, if it were granted."""
    new = spec(
        7,
        backend("10.0.0.2", weight=7, state="quarantined"),
        backend("10.0.0.3"),
        ip="10.96.0.1",
        type="NodePort",
        extTrafficPolicy="Local",
        name="other",
        healthCheckNodePort=31000,
    )
    return {**new, **changes}


REFUSED = [
    pytest.param(
        wanted(),
        (
            460,
            "the service provided is already registered with ID 1, please use that ID instead of 7",
        ),
        id="known under another id",
    ),
    pytest.param(
        wanted(**{"id": 1, "frontend-address": {"ip": "10.96.0.9", "scope": "external"}}),
        (
            500,
            "Unable to allocate service ID 1 for 10.96.0.9:0: "
            'Service ID 1 is already registered to "10.96.0.1:80"',
        ),
        id="id taken",
    ),
    pytest.param(
        wanted(id=1, flags={"type": "LocalRedirect"}),
        (
            500,
            "skip local-redirect service for frontend {{10.96.0.1 {NONE 80} 0} 1} "
            "as it overlaps with svc /web of type LoadBalancer",
        ),
        id="type may not replace",
    ),
    pytest.param(
        wanted(**{"id": 1, "backend-addresses": [backend("10.0.0.3"), backend("fd00::1")]}),
        (
            500,
            "Unable to upsert service 10.96.0.1:80 with a mixed set of IPv4 and IPv6 backends",
        ),
        id="mixed families",
    ),
    pytest.param(
        wanted(**{"id": 1, "backend-addresses": [backend("fd00::1")]}),
        (500, "Unable to upsert service 10.96.0.1:80 as NAT46/64 is disabled"),
        id="other family",
    ),
    pytest.param(
        wanted(**{"id": 1, "backend-addresses": [backend("10.0.0.3"), backend("nope")]}),
        (461, 'ParseAddr("nope"): unable to parse IP'),
        id="invalid backend",
    ),
]


@pytest.mark.deviation(8)
@pytest.mark.parametrize(("body", "told"), REFUSED)
def test_a_refused_put_changes_nothing(
    store: Store, body: dict[str, Any], told: tuple[int, str]
) -> None:
    api = ServiceAPI(store)
    assert put(api, PRESENT) == Answer(201)
    before = (api.get_services(), backend_ids(api, 1))

    assert reason(put(api, body)) == told

    assert (api.get_services(), backend_ids(api, 1)) == before
    # No backend id has been spent, and no state has been noted either.
    assert put(api, spec(2, backend("10.0.0.9"))) == Answer(201)
    assert backend_ids(api, 2) == {"10.0.0.9:80": 3}
    assert put(api, states(backend("10.0.0.2", state="active"))) == Answer(200)
    assert api.get_service("1") == Answer(200, before[0].body[1:-1])
