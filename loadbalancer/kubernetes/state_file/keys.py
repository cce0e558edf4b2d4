"""The keys that objects of a state file may have, as Kubernetes defines them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["ENDPOINT_SLICE", "SERVICE", "STATE_FILE", "Keys"]

Keys: TypeAlias = "Mapping[str, Keys | None]"
"""The keys of an object, with those of the objects below; None where any value may stand."""


def _any(*names: str) -> dict[str, Keys | None]:
    return dict.fromkeys(names)


_METADATA: Keys = _any(
    *("annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp"),
    *("finalizers", "generateName", "generation", "labels", "managedFields", "name", "namespace"),
    *("ownerReferences", "resourceVersion", "selfLink", "uid"),
)
_OBJECT: dict[str, Keys | None] = {"apiVersion": None, "kind": None, "metadata": _METADATA}
_PORT = _any("appProtocol", "name", "port", "protocol")
_INGRESS = _any("hostname", "ip", "ipMode", "ports")

SERVICE: Keys = {
    **_OBJECT,
    "spec": {
        **_any(
            *("allocateLoadBalancerNodePorts", "clusterIP", "clusterIPs", "externalIPs"),
            *("externalName", "externalTrafficPolicy", "healthCheckNodePort", "ipFamilies"),
            *("internalTrafficPolicy", "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP"),
            *("loadBalancerSourceRanges", "publishNotReadyAddresses", "selector"),
            *("sessionAffinity", "trafficDistribution", "type"),
        ),
        "ports": _PORT | _any("nodePort", "targetPort"),
        "sessionAffinityConfig": {"clientIP": _any("timeoutSeconds")},
    },
    "status": {"conditions": None, "loadBalancer": {"ingress": _INGRESS}},
}
ENDPOINT_SLICE: Keys = {
    **_OBJECT,
    "addressType": None,
    "ports": _PORT,
    "endpoints": {
        **_any("addresses", "deprecatedTopology", "hostname", "nodeName", "targetRef", "zone"),
        "conditions": _any("ready", "serving", "terminating"),
        "hints": {"forNodes": None, "forZones": _any("name")},
    },
}
STATE_FILE: Keys = {"services": None, "endpoints": None}
