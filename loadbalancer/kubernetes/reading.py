"""Kubernetes objects read from dictionaries, by kind, namespace and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ..dumps.json_text.positions import pointer
from ..dumps.json_text.values import is_array, is_object
from ..errors import LoadBalancerError
from .objects import (
    Endpoints,
    EndpointSlice,
    KubernetesNode,
    LocalRedirectPolicy,
    NodeConfig,
    Pod,
    ReadObject,
    Service,
)

__all__ = ["KubernetesError", "Objects", "add_objects", "read_objects"]


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


_Key = tuple[str, str]


@dataclass
class Objects:
    """Objects by namespace and name; of two of one kind and name the later one counts."""

    services: dict[_Key, Service] = field(default_factory=dict[_Key, Service])
    slices: dict[_Key, EndpointSlice] = field(default_factory=dict[_Key, EndpointSlice])
    endpoints: dict[_Key, Endpoints] = field(default_factory=dict[_Key, Endpoints])
    pods: dict[_Key, Pod] = field(default_factory=dict[_Key, Pod])
    nodes: dict[_Key, KubernetesNode] = field(default_factory=dict[_Key, KubernetesNode])
    node_configs: dict[_Key, NodeConfig] = field(default_factory=dict[_Key, NodeConfig])
    policies: dict[_Key, LocalRedirectPolicy] = field(
        default_factory=dict[_Key, LocalRedirectPolicy]
    )
    kinds: set[str] = field(default_factory=set[str])
    """The kinds that were there, as `kind` spells them."""


# By API group and kind, whatever the version: the model and the attribute of `Objects`.
_MODELS: dict[tuple[str, str], tuple[type[ReadObject], str]] = {
    ("", "Service"): (Service, "services"),
    ("discovery.k8s.io", "EndpointSlice"): (EndpointSlice, "slices"),
    ("", "Endpoints"): (Endpoints, "endpoints"),
    ("", "Pod"): (Pod, "pods"),
    ("", "Node"): (KubernetesNode, "nodes"),
    ("cilium.io", "CiliumNodeConfig"): (NodeConfig, "node_configs"),
    ("cilium.io", "CiliumLocalRedirectPolicy"): (LocalRedirectPolicy, "policies"),
}


def read_objects(objects: Iterable[Any], kinds: Iterable[str] = ()) -> Objects:
    """Read the objects that matter, lists of them included; others are passed over.

    Raises:
        KubernetesError: something is not an object, or one of the objects is not valid.
    """
    found = Objects()
    add_objects(found, objects, kinds)
    return found


def add_objects(found: Objects, objects: Iterable[Any], kinds: Iterable[str] = ()) -> None:
    """Read objects as `read_objects` does, into those that were read before.

    Raises:
        KubernetesError: something is not an object, or one of the objects is not valid.
    """
    wanted = {*kinds}
    for value in _flat(objects):
        version = value.get("apiVersion")
        group = version.rpartition("/")[0] if isinstance(version, str) else ""
        kind = value.get("kind")
        found.kinds.add(str(kind))
        model, attribute = _MODELS.get((group, str(kind)), (None, ""))
        if model is None or (wanted and kind not in wanted):
            continue
        each: Any = _validated(model, str(kind), _with_topology(value))
        table: dict[_Key, Any] = getattr(found, attribute)
        table[each.metadata.namespace, each.metadata.name] = each


def _with_topology(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object as v1 has it: endpoints of v1beta1 name their node in `topology`."""
    if value.get("apiVersion") != "discovery.k8s.io/v1beta1":
        return value
    endpoints = value.get("endpoints")
    if not is_array(endpoints):
        return value
    renamed = [
        {**each, "deprecatedTopology": each["topology"]}
        if is_object(each) and "topology" in each
        else each
        for each in endpoints
    ]
    return {**value, "endpoints": renamed}


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


def _validated(model: type[ReadObject], kind: str, value: Mapping[str, Any]) -> ReadObject:
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
