"""Addresses and address ranges: what the properties and vectors do not say."""

from __future__ import annotations

import copy
import ipaddress
import pickle
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from loadbalancer import CIDR, AddrCluster, AddressError, parse_cidr

ADAPTER: TypeAdapter[AddrCluster] = TypeAdapter(AddrCluster)
CIDRS: TypeAdapter[IPv4Network | IPv6Network] = TypeAdapter(CIDR)


def shortened(groups: list[str]) -> Iterator[str]:
    """An IPv6 address with `::` for one or more groups in a row that are zero, in all ways."""
    for start in range(8):
        for end in range(start + 1, 9):
            if set(groups[start:end]) == {"0"}:
                yield f"{':'.join(groups[:start])}::{':'.join(groups[end:])}"


class TestAddrCluster:
    @pytest.mark.parametrize(
        ("text", "printed"),
        [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1@0", "10.0.0.1"),
            ("10.0.0.1@007", "10.0.0.1@7"),
            ("::102:304", "::102:304"),
            ("::1.2.3.4", "::102:304"),
            ("::FFFF:1.2.3.4", "::ffff:1.2.3.4"),
            ("::ffff:102:304%eth0@1", "::ffff:1.2.3.4%eth0@1"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
            ("1:0:0:2:2:0:0:3", "1::2:2:0:0:3"),
            ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
            ("FE80::ABCD%ETH0", "fe80::abcd%ETH0"),
            ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ],
    )
    def test_str_is_canonical(self, text: str, printed: str) -> None:
        addr = AddrCluster(text)
        assert (str(addr), repr(addr), f"{addr}") == (printed, f"AddrCluster('{printed}')", printed)

    @pytest.mark.parametrize("some", ["1", "a0", "ffff"])
    def test_every_way_to_write_zeros_is_the_same_address(self, some: str) -> None:
        """Whichever groups are zero, and whichever run of them, if any, the `::` is for."""
        ways = 0
        for zeros in range(1 << 8):
            groups = ["0" if zeros >> place & 1 else some for place in range(8)]
            whole = AddrCluster(":".join(group.rjust(4, "0") for group in groups))
            assert whole.as20()[:16].hex(":", 2) == ":".join(g.rjust(4, "0") for g in groups)
            for text in (":".join(groups), *shortened(groups)):
                ways += 1
                assert (AddrCluster(text), str(AddrCluster(text))) == (whole, str(whole))
            # How 4-in-6 addresses are printed depends on the version of Python.
            printed = str(IPv6Address(whole.as20()[:16]))
            assert "." in str(whole) or str(whole) == printed
        assert ways == 2049

    def test_the_last_at_sign_counts(self) -> None:
        addr = AddrCluster("fe80::1%a@b@3")
        assert (addr.zone, addr.cluster_id, str(addr)) == ("a@b", 3, "fe80::1%a@b@3")

    def test_a_zone_that_looks_like_a_cluster_id_is_no_cluster_id(self) -> None:
        """They are printed alike, as Go prints them; to compare, they are not the same."""
        zone, cluster = AddrCluster("fe80::1%a@3@0"), AddrCluster("fe80::1%a@3")
        assert (zone.zone, zone.cluster_id) == ("a@3", 0)
        assert (cluster.zone, cluster.cluster_id) == ("a", 3)
        assert str(zone) == str(cluster)
        assert zone != cluster
        assert sorted([zone, cluster]) == [cluster, zone]
        assert pickle.loads(pickle.dumps(zone)) == zone

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("0.0.0.0", True),
            ("0.0.0.0@5", True),
            ("::", True),
            ("::@5", True),
            ("::%eth0", False),
            ("::ffff:0.0.0.0", False),
            ("0.0.0.1", False),
        ],
    )
    def test_is_unspecified(self, text: str, expected: bool) -> None:
        assert AddrCluster(text).is_unspecified is expected

    @pytest.mark.parametrize("digits", ["4294967296", "9" * 5000, "00004294967296"])
    def test_a_cluster_id_is_uint32(self, digits: str) -> None:
        with pytest.raises(AddressError) as caught:
            AddrCluster(f"::@{digits}")
        assert str(caught.value) == (f'strconv.ParseUint: parsing "{digits}": value out of range')

    @pytest.mark.parametrize("digits", ["-1", "+1", " 1", "1 ", "0x1", "1_0", "\u0661", "a"])
    def test_a_cluster_id_is_ascii_digits(self, digits: str) -> None:
        with pytest.raises(AddressError) as caught:
            AddrCluster(f"::@{digits}")
        assert str(caught.value) == f'strconv.ParseUint: parsing "{digits}": invalid syntax'

    def test_many_leading_zeros(self) -> None:
        assert AddrCluster("::@" + "0" * 5000 + "7") == AddrCluster("::@7")

    @pytest.mark.parametrize("name", ["addr", "zone", "cluster_id", "is4", "other"])
    def test_is_immutable(self, name: str) -> None:
        addr = AddrCluster("fd00::1%eth0@3")
        with pytest.raises(AttributeError, match=name):
            setattr(addr, name, "x")
        with pytest.raises(AttributeError, match=name):
            delattr(addr, name)
        assert str(addr) == "fd00::1%eth0@3"
        assert not hasattr(addr, "__dict__")

    def test_equals_and_compares_with_its_kind_alone(self) -> None:
        addr = AddrCluster("10.0.0.1")
        others: list[Any] = ["10.0.0.1", IPv4Address("10.0.0.1"), None, 1]
        for other in others:
            assert addr != other
            with pytest.raises(TypeError):
                _ = addr < other

    def test_a_copy_is_the_address_itself(self) -> None:
        addr = AddrCluster("10.0.0.1")
        assert copy.copy(addr) is copy.deepcopy(addr) is addr

    @pytest.mark.parametrize(
        "value",
        [AddrCluster("fe80::1%e"), "fe80::1%e", "fe80:0::1%e@0", IPv6Address("fe80::1%e")],
    )
    def test_a_field_takes_address_and_text(self, value: object) -> None:
        assert ADAPTER.validate_python(value) == AddrCluster("fe80::1%e")

    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            (IPv4Address("10.0.0.1"), "10.0.0.1"),
            (IPv6Address("fe80::1%e"), "fe80::1%e"),
            (IPv6Address("::ffff:1.2.3.4"), "::ffff:1.2.3.4"),
            # A scope id is all zone, whatever it looks like.
            (IPv6Address("fe80::1%e@3"), "fe80::1%e@3@0"),
        ],
    )
    def test_an_address_of_ipaddress_is_taken(
        self, address: IPv4Address | IPv6Address, expected: str
    ) -> None:
        assert AddrCluster(address) == AddrCluster(expected)
        assert ADAPTER.validate_python(address) == AddrCluster(expected)

    @pytest.mark.parametrize("value", [None, 1, 1.0, True, b"10.0.0.1", ["10.0.0.1"], object()])
    def test_the_constructor_takes_nothing_else(self, value: Any) -> None:
        with pytest.raises(TypeError):
            AddrCluster(value)

    @pytest.mark.parametrize("text", ["fe80::1%a@3@0", "fe80::1%a@b@0", "fe80::1%a@b@3", "::1@3"])
    def test_json_keeps_it(self, text: str) -> None:
        addr = AddrCluster(text)
        assert ADAPTER.dump_json(addr).decode() == f'"{text}"'
        assert ADAPTER.validate_json(ADAPTER.dump_json(addr)) == addr

    @pytest.mark.parametrize("value", [None, 1, 1.0, True, b"10.0.0.1", ["10.0.0.1"], object()])
    def test_a_field_takes_nothing_else(self, value: object) -> None:
        with pytest.raises(ValidationError) as caught:
            ADAPTER.validate_python(value)
        assert caught.value.errors(include_url=False) == [
            {
                "type": "addr_cluster_type",
                "loc": (),
                "msg": "Input should be an IP address as text",
                "input": value,
            }
        ]

    @pytest.mark.parametrize("value", ["", "10.0.0", "10.0.0.1 ", "[::1]", "10.0.0.0/8"])
    def test_a_field_refuses_another_text(self, value: str) -> None:
        with pytest.raises(ValidationError) as caught:
            ADAPTER.validate_python(value)
        assert [error["type"] for error in caught.value.errors()] == ["addr_cluster"]

    def test_in_a_model(self) -> None:
        class Model(BaseModel):
            addr: AddrCluster
            others: dict[AddrCluster, int] = {}

        model = Model.model_validate({"addr": "::1@2", "others": {"10.0.0.1": 1}})
        assert model.addr == AddrCluster("::1@2")
        assert model.others == {AddrCluster("10.0.0.1"): 1}
        assert model.model_dump_json() == '{"addr":"::1@2","others":{"10.0.0.1":1}}'
        assert Model.model_validate_json(model.model_dump_json()) == model
        assert model.model_dump()["addr"] is model.addr

    @pytest.mark.parametrize("value", [None, 1, b"10.0.0.1"])
    def test_parse_takes_text_alone(self, value: Any) -> None:
        with pytest.raises(TypeError):
            AddrCluster.parse(value)

    @pytest.mark.parametrize("text", ["10.0.0.1", "fd00::1", "FD00::1%eth0@3"])
    def test_keeps_the_text_however_a_subclass_prints_it(self, text: str) -> None:
        class Host(str):
            def __str__(self) -> str:
                return "db"

        assert f"{AddrCluster(Host(text))}" == str(AddrCluster(text))
        assert type(str(AddrCluster(Host(text)))) is str


