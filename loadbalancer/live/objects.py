"""The Kubernetes objects that an audit reads, cut down before they are written anywhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..dumps.json_text.values import is_array, is_object

__all__ = ["CLUSTER_KINDS", "cut_object", "cut_pod"]

CLUSTER_KINDS = {
    "services": "k8s-services",
    "endpointslices.discovery.k8s.io": "k8s-endpointslices",
    "nodes": "k8s-nodes",
    "ciliumlocalredirectpolicies.cilium.io": "ciliumlocalredirectpolicies",
    "ciliumnodeconfigs.cilium.io": "ciliumnodeconfigs",
    "pods": "k8s-pods",
}
"""The kinds that are read, and the names of their files."""

_POD_METADATA = ("name", "namespace", "uid", "deletionTimestamp")
_PORT = ("name", "containerPort", "hostPort", "hostIP", "protocol")
_METADATA = ("name", "namespace", "uid", "labels", "annotations", "deletionTimestamp")
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def cut_object(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without managed fields and the last applied configuration."""
    metadata = _picked(found.get("metadata"), _METADATA)
    annotations = metadata.get("annotations")
    if is_object(annotations):
        metadata["annotations"] = {k: v for k, v in annotations.items() if k != _APPLIED}
    return {**found, "metadata": metadata}


def cut_pod(pod: Mapping[str, Any], with_labels: Collection[str]) -> dict[str, Any]:
    """Return what an audit reads of a Pod: no environment, arguments or annotations.

    Labels are kept in namespaces that have a CiliumLocalRedirectPolicy alone. Of the agents the
    image is kept, which has their release.
    """
    metadata = _picked(pod.get("metadata"), _POD_METADATA)
    if metadata.get("namespace") in with_labels:
        metadata |= _picked(pod.get("metadata"), ("labels",))
    spec: Mapping[str, Any] = pod.get("spec") or {}
    status: Mapping[str, Any] = pod.get("status") or {}
    kept: dict[str, Any] = _picked(spec, ("nodeName", "hostNetwork"))
    for key in ("containers", "initContainers"):
        if is_array(spec.get(key)):
            kept[key] = [*_containers(spec[key])]
    conditions = status.get("conditions")
    kept_status = _picked(status, ("phase", "podIP", "podIPs"))
    kept_status["conditions"] = [
        _picked(each, ("type", "status"))
        for each in (conditions if is_array(conditions) else ())
        if is_object(each) and each.get("type") == "Ready"
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": kept,
        "status": kept_status,
    }


def _containers(containers: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for each in containers:
        kept = _picked(each, ("name",))
        if kept.get("name") == "cilium-agent":
            kept |= _picked(each, ("image",))
        ports = each.get("ports") if is_object(each) else None
        if is_array(ports):
            kept["ports"] = [_picked(port, _PORT) for port in ports]
        yield kept


def _picked(value: object, keys: Iterable[str]) -> dict[str, Any]:
    if not is_object(value):
        return {}
    return {key: value[key] for key in keys if value.get(key) is not None}
