"""Audits: known differences that are not findings, their order, and nodes that disagree."""

from __future__ import annotations

from loadbalancer import (
    SVC,
    Backend,
    L3n4Addr,
    L3n4AddrID,
    ServiceName,
    SvcFlagParam,
    SVCTrafficPolicy,
    SVCType,
    new_svc_flag,
)
from loadbalancer.audit import (
    MEANINGS,
    UNSAID_IN_TEXT,
    Disagreement,
    Finding,
    audit,
    audit_datapath,
    by_severity,
    disagreements,
    notes,
)
from loadbalancer.datapath import DatapathEntry


def svc(
    frontend: str,
    *backends: str,
    name: str = "shop/web",
    type: SVCType = SVCType.ClusterIP,
    int_policy: SVCTrafficPolicy = SVCTrafficPolicy.Cluster,
) -> SVC:
    address = L3n4Addr.parse(frontend)
    namespace, _, rest = name.partition("/")
    return SVC(
        frontend=L3n4AddrID(
            addr_cluster=address.addr_cluster,
            protocol=address.protocol,
            port=address.port,
            scope=address.scope,
        ),
        backends=[backend(each) for each in backends],
        type=type,
        ext_traffic_policy=SVCTrafficPolicy.Cluster,
        int_traffic_policy=int_policy,
        name=ServiceName(namespace=namespace, name=rest),
    )


def backend(text: str, weight: int = 100) -> Backend:
    address = L3n4Addr.parse(text)
    return Backend(
        addr_cluster=address.addr_cluster,
        protocol=address.protocol,
        port=address.port,
        weight=weight,
    )


WEB = svc("10.96.0.1:80/TCP", "10.0.0.1:8080/TCP")


def test_a_finding_says_what_is_wrong() -> None:
    assert audit([WEB], []) == [
        Finding(
            kind="missing-service",
            frontend="10.96.0.1:80",
            backend=None,
            expected=None,
            found=None,
            severity="error",
            message="shop/web (ClusterIP) should be at 10.96.0.1:80/TCP and is not listed",
            service="shop/web",
            type="ClusterIP",
            protocol="TCP",
        )
    ]


def test_two_services_of_one_port_are_told_apart_by_protocol() -> None:
    tcp = svc("10.96.0.1:53/TCP", "10.0.0.1:53/TCP")
    udp = svc("10.96.0.1:53/UDP", "10.0.0.2:53/UDP")
    assert audit([tcp, udp], [udp, tcp]) == []
    assert [each.kind for each in audit([tcp], [udp])] == ["extra-service", "missing-service"]
    # An agent that does not know protocols has one service for both.
    assert audit([tcp, udp], [svc("10.96.0.1:53", "10.0.0.1:53")]) == []


def test_both_policies_are_findings_of_their_own() -> None:
    found = WEB.deep_copy()
    found.ext_traffic_policy = found.int_traffic_policy = SVCTrafficPolicy.Local
    assert [each.message for each in audit([WEB], [found])] == [
        f"the {which} traffic policy of shop/web at 10.96.0.1:80/TCP is Local and should be Cluster"
        for which in ("external", "internal")
    ]


def test_redirect_services_are_a_note() -> None:
    redirect = svc("169.254.20.10:53", "10.0.0.9:53", type=SVCType.LocalRedirect)
    taken_over = svc("10.96.0.1:80/TCP", "10.0.0.9:53", type=SVCType.LocalRedirect)
    suffixed = svc(
        "10.96.0.1:80", "10.0.0.1:8080", name="shop/web-local-redirect", type=SVCType.LocalRedirect
    )
    for other in (taken_over, suffixed):
        assert audit([WEB], [other, redirect]) == []
        assert notes([WEB], [other, redirect]) == [
            "2 LocalRedirect service(s) were not compared: the policies that they come from were "
            "not given."
        ]
    # With the backends of the service it is not a policy's doing.
    mistaken = svc("10.96.0.1:80", "10.0.0.1:8080", type=SVCType.LocalRedirect)
    assert [each.kind for each in audit([WEB], [mistaken])] == ["wrong-type"]


def test_services_of_the_agents_own_are_a_note() -> None:
    own = svc("10.96.9.9:80", "10.0.0.1:80", name="/")
    assert audit([WEB], [WEB, own]) == []
    assert notes([WEB], [WEB, own]) == [
        "1 service(s) without a name were not compared: the agent restored them or set them up "
        "for itself."
    ]
    assert notes([WEB], [WEB]) == []
    restored = svc("10.96.0.1:80", "10.0.0.1:8080", name="/")
    assert audit([WEB], [restored]) == []


