"""From Kubernetes objects to services, for clusters of growing size."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from loadbalancer.kubernetes import Node, reflect

from .timing import compare

__all__ = ["reflection"]

_ENDPOINTS = 10


def cluster(services: int) -> list[dict[str, Any]]:
    """Services of ten endpoints each, as the API server has them."""
    objects: list[dict[str, Any]] = []
    for number in range(services):
        high, low = divmod(number, 250)
        metadata = {"name": f"svc-{number}", "namespace": "shop"}
        objects.append(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": metadata,
                "spec": {
                    "type": "ClusterIP",
                    "clusterIP": f"10.96.{high}.{low + 1}",
                    "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
                },
            }
        )
        endpoints = [
            {
                "addresses": [f"10.{place}.{high}.{low + 1}"],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "nodeName": f"node-{place}",
            }
            for place in range(_ENDPOINTS)
        ]
        objects.append(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "addressType": "IPv4",
                "metadata": {
                    "name": f"svc-{number}-1",
                    "namespace": "shop",
                    "labels": {"kubernetes.io/service-name": f"svc-{number}"},
                },
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
                "endpoints": endpoints,
            }
        )
    return objects


def reflection() -> None:
    """`reflect` beside `json.loads` of the same objects."""
    print("\nKubernetes objects → services, ten endpoints each: ratio to json.loads")
    node = Node(name="node-1")
    for services in (1_000, 10_000):
        objects = cluster(services)
        text = json.dumps(objects)
        loaded, reflected = compare(
            {"json.loads": partial(json.loads, text), "reflect": partial(reflect, objects, node)},
            rounds=3,
        )
        each = reflected.seconds / (services * _ENDPOINTS) * 1e6
        print(
            f"  {services:>6,} services: {reflected.seconds:6.2f} s, {each:5.1f} us an endpoint, "
            f"{reflected.ratio:5.1f} (json.loads {loaded.seconds:.2f} s)"
        )
