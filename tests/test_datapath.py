"""Reading `cilium bpf lb list`."""

from __future__ import annotations

import pytest

from loadbalancer import L3n4Addr, L3n4AddrID, LoadBalancerError, ServiceFlags
from loadbalancer.datapath import DatapathEntry, DatapathError, read_bpf
from loadbalancer.domain.service_flags import parse_service_flags
from loadbalancer.dumps.bpf.maps_dump import leftover_rows


def frontend(text: str, id: int) -> L3n4AddrID:
    address = L3n4Addr.parse(text)
    return L3n4AddrID(
        addr_cluster=address.addr_cluster,
        protocol=address.protocol,
        port=address.port,
        scope=address.scope,
        id=id,
    )


def flags(text: str) -> ServiceFlags:
    return parse_service_flags(text)[0]


A, B = (L3n4Addr.parse(text) for text in ("10.0.0.1:8080", "10.0.0.2:8080"))
CLUSTER_IP = flags("ClusterIP, non-routable")
HEAD = "SERVICE ADDRESS    BACKEND ADDRESS (REVNAT_ID) (SLOT)\n"


def test_a_table_up_to_1_11() -> None:
    text = """\
SERVICE ADDRESS      BACKEND ADDRESS
10.96.0.1:80         10.0.0.2:8080 (7)
                     0.0.0.0:0 (7) [ClusterIP, non-routable]
                     10.0.0.1:8080 (7)
[fd00::1]:443/i      [::]:0 (8) [NodePort, Local]
"""
    assert read_bpf(text) == [
        DatapathEntry(frontend("10.96.0.1:80", 7), CLUSTER_IP, (), (B, A)),
        DatapathEntry(frontend("[fd00::1]:443/i", 8), flags("NodePort, Local")),
    ]


def test_a_table_of_1_12_with_the_slots_in_any_order() -> None:
    text = (
        HEAD
        + """\
10.96.0.1:80       10.0.0.2:8080 (7) (3)
                   backend 5 not found
                   10.0.0.1:8080 (7) (1)
                   0.0.0.0:0 (7) (0) [ClusterIP, non-routable]
"""
    )
    assert read_bpf(text) == [DatapathEntry(frontend("10.96.0.1:80", 7), CLUSTER_IP, (), (A, 5, B))]


def test_a_table_from_1_14_on() -> None:
    text = (
        HEAD
        + """\
10.96.0.1:80 (2)   10.0.0.2:8080 (7) (2)
10.96.0.9:80 (0)   0.0.0.0:0 (9) (0) [LoadBalancer, l7-load-balancer] (L7LB Proxy Port: 10003)
10.96.0.1:80 (1)   backend 5 not found
10.96.0.1:80 (0)   0.0.0.0:0 (7) (0) [ClusterIP, non-routable] \n"""
    )
    assert read_bpf(text) == [
        DatapathEntry(frontend("10.96.0.1:80", 7), CLUSTER_IP, (), (5, B)),
        DatapathEntry(
            frontend("10.96.0.9:80", 9),
            flags("LoadBalancer, l7-load-balancer"),
            l7lb_proxy_port=10003,
        ),
    ]


def test_a_table_from_1_17_on() -> None:
    text = (
        HEAD
        + """\
10.96.0.1:53/TCP (0)     0.0.0.0:0 (7) (0) [LoadBalancer, check source-range, deny, dsr]
10.96.0.1:53/UDP/i (0)   0.0.0.0:0 (8) (0) [ClusterIP, non-routable]
10.96.0.1:53/UDP/i (1)   10.0.0.1:8080/UDP (8) (1)
10.96.0.1:0/ANY (0)      0.0.0.0:0 (0) (0) [ClusterIP, non-routable]
"""
    )
    udp = L3n4Addr.parse("10.0.0.1:8080/UDP")
    read = read_bpf(text)
    assert read == [
        DatapathEntry(
            frontend("10.96.0.1:53/TCP", 7),
            flags("LoadBalancer, check source-range"),
            ("deny", "dsr"),
        ),
        DatapathEntry(frontend("10.96.0.1:53/UDP/i", 8), CLUSTER_IP, (), (udp,)),
        DatapathEntry(frontend("10.96.0.1:0", 0), CLUSTER_IP),
    ]
    assert [each.is_wildcard for each in read] == [False, False, True]


def test_a_map_as_json() -> None:
    text = '{"10.96.0.1:80": ["10.0.0.1:8080 (7)", "0.0.0.0:0 (7) [ClusterIP, non-routable]"]}'
    assert read_bpf(text) == [DatapathEntry(frontend("10.96.0.1:80", 7), CLUSTER_IP, (), (A,))]


