"""Properties of addresses: what is read and printed, how they compare, and their hashes."""

from __future__ import annotations

import copy
import ipaddress
import itertools
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbalancer import (
    AddrCluster,
    AddressError,
    L3n4Addr,
    L4ProtocolError,
    L4Type,
    Scope,
    parse_cidr,
)
from loadbalancer.testing.strategies import (
    addr_clusters,
    cidrs,
    ip_addresses,
    ipv4_addresses,
    ipv6_addresses,
    zones,
)

from .strategies import l3n4_addrs, near_addresses

_parts_with_port = st.sampled_from(
    [
        *"019/:@%[]i",
        "10.0.0.1",
        "fd00::1",
        "[fd00::1]:",
        ":80",
        "/TCP",
        "/SCTP",
        "/i",
        "%eth0",
        "@3",
    ]
)


class TestText:
    @given(addr_clusters())
    def test_parse_reads_what_str_prints(self, addr: AddrCluster) -> None:
        again = AddrCluster.parse(str(addr))
        assert (again, str(again), hash(again)) == (addr, str(addr), hash(addr))
        assert facts(again) == facts(addr)

    @given(near_addresses)
    def test_what_is_printed_is_canonical(self, text: str) -> None:
        addr = parsed(text)
        if addr is not None:
            assert str(AddrCluster.parse(str(addr))) == str(addr)
            assert facts(AddrCluster.parse(str(addr))) == facts(addr)

    @given(near_addresses)
    def test_a_text_is_an_address_or_the_one_error(self, text: str) -> None:
        """Whatever else were raised would fail here."""
        assert isinstance(parsed(text), AddrCluster | None)

    @given(ipv4_addresses())
    def test_ipv4_is_printed_as_python_does(self, address: ipaddress.IPv4Address) -> None:
        addr = AddrCluster(str(address))
        assert (str(addr), addr.addr, addr.is4, addr.is6) == (str(address), address, True, False)

    @given(ipv6_addresses())
    def test_ipv6_is_printed_as_python_does_but_for_4_in_6(
        self, address: ipaddress.IPv6Address
    ) -> None:
        mapped = address.ipv4_mapped
        expected = str(address) if mapped is None else f"::ffff:{mapped}"
        for text in (str(address), address.exploded, address.exploded.upper(), expected):
            addr = AddrCluster(text)
            assert (str(addr), addr.addr, addr.is4, addr.is6) == (expected, address, False, True)

    @given(ipv6_addresses(), zones().filter(bool), st.integers(0, 2**32 - 1))
    def test_zone_and_cluster_id_are_kept(
        self, address: ipaddress.IPv6Address, zone: str, cluster_id: int
    ) -> None:
        addr = AddrCluster(f"{address}%{zone}@{cluster_id:015d}")
        assert (addr.addr, addr.zone, addr.cluster_id) == (address, zone, cluster_id)
        assert addr.as20() == address.packed + cluster_id.to_bytes(4, "big")
        assert not addr.is_unspecified


def parsed(text: str) -> AddrCluster | None:
    try:
        return AddrCluster.parse(text)
    except AddressError:
        return None


def facts(addr: AddrCluster) -> tuple[object, ...]:
    return addr.addr, addr.zone, addr.cluster_id, addr.as20(), addr.is4, addr.is6


class TestAddressesWithPort:
    @given(l3n4_addrs)
    def test_parse_reads_what_is_printed(self, addr: L3n4Addr) -> None:
        assert L3n4Addr.parse(addr.string_with_protocol()) == addr
        assert L3n4Addr.parse(str(addr)) == addr.model_copy(update={"protocol": L4Type.NONE})

    @given(l3n4_addrs, st.text(st.sampled_from("a1@]%/:i\n["), min_size=1))
    def test_a_zone_may_hold_anything(self, addr: L3n4Addr, zone: str) -> None:
        """Unless its cluster is 0 and it holds an `@`: that is read as the reference reads it."""
        address = AddrCluster(f"fe80::1%{zone}@{addr.addr_cluster.cluster_id or 7}")
        zoned = addr.model_copy(update={"addr_cluster": address})
        assert L3n4Addr.parse(zoned.string_with_protocol()) == zoned

    @given(st.lists(_parts_with_port, max_size=10).map("".join))
    def test_a_text_is_an_address_or_one_of_two_errors(self, text: str) -> None:
        try:
            addr = L3n4Addr.parse(text)
        except (AddressError, L4ProtocolError):
            return
        assert L3n4Addr.parse(addr.string_with_protocol()).hash() == addr.hash()


class TestAgainstIpaddress:
    """Without zone and cluster id, both take the same texts, but for the ones named below."""

    @given(near_addresses)
    def test_the_same_texts_are_addresses(self, text: str) -> None:
        if "%" in text or "@" in text or "/" in text:
            return
        addr = parsed(text)
        assert (None if addr is None else addr.addr) == by_python(text)

    @pytest.mark.parametrize(
        ("text", "here", "python"),
        [
            # A zone may be any text that is not empty; Python's has no `%`.
            ("fe80::1%a%b", True, False),
            # The last `@` is where the cluster id begins; Python knows zones alone.
            ("fe80::1%a@1", True, True),
            ("fe80::1%a@b", False, True),
            ("10.0.0.1@1", True, False),
            ("fe80::1%", False, False),
            ("10.0.0.1%eth0", False, False),
        ],
    )
    def test_where_they_differ(self, text: str, here: bool, python: bool) -> None:
        assert (parsed(text) is not None, by_python(text) is not None) == (here, python)


