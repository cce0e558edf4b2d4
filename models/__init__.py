# Generated from schemas/openapi.yaml by `make generate`. Do not edit.

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel, StrictBool, StrictInt, StrictStr

from loadbalancer.wire.model import WireModel


class ServiceSpecFlags(WireModel):
    """Type and policies of a service."""

    ext_traffic_policy: Annotated[
        Literal["Cluster", "Local"] | None,
        Field(
            alias="extTrafficPolicy",
            description="Backends that traffic from outside the cluster may go to, those of the whole\ncluster or those of the node it arrives at. Absent is `Cluster`.",
        ),
    ] = None
    health_check_node_port: Annotated[
        StrictInt | None,
        Field(
            alias="healthCheckNodePort",
            description="Node port that answers health checks of the service, 0 to 65535. 0 is the same as\nabsent, no health check.",
            ge=0,
            le=65535,
        ),
    ] = None
    int_traffic_policy: Annotated[
        Literal["Cluster", "Local"] | None,
        Field(
            alias="intTrafficPolicy",
            description="Backends that traffic from inside the cluster may go to, those of the whole\ncluster or those of the node it comes from. Absent is `Cluster`.",
        ),
    ] = None
    name: Annotated[StrictStr | None, Field(description="Name of the Kubernetes service.")] = None
    namespace: Annotated[
        StrictStr | None, Field(description="Namespace of the Kubernetes service.")
    ] = None
    nat_policy: Annotated[
        Literal["None", "Nat46", "Nat64"] | None,
        Field(
            alias="natPolicy",
            description="Translation between address families. The agent fills it in where frontend and\nbackends differ in family. Absent is no translation.",
        ),
    ] = None
    traffic_policy: Annotated[
        Literal["Cluster", "Local"] | None,
        Field(
            alias="trafficPolicy",
            description="Deprecated name of `extTrafficPolicy`. The agent fills in both alike, and ignores\nthis one in a request.",
            json_schema_extra={"deprecated": True},
        ),
    ] = None
    type: Annotated[
        Literal["ClusterIP", "NodePort", "ExternalIPs", "HostPort", "LoadBalancer", "LocalRedirect"]
        | None,
        Field(description="Kind of the service, after Kubernetes. Absent is `ClusterIP`."),
    ] = None


class Error(RootModel[StrictStr]):
    root: Annotated[
        StrictStr,
        Field(description="Why the agent did not carry out a request, as one text in English."),
    ]


class FrontendAddress(WireModel):
    """Where a service is reached, an address of layers 3 and 4."""

    ip: Annotated[
        StrictStr | None,
        Field(
            description="IP address, optionally with a zone (`%eth0`) and a cluster id (`@7`). Any text is\nallowed, as clients send `<nil>` for a frontend that does not matter."
        ),
    ] = None
    port: Annotated[
        StrictInt | None,
        Field(
            description="Port number, 0 to 65535. 0 is the same as absent, no port.", ge=0, le=65535
        ),
    ] = None
    protocol: Annotated[
        Literal["tcp", "udp", "any"] | None,
        Field(description="Layer 4 protocol. `any` can be written, but is no valid frontend."),
    ] = None
    scope: Annotated[
        Literal["external", "internal"] | None,
        Field(
            description="Whether the frontend is for traffic from outside the cluster or from inside. A\nfrontend without a scope is not valid."
        ),
    ] = None


class BackendAddress(WireModel):
    """One backend of a service, with its state and its share of the traffic."""

    ip: Annotated[
        StrictStr,
        Field(description="IP address, optionally with a zone (`%eth0`) and a cluster id (`@7`)."),
    ]
    node_name: Annotated[
        StrictStr | None,
        Field(alias="nodeName", description="Name of the node that the backend runs on."),
    ] = None
    port: Annotated[
        StrictInt | None,
        Field(
            description="Port number, 0 to 65535. 0 is the same as absent, no port.", ge=0, le=65535
        ),
    ] = None
    preferred: Annotated[
        StrictBool | None,
        Field(description="Whether the backend is chosen before those that are not preferred."),
    ] = None
    state: Annotated[
        Literal["active", "terminating", "quarantined", "maintenance"] | None,
        Field(
            description="Whether the backend takes traffic. Absent is active. `terminating` serves\nestablished connections only, `quarantined` was found unhealthy, `maintenance`\nwas taken out by its operator."
        ),
    ] = None
    weight: Annotated[
        StrictInt | None,
        Field(
            description="Share of the traffic relative to the other backends, 0 to 65535. 0 puts the\nbackend into maintenance whatever its state says. Absent is 100.",
            ge=0,
            le=65535,
        ),
    ] = None


