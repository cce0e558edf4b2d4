"""A client made by openapi-python-client, with httpx and attrs."""

import json
import sys

import httpx
from service_api import AuthenticatedClient
from service_api.api.daemon import get_config
from service_api.api.service import (
    delete_service_by_id,
    get_service_by_id,
    get_services,
    put_service_by_id,
)
from service_api.models import (
    BackendAddress,
    BackendState,
    DaemonConfiguration,
    FrontendAddress,
    L4Protocol,
    Scope,
    Service,
    ServiceSpec,
    ServiceSpecFlags,
    ServiceType,
)


class Refused(Exception):
    """The agent's 460 and 461, which are beyond the statuses that Python's `http` knows."""


def raise_refusal(response: httpx.Response) -> None:
    if response.status_code in (460, 461):
        response.read()
        raise Refused(response.status_code, response.json())


# Calls that may need a token take no other client. Without a token any text will do.
client = AuthenticatedClient(
    base_url=sys.argv[1],
    token="secret",
    raise_on_unexpected_status=True,
    httpx_args={"event_hooks": {"response": [raise_refusal]}},
)
spec = ServiceSpec(
    id=1,
    frontend_address=FrontendAddress(
        ip="10.96.0.10", port=53, protocol=L4Protocol.UDP, scope=Scope.EXTERNAL
    ),
    backend_addresses=[
        BackendAddress(ip="10.0.1.7", port=5353, state=BackendState.ACTIVE, weight=10),
        BackendAddress(ip="10.0.2.7", port=5353, state=BackendState.QUARANTINED),
    ],
    flags=ServiceSpecFlags(type_=ServiceType.CLUSTERIP, namespace="kube-system", name="kube-dns"),
)

config = get_config.sync(client=client)
assert isinstance(config, DaemonConfiguration)
created = put_service_by_id.sync_detailed(1, client=client, body=spec)
updated = put_service_by_id.sync_detailed(1, client=client, body=spec)
other = ServiceSpec.from_dict({**spec.to_dict(), "id": 2})
try:
    put_service_by_id.sync_detailed(2, client=client, body=other)
except Refused as error:
    refused, reason = error.args
listed = get_services.sync(client=client)
assert isinstance(listed, list)
got = get_service_by_id.sync_detailed(1, client=client)
assert isinstance(got.parsed, Service)
deleted = delete_service_by_id.sync_detailed(1, client=client)
absent = get_service_by_id.sync_detailed(1, client=client)


def name_of(service: Service) -> str | None:
    spec = service.spec
    if isinstance(spec, ServiceSpec) and isinstance(spec.flags, ServiceSpecFlags):
        return spec.flags.name or None
    return None


realized = got.parsed.to_dict()["status"]["realized"]
print(
    json.dumps(
        {
            "mode": config.status.datapath_mode,
            "statuses": [
                *(created.status_code, updated.status_code, refused),
                *(got.status_code, deleted.status_code, absent.status_code),
            ],
            "reason": reason,
            "listed": [name_of(each) for each in listed],
            "states": [each["state"] for each in realized["backend-addresses"]],
            "got": got.parsed.to_dict()["spec"],
        }
    )
)
