"""State files: what is written is read back, and what cannot be said is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    L3n4AddrID,
    L4Type,
    ServiceName,
    SVCTrafficPolicy,
    SVCType,
)
from loadbalancer.kubernetes import (
    Node,
    StateFileError,
    read_state_file,
    write_state_file,
)


def service(**changes: Any) -> SVC:
    facts: dict[str, Any] = {
        "frontend": L3n4AddrID(
            addr_cluster=AddrCluster("10.96.0.1"), protocol=L4Type.TCP, port=80, id=0
        ),
        "backends": [Backend(addr_cluster=AddrCluster("10.0.0.1"), protocol=L4Type.TCP, port=8080)],
        "type": SVCType.ClusterIP,
        "ext_traffic_policy": SVCTrafficPolicy.Cluster,
        "int_traffic_policy": SVCTrafficPolicy.Cluster,
        "name": ServiceName(namespace="shop", name="web"),
    }
    return SVC(**{**facts, **changes})


@st.composite
def services(draw: st.DrawFn) -> list[SVC]:
    """ClusterIP services, of which a file has all but ids and port names."""
    numbers = draw(st.lists(st.integers(1, 200), unique=True, max_size=6))
    protocol = draw(st.sampled_from([L4Type.TCP, L4Type.UDP, L4Type.SCTP]))
    return [
        service(
            frontend=L3n4AddrID(
                addr_cluster=AddrCluster(f"10.96.0.{number}"),
                protocol=protocol,
                port=draw(st.integers(1, 65535)),
            ),
            backends=[
                Backend(
                    addr_cluster=AddrCluster(f"10.0.{number}.{each}"),
                    protocol=protocol,
                    port=draw(st.integers(1, 65535)),
                    node_name=draw(st.sampled_from(["", "node-1"])),
                    state=draw(st.sampled_from([BackendState.ACTIVE, BackendState.TERMINATING])),
                    preferred=True,
                )
                for each in draw(st.lists(st.integers(1, 9), unique=True, max_size=4))
            ],
            int_traffic_policy=draw(
                st.sampled_from([SVCTrafficPolicy.Cluster, SVCTrafficPolicy.Local])
            ),
            session_affinity=(affinity := draw(st.booleans())),
            session_affinity_timeout_sec=draw(st.integers(1, 86400)) if affinity else 0,
            name=ServiceName(namespace="shop", name=draw(st.sampled_from(["", f"web-{number}"]))),
        )
        for number in numbers
    ]


@given(services())
def test_what_is_written_is_read_back(written: list[SVC]) -> None:
    found = read_state_file(write_state_file(written), node=Node(name="node-1"))
    for each in [*found, *written]:
        each.backends = sorted(each.backends, key=str)
    assert sorted(found, key=repr) == sorted(written, key=repr)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"backends": [Backend(addr_cluster=AddrCluster("10.0.0.1"), port=1, weight=7)]},
            "shop/web 10.96.0.1:80/TCP: backend 10.0.0.1:1 (node '', active, weight 7, zone '', "
            "TCP) is not representable: node '', active, weight 100, zone '', TCP",
        ),
        (
            {"name": ServiceName(namespace="shop", name="web", cluster="far")},
            "far/shop/web 10.96.0.1:80/TCP: name far/shop/web is not representable, it would be "
            "shop/web",
        ),
    ],
)
def test_what_is_not_representable_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StateFileError) as caught:
        write_state_file([service(**changes)])
    assert str(caught.value) == message


def test_yaml_is_read() -> None:
    text = """
services:
- metadata: {name: web, namespace: shop}
  spec: {type: ClusterIP, clusterIP: 10.96.0.1, ports: [{port: 80, protocol: TCP}]}
endpoints:
- metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
  addressType: IPv4
  ports: [{port: 8080}]
  endpoints: [{addresses: [10.0.0.1]}]
"""
    backend = Backend(
        addr_cluster=AddrCluster("10.0.0.1"), protocol=L4Type.TCP, port=8080, preferred=True
    )
    assert read_state_file(text) == [service(backends=[backend])]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a state file: expected one object with services and endpoints"),
        ("[]", "not a state file: expected one object with services and endpoints"),
        ("{", "not JSON: line 1, column 2: Expecting property name enclosed in double quotes"),
        ('{"services": 1}', "not a state file: /services is not an array"),
        ('{"endpoints": [1]}', "not a state file: /endpoints/0 is not an object"),
    ],
)
def test_another_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(StateFileError) as caught:
        read_state_file(text, node=Node())
    assert str(caught.value) == message
