"""Objects that are read, passed over or refused, and the rules that the vectors do not show."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from loadbalancer import AddressError, LoadBalancerError
from loadbalancer.kubernetes import (
    KubernetesError,
    Node,
    expected_services,
    node_from_objects,
    reflect,
)

NODE = Node(name="node-1", addresses=("0.0.0.0", "192.0.2.1"))
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "type": "ClusterIP",
        "clusterIP": "10.96.0.1",
        "ports": [{"port": 80, "protocol": "TCP"}],
    },
}
SLICE: dict[str, Any] = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {
        "name": "web-1",
        "namespace": "shop",
        "labels": {"kubernetes.io/service-name": "web"},
    },
    "addressType": "IPv4",
    "ports": [{"port": 8080}],
    "endpoints": [{"addresses": ["10.0.0.1"], "nodeName": "node-2"}],
}


def told(objects: list[Any], node: Node = NODE, release: str = "1.13") -> dict[str, list[str]]:
    """Frontends with protocol, and their backends with state."""
    return {
        svc.frontend.string_with_protocol(): [f"{each} {each.state}" for each in svc.backends]
        for svc in reflect(objects, node, release=release)
    }


def with_(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = deepcopy(base)
    *above, last = path.split(".")
    at: Any = changed
    for key in above:
        at = at[int(key) if key.isdigit() else key]
    at[last] = value
    return changed


FOUND = {"10.96.0.1:80/TCP": ["10.0.0.1:8080 active"]}


@pytest.mark.parametrize(
    "objects",
    [
        [SERVICE, SLICE],
        [SLICE, SERVICE],
        [{"kind": "List", "apiVersion": "v1", "items": [SERVICE, SLICE]}],
        [
            {"kind": "ServiceList", "apiVersion": "v1", "items": [{**SERVICE, "kind": "Service"}]},
            {
                "kind": "EndpointSliceList",
                "apiVersion": "discovery.k8s.io/v1",
                "items": [{k: v for k, v in SLICE.items() if k not in ("kind", "apiVersion")}],
            },
        ],
        [{"kind": "Service", "apiVersion": "serving.knative.dev/v1", "spec": 1}, SERVICE, SLICE],
        [{"kind": "ConfigMap", "apiVersion": "v1", "data": {}}, SERVICE, SLICE],
        [with_(SERVICE, "spec.clusterIP", "10.96.0.9"), SERVICE, SLICE],
        [with_(SERVICE, "spec.externalIPs", None), with_(SLICE, "endpoints.0.conditions", None)],
    ],
)
def test_objects_in_any_mix(objects: list[Any]) -> None:
    assert told(objects) == FOUND


def test_endpoints_count_for_a_service_without_slices() -> None:
    endpoints = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "web", "namespace": "shop"},
        "subsets": [
            {"addresses": [{"ip": "10.0.0.7", "nodeName": "node-1"}], "ports": [{"port": 81}]}
        ],
    }
    assert told([SERVICE, endpoints]) == {"10.96.0.1:80/TCP": ["10.0.0.7:81 active"]}
    assert told([SERVICE, endpoints, SLICE]) == FOUND
    assert told([SERVICE]) == {}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            with_(SERVICE, "spec.ports.0.port", "80"),
            "Service shop/web at /spec/ports/0/port: Input should be a valid integer, found '80'",
        ),
        (
            with_(SERVICE, "spec.ports.0.port", 65536),
            "Service shop/web at /spec/ports/0/port: "
            "Input should be less than or equal to 65535, found 65536",
        ),
        (
            with_(SERVICE, "metadata.labels", {"a/b": 1}),
            "Service shop/web at /metadata/labels/a~1b: Input should be a valid string, found 1",
        ),
        (
            with_(SLICE, "endpoints.0.addresses", "10.0.0.1"),
            "EndpointSlice shop/web-1 at /endpoints/0/addresses: "
            "Input should be a valid list, found '10.0.0.1'",
        ),
        ({"kind": "ServiceList", "items": 3}, "ServiceList  at /items: not an array"),
        (7, "object number 1: not a JSON object"),
    ],
)
def test_what_is_not_valid_is_named(changed: Any, message: str) -> None:
    with pytest.raises(KubernetesError) as caught:
        reflect([SERVICE, changed], NODE)
    assert str(caught.value) == message


def test_ports_of_one_number_are_told_apart_by_protocol_from_1_17_on() -> None:
    dns = with_(
        SERVICE,
        "spec.ports",
        [
            {"name": "udp", "port": 53, "protocol": "UDP"},
            {"name": "tcp", "port": 53, "protocol": "TCP"},
        ],
    )
    ports = [
        {"name": "udp", "port": 53, "protocol": "UDP"},
        {"name": "tcp", "port": 53, "protocol": "TCP"},
    ]
    objects = [dns, with_(SLICE, "ports", ports)]
    assert [*told(objects)] == ["10.96.0.1:53/UDP"]
    assert [*told(objects, release="1.17")] == ["10.96.0.1:53/UDP", "10.96.0.1:53/TCP"]
    assert len(expected_services(objects, NODE, release="v1.18.2")) == 2


@pytest.mark.parametrize(
    ("conditions", "before", "since"),
    [
        ({"ready": True, "terminating": True}, "terminating", "active"),
        ({"ready": False, "terminating": True, "serving": True}, "terminating", "terminating"),
        ({"ready": False, "terminating": True}, "terminating", "terminating"),
        ({"ready": False}, None, "maintenance"),
        ({}, "active", "active"),
    ],
)
def test_states_follow_all_conditions_from_1_19_on(
    conditions: dict[str, bool], before: str | None, since: str
) -> None:
    objects = [SERVICE, with_(SLICE, "endpoints.0.conditions", conditions)]
    states = [
        [x.rpartition(" ")[2] for x in told(objects, release=r)["10.96.0.1:80/TCP"]]
        for r in ("1.16", "1.19")
    ]
    assert states == [[before] if before else [], [since]]


def test_a_release_has_to_be_one() -> None:
    with pytest.raises(LoadBalancerError) as caught:
        reflect([], NODE, release="latest")
    assert str(caught.value) == "not a release of Cilium: 'latest', expected such as 1.20"


def test_a_loopback_host_port_is_served_at_the_unspecified_address() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "d"},
        "spec": {
            "nodeName": "node-1",
            "containers": [
                {"ports": [{"containerPort": 1, "hostPort": 2, "hostIP": "127.0.0.1"}]},
            ],
        },
        "status": {"podIP": "10.0.0.5"},
    }
    (svc,) = reflect([pod], NODE)
    assert (str(svc.frontend), svc.loopback_hostport, str(svc.name)) == (
        *("0.0.0.0:2", True, "d/p/host-port/2"),
    )


def test_a_node_of_its_object() -> None:
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n", "labels": {"topology.kubernetes.io/zone": "z"}},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "192.0.2.1"},
                {"type": "Hostname", "address": "n"},
                {"type": "InternalIP", "address": "2001:db8::1"},
            ]
        },
    }
    assert node_from_objects([node], "n") == Node(
        name="n", zone="z", addresses=("0.0.0.0", "192.0.2.1", "::", "2001:db8::1")
    )
    with pytest.raises(KubernetesError) as caught:
        node_from_objects([node], "m")
    assert str(caught.value) == "Node m: not among the objects; there are: n"
    with pytest.raises(AddressError):
        Node(addresses=("here",))


@pytest.mark.parametrize("release", ["1.13", "1.18", "1.19", "1.20"])
def test_endpoints_of_v1beta1_name_their_node_in_the_topology(release: str) -> None:
    port = {"name": "http", "protocol": "TCP"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.1",
            "clusterIPs": ["10.96.0.1"],
            "ipFamilies": ["IPv4"],
            "ports": [{**port, "port": 80}],
        },
    }
    labels = {"kubernetes.io/service-name": "web"}
    topology = {"kubernetes.io/hostname": "worker-1", "topology.kubernetes.io/zone": "zone-a"}
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1beta1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": labels},
        "addressType": "IPv4",
        "ports": [{**port, "port": 8080}],
        "endpoints": [{"addresses": ["10.0.0.1"], "topology": topology}],
    }
    node = Node(name="worker-1", addresses=("192.0.2.1",))
    [svc] = expected_services([service, endpoints], node, release=release)
    zone = "" if release == "1.13" else "zone-a"
    assert [(str(x), x.node_name, x.zone) for x in svc.backends] == [
        ("10.0.0.1:8080", "worker-1", zone)
    ]