def test_a_frontend_without_slot_0_has_no_flags() -> None:
    read = read_bpf("10.96.0.1:80 (1)   10.0.0.1:8080 (7) (1)")
    assert read == [DatapathEntry(frontend("10.96.0.1:80", 7), None, (), (A,), has_slot_0=False)]


@pytest.mark.parametrize("text", [HEAD, "{}", "\ufeff" + HEAD, "No entries found.\n"])
def test_empty_maps(text: str) -> None:
    assert read_bpf(text) == []


def test_lines_may_end_as_on_windows() -> None:
    text = HEAD + "10.96.0.1:80       0.0.0.0:0 (7) (0) [ClusterIP, non-routable]"
    assert read_bpf(text.replace("\n", "\r\n")) == read_bpf(text) != []


SLOT = "10.96.0.1:80   0.0.0.0:0 (7) (0) [ClusterIP]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this is not the output of `cilium bpf lb list`"),
        (HEAD + "10.0.0.1:80 (0)\n", "line 2: this is not a row of `cilium bpf lb list`"),
        ("   10.0.0.1:80 (7)", "line 1: there is no frontend in front of the row or above it"),
        (SLOT + SLOT, "line 2: slot 0 is there twice"),
        (SLOT + "   10.0.0.1:1 (7) (1)\n   10.0.0.2:1 (7) (1)", "line 3: slot 1 is there twice"),
        (
            "10.96.0.1:80   a slot",
            "line 1: this is neither a backend nor the flags of a frontend",
        ),
        (
            "10.96.0.1:80   0.0.0.0:0 (7) [ClusterIP, new]",
            'line 1: unknown service flag "new"',
        ),
        ("{", "line 1: invalid JSON: Expecting property name enclosed in double quotes"),
        ('{"a":' * 100_000, "invalid JSON: it is nested too deeply"),
        ('{"10.96.0.1:80/TCP (0)": 1}', "/10.96.0.1:80~1TCP (0): this is not a list of texts"),
        ('{"10.96.0.1:80": [1]}', "/10.96.0.1:80/0: this is not a text"),
        ('{"a b": ["10.0.0.1:80 (7)"]}', "/a b/0: this is not a frontend"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DatapathError) as refused:
        read_bpf(text)
    assert str(refused.value) == message
    assert isinstance(refused.value, LoadBalancerError)


@pytest.mark.parametrize("address", ["10.96.0.1", "10.96.0.1:99999", "10.96.0.256:80", "a:80"])
def test_what_is_no_address_is_told_with_its_place(address: str) -> None:
    with pytest.raises(DatapathError) as refused:
        read_bpf(HEAD + f"{address}   0.0.0.0:0 (7) [ClusterIP]")
    assert refused.value.place == "line 2"


def test_ids_have_a_range() -> None:
    with pytest.raises(DatapathError, match=r"^line 1: 65536 is beyond 65535$"):
        read_bpf("10.96.0.1:80   0.0.0.0:0 (65536) [ClusterIP]")


MAPS = """\
AFF: ID=1 BEID=2
AFF: ID=7 BEID=2
BE: ID=1 ADDR=10.0.0.1:8080/TCP STATE=active
BE: ID=2 ADDR=10.0.0.2:8080/TCP STATE=active
MAGLEV: ID=7 INNER=[1(511), 2(510)]
REV: ID=1 ADDR=10.96.0.1:80
REV: ID=9 ADDR=10.96.0.9:80
SVC: ID=1 ADDR=10.96.0.1:80/TCP SLOT=0 LBALG=undef AFFTimeout=0 COUNT=2 QCOUNT=0 FLAGS=ClusterIP+non-routable
SVC: ID=1 ADDR=10.96.0.1:80/TCP SLOT=1 BEID=1 COUNT=0 QCOUNT=0 FLAGS=ClusterIP+non-routable
SVC: ID=1 ADDR=10.96.0.1:80/TCP SLOT=2 BEID=2 COUNT=0 QCOUNT=0 FLAGS=ClusterIP+non-routable
"""  # noqa: E501


def test_the_maps_as_the_shell_prints_them() -> None:
    backends = (L3n4Addr.parse("10.0.0.1:8080/TCP"), L3n4Addr.parse("10.0.0.2:8080/TCP"))
    assert read_bpf(MAPS) == [
        DatapathEntry(frontend("10.96.0.1:80/TCP", 1), CLUSTER_IP, (), backends, count=2)
    ]


def test_rows_of_services_that_are_gone() -> None:
    assert leftover_rows(MAPS) == {("affinity", 7): 1, ("Maglev", 7): 1, ("reverse NAT", 9): 1}
    without_ids = "".join(x for x in MAPS.splitlines(keepends=True) if not x.startswith("SVC"))
    assert leftover_rows(without_ids) == {}
    assert leftover_rows("SERVICE ADDRESS    BACKEND ADDRESS (REVNAT_ID) (SLOT)\n") == {}