class TestCIDR:
    @pytest.mark.parametrize(
        ("text", "network"),
        [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3/32", "10.1.2.3/32"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("10.1.2.3/08", "10.0.0.0/8"),
            ("fd00::1/64", "fd00::/64"),
            ("FD00::1/128", "fd00::1/128"),
            ("::ffff:1.2.3.4/120", "::ffff:1.2.3.0/120"),
            ("::/0", "::/0"),
        ],
    )
    def test_masks_host_bits(self, text: str, network: str) -> None:
        expected = ipaddress.ip_network(network)
        assert parse_cidr(text) == expected
        assert CIDRS.validate_python(text) == expected
        assert CIDRS.validate_python(expected) is expected

    @pytest.mark.parametrize(
        "text",
        [
            *("", "/", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1"),
            *("10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0/8/8"),
            *("10.0.0.0/255.0.0.0", "10.0.0/8", "010.0.0.0/8", "fe80::1%eth0/64", "10.0.0.0@1/8"),
            *("10.0.0.0/\u0661", "00001::/8", "x/8", "10.0.0.0/8\n"),
        ],
    )
    def test_is_refused(self, text: str) -> None:
        with pytest.raises(AddressError) as caught:
            parse_cidr(text)
        assert str(caught.value) == f"invalid CIDR address: {text}"
        with pytest.raises(ValidationError) as by_field:
            CIDRS.validate_python(text)
        assert by_field.value.errors(include_url=False) == [
            {
                "type": "cidr",
                "loc": (),
                "msg": f"invalid CIDR address: {text}",
                "input": text,
                "ctx": {"reason": f"invalid CIDR address: {text}"},
            }
        ]

    def test_a_length_may_have_leading_zeros(self) -> None:
        assert parse_cidr("10.0.0.0/0008") == IPv4Network("10.0.0.0/8")

    @pytest.mark.parametrize("value", [None, 8, b"10.0.0.0/8", IPv4Address("10.0.0.1"), True])
    def test_a_field_takes_text_and_networks_alone(self, value: object) -> None:
        with pytest.raises(ValidationError) as caught:
            CIDRS.validate_python(value)
        assert caught.value.errors(include_url=False) == [
            {
                "type": "cidr_type",
                "loc": (),
                "msg": "Input should be a CIDR as text",
                "input": value,
            }
        ]