def by_python(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


class TestOrder:
    @given(st.lists(addr_clusters(), max_size=6))
    def test_is_that_of_family_value_zone_and_cluster(self, addrs: list[AddrCluster]) -> None:
        keys = sorted(key(addr) for addr in addrs)
        assert [key(addr) for addr in sorted(addrs)] == keys

    @given(addr_clusters(), addr_clusters())
    def test_every_comparison_is_that_of_the_keys(self, a: AddrCluster, b: AddrCluster) -> None:
        found = (a < b, a <= b, a == b, a != b, a >= b, a > b)
        x, y = key(a), key(b)
        assert found == (x < y, x <= y, x == y, x != y, x >= y, x > y)

    def test_every_comparison_of_addresses_that_differ_in_one_thing(self) -> None:
        ips = ["10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1", "::a00:1", "::1%a", "::1%b", "::1%ab"]
        addrs = [AddrCluster(f"{ip}@{number}") for ip in ips for number in (0, 1, 9, 10, 256)]
        for a, b in itertools.product(addrs, repeat=2):
            found = (a < b, a <= b, a == b, a != b, a >= b, a > b)
            x, y = key(a), key(b)
            assert found == (x < y, x <= y, x == y, x != y, x >= y, x > y), (a, b)
        assert len({*addrs}) == len(addrs)

    @given(addr_clusters(), st.data())
    def test_equal_addresses_have_equal_hashes(self, a: AddrCluster, data: st.DataObject) -> None:
        """However they were written."""
        written = [str(a), f"{str(a).removesuffix(f'@{a.cluster_id}')}@0{a.cluster_id}"]
        b = AddrCluster(data.draw(st.sampled_from(written)))
        assert (a == b, hash(a) == hash(b), len({a, b})) == (True, True, 1)

    def test_a_total_order_of_one_of_each_kind(self) -> None:
        texts = ["0.0.0.0", "0.0.0.0@1", "255.255.255.255", "::", "::@1", "::%a", "::%a@1", "::%b"]
        texts += ["::1", "::ffff:1.2.3.4", "1::"]
        addrs = [AddrCluster(text) for text in texts]
        mixed = [*addrs[1::2], *addrs[::2]]
        assert sorted(mixed) == addrs
        for place, addr in enumerate(addrs):
            assert [addr < other for other in addrs] == [place < n for n in range(len(addrs))]


def key(addr: AddrCluster) -> tuple[bool, int, str, int]:
    return addr.is6, int(addr.addr), addr.zone, addr.cluster_id


class TestCopies:
    @given(addr_clusters())
    def test_a_copy_is_the_address_itself(self, addr: AddrCluster) -> None:
        assert copy.copy(addr) is addr
        assert copy.deepcopy(addr) is addr

    @given(addr_clusters(), st.integers(0, pickle.HIGHEST_PROTOCOL))
    def test_pickle_gives_it_back(self, addr: AddrCluster, protocol: int) -> None:
        again = pickle.loads(pickle.dumps(addr, protocol))
        assert (again, facts(again), hash(again)) == (addr, facts(addr), hash(addr))

    @given(ipv6_addresses(), st.text(st.sampled_from("a1@"), min_size=1), st.integers(0, 2))
    def test_pickle_keeps_a_zone_with_an_at_sign(
        self, address: ipaddress.IPv6Address, zone: str, cluster_id: int
    ) -> None:
        """Its text is read otherwise than it was printed, as Go's is."""
        addr = AddrCluster(f"{address}%{zone}@{cluster_id}")
        assert (addr.zone, addr.cluster_id) == (zone, cluster_id)
        again = pickle.loads(pickle.dumps(addr))
        assert (again, facts(again)) == (addr, facts(addr))


class TestHash:
    @given(l3n4_addrs, l3n4_addrs)
    def test_is_equal_only_for_equal_fields(self, a: L3n4Addr, b: L3n4Addr) -> None:
        assert (a.hash() == b.hash()) == (hashed_fields(a) == hashed_fields(b))

    def test_no_two_that_differ_in_one_field_are_equal(self) -> None:
        addrs = [
            L3n4Addr(addr_cluster=AddrCluster(f"{ip}@{cluster_id}"), scope=scope, port=port)
            for ip in ["0.0.0.1", "0.0.0.2", "::1", "::2", "::1:0:0:1"]
            for cluster_id in [0, 1, 2, 2**8, 2**16, 2**24, 2**32 - 1]
            for scope in Scope
            for port in [0, 1, 2, 2**8, 2**16 - 1]
        ]
        assert len({addr.hash() for addr in addrs}) == len(addrs) == 5 * 7 * 2 * 5

    @given(l3n4_addrs)
    def test_holds_its_fields_one_after_the_other(self, addr: L3n4Addr) -> None:
        data = addr.hash()
        assert len(data) == 23
        assert (data[:20], data[20], int.from_bytes(data[21:], "big")) == (
            addr.addr_cluster.as20(),
            addr.scope,
            addr.port,
        )


def hashed_fields(addr: L3n4Addr) -> tuple[object, ...]:
    """An IPv4 address and the same as 4-in-6 are one, as they are in Go."""
    return addr.addr_cluster.as20(), addr.scope, addr.port


class TestCIDR:
    @given(cidrs())
    def test_reads_what_it_prints(
        self, network: ipaddress.IPv4Network | ipaddress.IPv6Network
    ) -> None:
        assert parse_cidr(str(network)) == network

    @given(ip_addresses(), st.integers(0, 32))
    def test_masks_host_bits(
        self, address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
    ) -> None:
        text = f"{address}/{length}"
        assert parse_cidr(text) == ipaddress.ip_network(text, strict=False)