def test_what_a_text_table_does_not_say_is_not_looked_for() -> None:
    nameless = svc("10.96.0.1:80", "10.0.0.1:8080", name="/")
    extra = svc("10.96.9.9:80", "10.0.0.1:80", name="/")
    local = WEB.deep_copy()
    local.ext_traffic_policy = SVCTrafficPolicy.Local
    found = audit([local], [nameless, extra], omitted=UNSAID_IN_TEXT)
    assert [(each.kind, each.frontend) for each in found] == [("extra-service", "10.96.9.9:80")]


def test_a_proxy_stands_for_all_backends() -> None:
    for address in ("127.0.0.1:10000", "[::1]:10000"):
        proxied = svc("10.96.0.1:80/TCP", address)
        assert audit([WEB], [proxied]) == []
        assert audit_datapath([proxied], [DatapathEntry(WEB.frontend, CLUSTER_IP)]) == []


def test_a_host_port_may_have_the_uid_of_its_pod_in_the_name() -> None:
    want = svc("192.0.2.1:80", name="shop/pod/host-port/80", type=SVCType.HostPort)
    want.backends = [backend("10.0.0.1:80", weight=0)]
    have = svc("192.0.2.1:80/TCP", "10.0.0.1:80/TCP", type=SVCType.HostPort)
    have.name = ServiceName(namespace="shop", name="pod/host-port/80/0a1b-2c3d")
    assert audit([want], [have]) == []
    have.name = ServiceName(namespace="shop", name="pod/host-port/8080")
    assert [each.kind for each in audit([want], [have])] == ["wrong-name"]


CLUSTER_IP = new_svc_flag(SvcFlagParam(svc_type=SVCType.ClusterIP))


def test_behind_a_layer_7_proxy_the_kernel_has_no_backends() -> None:
    flags = new_svc_flag(SvcFlagParam(svc_type=SVCType.ClusterIP, l7_load_balancer=True))
    assert audit_datapath([WEB], [DatapathEntry(WEB.frontend, flags)]) == []


def test_the_kernel_lacks_more_than_the_slots_that_are_not_found() -> None:
    service = svc("10.96.0.1:80", "10.0.0.1:80", "10.0.0.2:80")
    entry = DatapathEntry(service.frontend, CLUSTER_IP, (), (7,))
    assert [(each.kind, each.backend) for each in audit_datapath([service], [entry])] == [
        ("bpf-backend-not-found", None),
        ("bpf-missing-backend", "10.0.0.1:80"),
        ("bpf-missing-backend", "10.0.0.2:80"),
    ]


def test_the_order_is_that_of_the_texts() -> None:
    listed = [svc(f"{ip}:{port}") for ip in ("10.96.0.9", "10.96.0.10") for port in (80, 443)]
    assert [each.frontend for each in audit(listed, [])] == [
        "10.96.0.10:443",
        "10.96.0.10:80",
        "10.96.0.9:443",
        "10.96.0.9:80",
    ]


def test_by_severity_the_gravest_come_first() -> None:
    renamed = svc("10.96.0.1:80", "10.0.0.2:8080", name="shop/other")
    extra = svc("10.96.0.0:80")
    found = audit([WEB, svc("10.96.0.7:80")], [renamed, extra])
    assert [each.kind for each in by_severity(found)] == [
        "missing-service",
        "missing-backend",
        "stale-backend",
        "extra-service",
        "wrong-name",
    ]
    severities = [each.severity for each in MEANINGS.values()]
    assert severities == sorted(severities)


def test_meanings_are_sentences() -> None:
    assert [kind for kind, each in MEANINGS.items() if not each.text.endswith(".")] == []


def test_nodes_that_list_the_same_agree() -> None:
    local = svc("10.96.0.2:80", "10.0.0.1:80", int_policy=SVCTrafficPolicy.Local)
    other = svc("10.96.0.2:80", "10.0.0.2:80", int_policy=SVCTrafficPolicy.Local)
    node_port = svc("192.0.2.1:30000", type=SVCType.NodePort)
    without_protocol = svc("10.96.0.1:80", "10.0.0.1:8080")
    assert disagreements({}) == disagreements({"a": [WEB]}) == []
    assert disagreements({"a": [WEB, local, node_port], "b": [without_protocol, other]}) == []
    # A node on which a policy took the address over has no say.
    redirect = svc("10.96.0.1:80", "10.0.0.9:80", type=SVCType.LocalRedirect)
    assert disagreements({"a": [WEB], "b": [redirect]}) == []


def test_nodes_that_disagree() -> None:
    two = svc("10.96.0.1:80/TCP", "10.0.0.10:80/TCP", "10.0.0.9:80/TCP")
    two.backends[0].state = two.backends[0].state.QUARANTINED
    found = disagreements({"a": [WEB], "b": [two], "c": [WEB], "d": []})
    assert found == [
        Disagreement(
            "10.96.0.1:80",
            "shop/web",
            (
                (("a", "c"), ("10.0.0.1:8080",)),
                (("b",), ("10.0.0.9:80", "10.0.0.10:80 (quarantined)")),
                (("d",), None),
            ),
        )
    ]
