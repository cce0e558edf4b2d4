"""The Kubernetes objects that services are made of: only the fields that are read.

Unknown fields are ignored, and null stands for an absent one, as Go reads it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = [
    "SERVICE_NAME_LABEL",
    "Container",
    "ContainerPort",
    "Endpoint",
    "EndpointPort",
    "EndpointSlice",
    "Endpoints",
    "KubernetesNode",
    "LabelSelector",
    "LocalRedirectPolicy",
    "Metadata",
    "NodeConfig",
    "Pod",
    "PolicyPort",
    "ReadObject",
    "Service",
    "ServicePort",
]

SERVICE_NAME_LABEL = "kubernetes.io/service-name"


class ReadObject(BaseModel):
    """An object, or a part of one, of which only known fields are read."""

    model_config = ConfigDict(strict=True, frozen=True, alias_generator=to_camel, extra="ignore")


def _empty(value: Any) -> Any:
    return "" if value is None else value


def _unset(value: Any) -> Any:
    return False if value is None else value


def _no_items(value: Any) -> Any:
    return [] if value is None else value


def _no_members(value: Any) -> Any:
    return {} if value is None else value


_Text = Annotated[str, BeforeValidator(_empty)]
_Texts = Annotated[list[str], BeforeValidator(_no_items)]
_Labels = Annotated[dict[str, str], BeforeValidator(_no_members)]
_Flag = Annotated[bool, BeforeValidator(_unset)]
_Port = Annotated[int, Field(ge=0, le=65535)]


class Metadata(ReadObject):
    name: _Text = ""
    namespace: _Text = ""
    uid: _Text = ""
    labels: _Labels = {}
    annotations: _Labels = {}
    deletion_timestamp: Any = None


class ServicePort(ReadObject):
    name: _Text = ""
    protocol: str | None = None
    port: _Port
    node_port: _Port | None = None


class ClientIPConfig(ReadObject):
    timeout_seconds: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None


class SessionAffinityConfig(ReadObject):
    client_ip: ClientIPConfig | None = Field(default=None, alias="clientIP")


class ServiceSpec(ReadObject):
    type: _Text = ""
    cluster_ip: _Text = Field(default="", alias="clusterIP")
    cluster_ips: _Texts = Field(default=[], alias="clusterIPs")
    external_ips: _Texts = Field(default=[], alias="externalIPs")
    ip_families: _Texts = Field(default=[], alias="ipFamilies")
    external_traffic_policy: _Text = ""
    internal_traffic_policy: _Text = ""
    load_balancer_source_ranges: _Texts = []
    health_check_node_port: _Port | None = None
    traffic_distribution: _Text = ""
    load_balancer_class: str | None = None
    session_affinity: _Text = ""
    session_affinity_config: SessionAffinityConfig | None = None
    ports: Annotated[list[ServicePort], BeforeValidator(_no_items)] = []


class Ingress(ReadObject):
    ip: _Text = ""
    ip_mode: str | None = None


class LoadBalancerStatus(ReadObject):
    ingress: Annotated[list[Ingress], BeforeValidator(_no_items)] = []


class ServiceStatus(ReadObject):
    load_balancer: LoadBalancerStatus | None = None


class Service(ReadObject):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    spec: Annotated[ServiceSpec, BeforeValidator(_no_members)] = ServiceSpec()
    status: ServiceStatus | None = None


class EndpointPort(ReadObject):
    name: _Text = ""
    protocol: str | None = None
    port: _Port | None = None


class Conditions(ReadObject):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Zone(ReadObject):
    name: _Text = ""


class Hints(ReadObject):
    for_zones: Annotated[list[Zone], BeforeValidator(_no_items)] = []


class Endpoint(ReadObject):
    addresses: _Texts = []
    conditions: Annotated[Conditions, BeforeValidator(_no_members)] = Conditions()
    node_name: str | None = None
    zone: str | None = None
    deprecated_topology: _Labels = {}
    hints: Hints | None = None


class EndpointSlice(ReadObject):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    address_type: _Text = ""
    endpoints: Annotated[list[Endpoint], BeforeValidator(_no_items)] = []
    ports: Annotated[list[EndpointPort], BeforeValidator(_no_items)] = []


class EndpointAddress(ReadObject):
    ip: _Text = ""
    node_name: str | None = None


class Subset(ReadObject):
    addresses: Annotated[list[EndpointAddress], BeforeValidator(_no_items)] = []
    ports: Annotated[list[EndpointPort], BeforeValidator(_no_items)] = []


class Endpoints(ReadObject):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    subsets: Annotated[list[Subset], BeforeValidator(_no_items)] = []


class ContainerPort(ReadObject):
    name: _Text = ""
    container_port: _Port = 0
    host_port: _Port | None = None
    host_ip: _Text = Field(default="", alias="hostIP")
    protocol: str | None = None


class Container(ReadObject):
    ports: Annotated[list[ContainerPort], BeforeValidator(_no_items)] = []


class PodSpec(ReadObject):
    node_name: _Text = ""
    host_network: _Flag = False
    containers: Annotated[list[Container], BeforeValidator(_no_items)] = []
    init_containers: Annotated[list[Container], BeforeValidator(_no_items)] = []


class PodIP(ReadObject):
    ip: _Text = ""


class PodCondition(ReadObject):
    type: _Text = ""
    status: _Text = ""


class PodStatus(ReadObject):
    phase: _Text = ""
    conditions: Annotated[list[PodCondition], BeforeValidator(_no_items)] = []
    pod_ip: _Text = Field(default="", alias="podIP")
    pod_ips: Annotated[list[PodIP], BeforeValidator(_no_items)] = Field(default=[], alias="podIPs")


class Pod(ReadObject):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    spec: Annotated[PodSpec, BeforeValidator(_no_members)] = PodSpec()
    status: Annotated[PodStatus, BeforeValidator(_no_members)] = PodStatus()


class NodeAddress(ReadObject):
    type: _Text = ""
    address: _Text = ""


class NodeStatus(ReadObject):
    addresses: Annotated[list[NodeAddress], BeforeValidator(_no_items)] = []


class KubernetesNode(ReadObject):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    status: Annotated[NodeStatus, BeforeValidator(_no_members)] = NodeStatus()


class Requirement(ReadObject):
    key: _Text = ""
    operator: _Text = ""
    values: _Texts = []


class LabelSelector(ReadObject):
    match_labels: _Labels = {}
    match_expressions: Annotated[list[Requirement], BeforeValidator(_no_items)] = []


class PolicyPort(ReadObject):
    name: _Text = ""
    port: _Text = ""
    protocol: _Text = ""


_PolicyPorts = Annotated[list[PolicyPort], BeforeValidator(_no_items)]


class AddressMatcher(ReadObject):
    ip: _Text = ""
    to_ports: _PolicyPorts = []


class ServiceMatcher(ReadObject):
    service_name: _Text = ""
    namespace: _Text = ""
    to_ports: _PolicyPorts = []


class RedirectFrontend(ReadObject):
    address_matcher: AddressMatcher | None = None
    service_matcher: ServiceMatcher | None = None


class RedirectBackend(ReadObject):
    local_endpoint_selector: Annotated[LabelSelector, BeforeValidator(_no_members)] = (
        LabelSelector()
    )
    to_ports: _PolicyPorts = []


class RedirectSpec(ReadObject):
    redirect_frontend: Annotated[RedirectFrontend, BeforeValidator(_no_members)] = (
        RedirectFrontend()
    )
    redirect_backend: Annotated[RedirectBackend, BeforeValidator(_no_members)] = RedirectBackend()


class NodeConfigSpec(ReadObject):
    defaults: _Labels = {}
    node_selector: Annotated[LabelSelector, BeforeValidator(_no_members)] = LabelSelector()


class NodeConfig(ReadObject):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    spec: Annotated[NodeConfigSpec, BeforeValidator(_no_members)] = NodeConfigSpec()


class LocalRedirectPolicy(ReadObject):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    spec: Annotated[RedirectSpec, BeforeValidator(_no_members)] = RedirectSpec()
