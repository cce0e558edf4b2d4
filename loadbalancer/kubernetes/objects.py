"""The Kubernetes objects that services are made of: only the fields that are read.

Unknown fields are ignored, and null stands for an absent one, as Go reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ..dumps.json_text.positions import pointer
from ..errors import LoadBalancerError

__all__ = [
    "Container",
    "Endpoint",
    "EndpointPort",
    "EndpointSlice",
    "Endpoints",
    "KubernetesError",
    "KubernetesNode",
    "Metadata",
    "Objects",
    "Pod",
    "Service",
    "ServicePort",
    "read_objects",
]

SERVICE_NAME_LABEL = "kubernetes.io/service-name"


class KubernetesError(LoadBalancerError):
    """A Kubernetes object cannot be read.

    `kind` and `name` (`namespace/name`) say which one, `pointer` (a JSON Pointer into the
    object) which part of it.
    """

    def __init__(self, kind: str, name: str, pointer: str, reason: str) -> None:
        super().__init__(kind, name, pointer, reason)
        self.kind = kind
        self.name = name
        self.pointer = pointer
        self.reason = reason

    def __str__(self) -> str:
        place = f" at {self.pointer}" if self.pointer else ""
        return f"{self.kind} {self.name}{place}: {self.reason}"


class _Read(BaseModel):
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


class Metadata(_Read):
    name: _Text = ""
    namespace: _Text = ""
    labels: _Labels = {}
    annotations: _Labels = {}


class ServicePort(_Read):
    name: _Text = ""
    protocol: str | None = None
    port: _Port
    node_port: _Port | None = None


class ClientIPConfig(_Read):
    timeout_seconds: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None


class SessionAffinityConfig(_Read):
    client_ip: ClientIPConfig | None = Field(default=None, alias="clientIP")


class ServiceSpec(_Read):
    type: _Text = ""
    cluster_ip: _Text = Field(default="", alias="clusterIP")
    cluster_ips: _Texts = Field(default=[], alias="clusterIPs")
    external_ips: _Texts = Field(default=[], alias="externalIPs")
    external_traffic_policy: _Text = ""
    internal_traffic_policy: _Text = ""
    load_balancer_source_ranges: _Texts = []
    health_check_node_port: _Port | None = None
    session_affinity: _Text = ""
    session_affinity_config: SessionAffinityConfig | None = None
    ports: Annotated[list[ServicePort], BeforeValidator(_no_items)] = []


class Ingress(_Read):
    ip: _Text = ""


class LoadBalancerStatus(_Read):
    ingress: Annotated[list[Ingress], BeforeValidator(_no_items)] = []


class ServiceStatus(_Read):
    load_balancer: LoadBalancerStatus | None = None


class Service(_Read):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    spec: Annotated[ServiceSpec, BeforeValidator(_no_members)] = ServiceSpec()
    status: ServiceStatus | None = None


class EndpointPort(_Read):
    name: _Text = ""
    protocol: str | None = None
    port: _Port | None = None


class Conditions(_Read):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Zone(_Read):
    name: _Text = ""


class Hints(_Read):
    for_zones: Annotated[list[Zone], BeforeValidator(_no_items)] = []


class Endpoint(_Read):
    addresses: _Texts = []
    conditions: Annotated[Conditions, BeforeValidator(_no_members)] = Conditions()
    node_name: str | None = None
    deprecated_topology: _Labels = {}
    hints: Hints | None = None


class EndpointSlice(_Read):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    address_type: _Text = ""
    endpoints: Annotated[list[Endpoint], BeforeValidator(_no_items)] = []
    ports: Annotated[list[EndpointPort], BeforeValidator(_no_items)] = []


class EndpointAddress(_Read):
    ip: _Text = ""
    node_name: str | None = None


class Subset(_Read):
    addresses: Annotated[list[EndpointAddress], BeforeValidator(_no_items)] = []
    ports: Annotated[list[EndpointPort], BeforeValidator(_no_items)] = []


class Endpoints(_Read):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    subsets: Annotated[list[Subset], BeforeValidator(_no_items)] = []


class ContainerPort(_Read):
    container_port: _Port = 0
    host_port: _Port | None = None
    host_ip: _Text = Field(default="", alias="hostIP")
    protocol: str | None = None


class Container(_Read):
    ports: Annotated[list[ContainerPort], BeforeValidator(_no_items)] = []


class PodSpec(_Read):
    node_name: _Text = ""
    host_network: _Flag = False
    containers: Annotated[list[Container], BeforeValidator(_no_items)] = []
    init_containers: Annotated[list[Container], BeforeValidator(_no_items)] = []


class PodIP(_Read):
    ip: _Text = ""


class PodStatus(_Read):
    phase: _Text = ""
    pod_ip: _Text = Field(default="", alias="podIP")
    pod_ips: Annotated[list[PodIP], BeforeValidator(_no_items)] = Field(default=[], alias="podIPs")


class Pod(_Read):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    spec: Annotated[PodSpec, BeforeValidator(_no_members)] = PodSpec()
    status: Annotated[PodStatus, BeforeValidator(_no_members)] = PodStatus()


class NodeAddress(_Read):
    type: _Text = ""
    address: _Text = ""


class NodeStatus(_Read):
    addresses: Annotated[list[NodeAddress], BeforeValidator(_no_items)] = []


class KubernetesNode(_Read):
    metadata: Annotated[Metadata, BeforeValidator(_no_members)] = Metadata()
    status: Annotated[NodeStatus, BeforeValidator(_no_members)] = NodeStatus()


_Key = tuple[str, str]


@dataclass
class Objects:
    """Objects by namespace and name; of two of one kind and name the later one counts."""

    services: dict[_Key, Service] = field(default_factory=dict[_Key, Service])
    slices: dict[_Key, EndpointSlice] = field(default_factory=dict[_Key, EndpointSlice])
    endpoints: dict[_Key, Endpoints] = field(default_factory=dict[_Key, Endpoints])
    pods: dict[_Key, Pod] = field(default_factory=dict[_Key, Pod])
    nodes: dict[_Key, KubernetesNode] = field(default_factory=dict[_Key, KubernetesNode])


# By API group and kind, whatever the version: the model and the attribute of `Objects`.
_READ: dict[tuple[str, str], tuple[type[_Read], str]] = {
    ("", "Service"): (Service, "services"),
    ("discovery.k8s.io", "EndpointSlice"): (EndpointSlice, "slices"),
    ("", "Endpoints"): (Endpoints, "endpoints"),
    ("", "Pod"): (Pod, "pods"),
    ("", "Node"): (KubernetesNode, "nodes"),
}


def read_objects(objects: Iterable[Any], kinds: Iterable[str] = ()) -> Objects:
    """Read the objects that matter, lists of them included; others are passed over.

    Raises:
        KubernetesError: something is not an object, or one of the objects is not valid.
    """
    found = Objects()
    wanted = {*kinds}
    for value in _flat(objects):
        version = value.get("apiVersion")
        group = version.rpartition("/")[0] if isinstance(version, str) else ""
        kind = value.get("kind")
        model, attribute = _READ.get((group, str(kind)), (None, ""))
        if model is None or (wanted and kind not in wanted):
            continue
        each: Any = _validated(model, str(kind), value)
        table: dict[_Key, Any] = getattr(found, attribute)
        table[each.metadata.namespace, each.metadata.name] = each
    return found


def _flat(objects: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Objects one after another, those in lists included (`List`, `ServiceList`)."""
    for index, value in enumerate(objects):
        if not isinstance(value, Mapping):
            raise KubernetesError("object", f"number {index}", "", "not a JSON object")
        each: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        items: Any = each.get("items")
        kind = str(each.get("kind"))
        if not kind.endswith("List") or items is None:
            yield each
            continue
        if not isinstance(items, list):
            raise KubernetesError(kind, "", "/items", "not an array")
        # The items of a list of one kind need not name their kind again.
        inherited: dict[str, Any] = {}
        if kind != "List":
            inherited = {"kind": kind.removesuffix("List"), "apiVersion": each.get("apiVersion")}
        for place, item in enumerate(items):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            if not isinstance(item, Mapping):
                raise KubernetesError(kind, "", f"/items/{place}", "not a JSON object")
            yield {**inherited, **item}


def _validated(model: type[_Read], kind: str, value: Mapping[str, Any]) -> _Read:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = pointer(first["loc"])
        raise KubernetesError(kind, _name_of(value), place, _reason(first)) from None


def _reason(error: Any) -> str:
    found = "" if isinstance(error["input"], dict | list) else f", found {error['input']!r}"
    return f"{error['msg']}{found}"


def _name_of(value: Mapping[str, Any]) -> str:
    metadata: Any = value.get("metadata")
    if not isinstance(metadata, Mapping):
        return "without a name"
    names: list[Any] = [metadata.get(key) for key in ("namespace", "name")]  # pyright: ignore
    return "/".join(name for name in names if isinstance(name, str) and name) or "without a name"