class ServiceSpec(WireModel):
    """A service as it is wanted, a frontend and the backends that serve it."""

    backend_addresses: Annotated[
        list[BackendAddress] | None,
        Field(
            alias="backend-addresses",
            description="The backends. In a response they are ordered by backend id.",
        ),
    ] = None
    flags: Annotated[
        ServiceSpecFlags | None,
        Field(description="Type and policies of the service. Absent, each has its default."),
    ] = None
    frontend_address: Annotated[
        FrontendAddress,
        Field(alias="frontend-address", description="Where the service is reached."),
    ]
    id: Annotated[
        StrictInt | None,
        Field(
            description="ID of the service, an int64 on the wire. The agent takes 1 to 4294967295; 0 is the\nsame as absent.",
            ge=-9223372036854775808,
            le=9223372036854775807,
        ),
    ] = None
    update_services: Annotated[
        StrictBool | None,
        Field(
            alias="updateServices",
            description="Change the state of the given backends in all services that have them, instead of\nreplacing one service. Only in requests, and only without `id`.",
        ),
    ] = None


class ServiceStatus(WireModel):
    """What the agent has made of a service. Filled in by the agent."""

    realized: Annotated[
        ServiceSpec | None, Field(description="The service as it is set up in the datapath.")
    ] = None


class Service(WireModel):
    """A service as the API lists it, what is wanted beside what is set up."""

    spec: Annotated[ServiceSpec | None, Field(description="The service as it is wanted.")] = None
    status: Annotated[
        ServiceStatus | None,
        Field(description="The service as it is. Where there is one, it stands for the service."),
    ] = None


class LRPBackend(WireModel):
    """A pod that redirected traffic goes to."""

    backend_address: Annotated[
        BackendAddress | None,
        Field(alias="backend-address", description="Where the pod takes the traffic."),
    ] = None
    pod_id: Annotated[
        StrictStr | None, Field(alias="pod-id", description="The pod as `namespace/name`.")
    ] = None


class FrontendMapping(WireModel):
    """A redirected frontend and the backends on this node that it leads to."""

    backends: Annotated[
        list[LRPBackend] | None, Field(description="The backends, pods on this node.")
    ] = None
    frontend_address: Annotated[
        FrontendAddress | None,
        Field(alias="frontend-address", description="The frontend whose traffic is redirected."),
    ] = None


class LRPSpec(WireModel):
    """A local redirect policy, which sends traffic to backends on the same node."""

    frontend_mappings: Annotated[
        list[FrontendMapping] | None,
        Field(
            alias="frontend-mappings",
            description="The redirected frontends and where each one leads.",
        ),
    ] = None
    frontend_type: Annotated[
        StrictStr | None,
        Field(
            alias="frontend-type",
            description="How the frontend is matched, by address or by service.",
        ),
    ] = None
    lrp_type: Annotated[
        StrictStr | None,
        Field(
            alias="lrp-type",
            description="Kind of the policy, `addr` for an address or `svc` for a service.",
        ),
    ] = None
    name: Annotated[StrictStr | None, Field(description="Name of the policy.")] = None
    namespace: Annotated[StrictStr | None, Field(description="Namespace of the policy.")] = None
    service_id: Annotated[
        StrictStr | None,
        Field(
            alias="service-id",
            description="The redirected service as `namespace/name`, of a policy for a service.",
        ),
    ] = None
    uid: Annotated[
        StrictStr | None, Field(description="Unique id that Kubernetes gave the policy.")
    ] = None
