"""Models made by datamodel-code-generator, sent and read with the standard library."""

import http.client
import json
import sys
from urllib.parse import urlsplit

from service_models import (
    BackendAddress,
    BackendState,
    DaemonConfiguration,
    FailureReason,
    FrontendAddress,
    L4Protocol,
    Scope,
    Service,
    ServiceList,
    ServiceSpec,
    ServiceSpecFlags,
    ServiceType,
)

base = urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(base.netloc)


def ask(method: str, path: str, spec: ServiceSpec | None = None) -> tuple[int, bytes]:
    # What is absent is left out, not sent as null.
    body = None if spec is None else spec.model_dump_json(by_alias=True, exclude_unset=True)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, base.path + path, body, headers)
    response = connection.getresponse()
    return response.status, response.read()


spec = ServiceSpec(
    id=1,
    frontend_address=FrontendAddress(
        ip="10.96.0.10", port=53, protocol=L4Protocol.udp, scope=Scope.external
    ),
    backend_addresses=[
        BackendAddress(ip="10.0.1.7", port=5353, state=BackendState.active, weight=10),
        BackendAddress(ip="10.0.2.7", port=5353, state=BackendState.quarantined),
    ],
    flags=ServiceSpecFlags(type=ServiceType.cluster_ip, namespace="kube-system", name="kube-dns"),
)

config = ask("GET", "/config")[1]
created = ask("PUT", "/service/1", spec)[0]
updated = ask("PUT", "/service/1", spec)[0]
refused, reason = ask("PUT", "/service/2", spec.model_copy(update={"id": 2}))
listed = ask("GET", "/service")[1]
found, got = ask("GET", "/service/1")
deleted = ask("DELETE", "/service/1")[0]
absent = ask("GET", "/service/1")[0]

service = Service.model_validate_json(got)
assert service.spec is not None
assert service.status is not None
assert service.status.realized is not None
services = ServiceList.model_validate_json(listed).root
specs = [each.spec for each in services if each.spec is not None]
backends = service.status.realized.backend_addresses or []
print(
    json.dumps(
        {
            "mode": DaemonConfiguration.model_validate_json(config).status.datapath_mode,
            "statuses": [created, updated, refused, found, deleted, absent],
            "reason": FailureReason.model_validate_json(reason).root,
            "listed": [each.flags.name for each in specs if each.flags is not None],
            "states": [each.state for each in backends],
            "got": service.spec.model_dump(mode="json", by_alias=True, exclude_unset=True),
        }
    )
)
