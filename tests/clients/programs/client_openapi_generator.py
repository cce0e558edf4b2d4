"""A client made by openapi-generator of the document of OpenAPI 3.0, with urllib3 and Pydantic."""

import json
import sys

from openapi_client import ApiClient, ApiException, Configuration, DaemonApi, ServiceApi
from openapi_client.models import BackendState, ServiceSpec

client = ApiClient(Configuration(host=sys.argv[1], access_token="secret"))
agent = ServiceApi(client)
spec = ServiceSpec.from_dict(
    {
        "id": 1,
        "frontend-address": {
            "ip": "10.96.0.10",
            "port": 53,
            "protocol": "udp",
            "scope": "external",
        },
        "backend-addresses": [
            {"ip": "10.0.1.7", "port": 5353, "state": BackendState.ACTIVE, "weight": 10},
            {"ip": "10.0.2.7", "port": 5353, "state": BackendState.QUARANTINED},
        ],
        "flags": {"type": "ClusterIP", "namespace": "kube-system", "name": "kube-dns"},
    }
)
config = DaemonApi(client).get_config()
created = agent.put_service_by_id_with_http_info(1, spec)
updated = agent.put_service_by_id_with_http_info(1, spec)
try:
    agent.put_service_by_id(2, spec.model_copy(update={"id": 2}))
except ApiException as error:
    refused = error
listed = agent.get_services()
got = agent.get_service_by_id_with_http_info(1)
deleted = agent.delete_service_by_id_with_http_info(1)
try:
    agent.get_service_by_id(1)
except ApiException as error:
    absent = error

print(
    json.dumps(
        {
            "mode": config.status.datapath_mode,
            "statuses": [
                *(created.status_code, updated.status_code, refused.status),
                *(got.status_code, deleted.status_code, absent.status),
            ],
            "reason": json.loads(refused.body),
            "listed": [each.spec.flags.name for each in listed],
            "states": [each.state for each in got.data.status.realized.backend_addresses],
            "got": got.data.spec.to_dict(),
        }
    )
)
