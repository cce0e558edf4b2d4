"""Values that cannot be changed: addresses of layers 3 and 4, names and flag parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import loadbalancer
from loadbalancer import (
    ALL_PROTOCOLS,
    ID,
    SVC,
    AddrCluster,
    AddressError,
    BackendID,
    BackendState,
    BackendStateFlags,
    FEPortName,
    L3n4Addr,
    L3n4AddrID,
    L4Addr,
    L4ProtocolError,
    L4Type,
    Preferred,
    Scope,
    ServiceFlagBit,
    ServiceFlags,
    ServiceID,
    ServiceName,
    SvcFlagParam,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
    new_l3n4_addr,
    new_l3n4_addr_id,
    new_l4_addr,
    new_l4_type,
    new_svc_flag,
)

ADDR = AddrCluster("10.0.0.1")
IPV6 = AddrCluster("fd00::1@3")


class TestIntegers:
    """Never read from text, floats or booleans, and never out of range."""

    RANGES: ClassVar[dict[str, tuple[Any, int]]] = {
        "ID": (ID, 2**32),
        "BackendID": (BackendID, 2**32),
        "ServiceID": (ServiceID, 2**16),
        "ServiceFlags": (ServiceFlags, 2**16),
        "Scope": (Scope, 2),
        "BackendState": (BackendState, 5),
        "BackendStateFlags": (BackendStateFlags, 4),
    }

    @pytest.mark.parametrize("name", RANGES)
    def test_all_in_range_are_taken(self, name: str) -> None:
        kind, end = self.RANGES[name]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        for number in {0, 1, end - 1}:
            assert adapter.validate_python(number) == number
            assert adapter.validate_json(str(number)) == number

    @pytest.mark.parametrize("value", ["0", "1", "", 0.0, 1.0, 0.5, True, False, None, b"1", [1]])
    @pytest.mark.parametrize("name", RANGES)
    def test_nothing_else_is_taken(self, name: str, value: object) -> None:
        adapter: TypeAdapter[Any] = TypeAdapter(self.RANGES[name][0])
        with pytest.raises(ValidationError) as caught:
            adapter.validate_python(value)
        assert [error["type"] for error in caught.value.errors()] == ["int_type"]

    @pytest.mark.parametrize("text", ['"1"', "1.0", "1e0", "true", "null", "[1]"])
    @pytest.mark.parametrize("name", RANGES)
    def test_nor_in_json(self, name: str, text: str) -> None:
        adapter: TypeAdapter[Any] = TypeAdapter(self.RANGES[name][0])
        with pytest.raises(ValidationError) as caught:
            adapter.validate_json(text)
        assert [error["type"] for error in caught.value.errors()] == ["int_type"]

    @pytest.mark.parametrize("name", RANGES)
    def test_nothing_out_of_range(self, name: str) -> None:
        kind, end = self.RANGES[name]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        kinds = {"greater_than_equal", "less_than_equal", "enum"}
        for number in (-1, end, 2**63 - 1, 2**64, -(2**64)):
            with pytest.raises(ValidationError) as caught:
                adapter.validate_python(number)
            (kind,) = [error["type"] for error in caught.value.errors()]
            assert kind in (kinds if abs(number) < 2**63 else {*kinds, "int_parsing_size"})


class TestTextsAndBooleans:
    @pytest.mark.parametrize("value", [1, 1.0, True, None, b"x", ["x"]])
    def test_a_text_is_a_text(self, value: object) -> None:
        adapter: TypeAdapter[str] = TypeAdapter(FEPortName)
        assert adapter.validate_python("x") == "x"
        with pytest.raises(ValidationError) as caught:
            adapter.validate_python(value)
        assert [error["type"] for error in caught.value.errors()] == ["string_type"]

    @pytest.mark.parametrize("value", [0, 1, 1.0, "true", "1", None, b"1"])
    def test_a_boolean_is_a_boolean(self, value: object) -> None:
        adapter: TypeAdapter[bool] = TypeAdapter(Preferred)
        assert adapter.validate_python(True) is True
        with pytest.raises(ValidationError) as caught:
            adapter.validate_python(value)
        assert [error["type"] for error in caught.value.errors()] == ["bool_type"]


class TestEnums:
    MEMBERS: ClassVar[dict[type[Enum], dict[str, object]]] = {
        L4Type: {"NONE": "NONE", "TCP": "TCP", "UDP": "UDP", "SCTP": "SCTP"},
        Scope: {"EXTERNAL": 0, "INTERNAL": 1},
        BackendState: {
            "ACTIVE": 0,
            "TERMINATING": 1,
            "QUARANTINED": 2,
            "MAINTENANCE": 3,
            "INVALID": 4,
        },
        BackendStateFlags: {"ACTIVE": 0, "TERMINATING": 1, "QUARANTINED": 2, "MAINTENANCE": 3},
        SVCType: {
            "NONE": "NONE",
            "HostPort": "HostPort",
            "ClusterIP": "ClusterIP",
            "NodePort": "NodePort",
            "ExternalIPs": "ExternalIPs",
            "LoadBalancer": "LoadBalancer",
            "LocalRedirect": "LocalRedirect",
        },
        SVCTrafficPolicy: {"NONE": "NONE", "Cluster": "Cluster", "Local": "Local"},
        SVCNatPolicy: {"NONE": "NONE", "Nat46": "Nat46", "Nat64": "Nat64"},
    }

    @pytest.mark.parametrize("family", MEMBERS)
    def test_members_and_values(self, family: type[Enum]) -> None:
        assert {member.name: member.value for member in family} == self.MEMBERS[family]

    @pytest.mark.parametrize("family", MEMBERS)
    def test_a_field_takes_members_and_values(self, family: type[Enum]) -> None:
        adapter: TypeAdapter[Enum] = TypeAdapter(family)
        for member in family:
            assert adapter.validate_python(member) is member
            assert adapter.validate_python(member.value) is member
            assert adapter.validate_json(adapter.dump_json(member)) is member

    @pytest.mark.parametrize("family", [L4Type, SVCType, SVCTrafficPolicy, SVCNatPolicy])
    @pytest.mark.parametrize("value", ["", "none", "None", "tcp", "local", "Local ", "nodeport"])
    def test_a_text_is_taken_as_it_is_alone(self, family: type[Enum], value: str) -> None:
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(family).validate_python(value)
        assert [error["type"] for error in caught.value.errors()] == ["enum"]

    @pytest.mark.parametrize("family", [L4Type, SVCType, SVCTrafficPolicy, SVCNatPolicy])
    @pytest.mark.parametrize("value", [0, 1.0, None, b"NONE", True])
    def test_a_text_is_no_other_thing(self, family: type[Enum], value: object) -> None:
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(family).validate_python(value)
        assert [error["type"] for error in caught.value.errors()] == ["string_type"]

    @pytest.mark.parametrize("family", MEMBERS)
    def test_a_member_of_another_family_is_no_member(self, family: type[Enum]) -> None:
        others = [member for other in self.MEMBERS if other is not family for member in other]
        for other in others:
            with pytest.raises(ValidationError) as caught:
                TypeAdapter(family).validate_python(other)
            (error,) = caught.value.errors()
            expected = (
                f"Input should be a member of {family.__name__}, not of {type(other).__name__}"
            )
            assert (error["type"], error["msg"]) == ("enum_family", expected)

    def test_text_enums_print_their_value(self) -> None:
        printed = [str(member) for member in (L4Type.TCP, SVCType.HostPort, SVCNatPolicy.NONE)]
        assert printed == ["TCP", "HostPort", "NONE"]


class TestL4Type:
    def test_all_protocols(self) -> None:
        assert ALL_PROTOCOLS == (L4Type.TCP, L4Type.UDP, L4Type.SCTP)

    @pytest.mark.parametrize("name", ["tcp", "TCP", "tCp", "udp", "Sctp"])
    def test_new_l4_type_takes_any_case(self, name: str) -> None:
        assert new_l4_type(name) is L4Type[name.upper()]

    @pytest.mark.parametrize(
        "name", ["", "any", "NONE", " tcp", "tcp ", "icmp", "\u017fctp", "tcp\0"]
    )
    def test_new_l4_type_takes_nothing_else(self, name: str) -> None:
        with pytest.raises(L4ProtocolError) as caught:
            new_l4_type(name)
        assert str(caught.value) == "unknown L4 protocol"


class TestConstructors:
    """Go's constructors, and the classes by their fields."""

    def test_l4_addr(self) -> None:
        addr = new_l4_addr(L4Type.UDP, 53)
        assert addr == L4Addr(protocol=L4Type.UDP, port=53)
        assert addr != L4Addr(protocol=L4Type.TCP, port=53)
        assert L4Addr() == L4Addr(protocol=L4Type.NONE, port=0)

    def test_l3n4_addr(self) -> None:
        addr = new_l3n4_addr(L4Type.TCP, IPV6, 80, Scope.INTERNAL)
        expected = L3n4Addr(protocol=L4Type.TCP, addr_cluster=IPV6, port=80, scope=Scope.INTERNAL)
        assert addr == expected
        assert L3n4Addr(addr_cluster=ADDR) == new_l3n4_addr(L4Type.NONE, ADDR, 0, Scope.EXTERNAL)

    def test_l3n4_addr_id(self) -> None:
        addr = new_l3n4_addr_id(L4Type.TCP, ADDR, 80, Scope.INTERNAL, 2**32 - 1)
        assert addr == L3n4AddrID(
            protocol=L4Type.TCP, addr_cluster=ADDR, port=80, scope=Scope.INTERNAL, id=2**32 - 1
        )
        assert L3n4AddrID(addr_cluster=ADDR).id == 0

    def test_an_address_is_needed(self) -> None:
        with pytest.raises(ValidationError) as caught:
            L3n4Addr.model_validate({"port": 1})
        assert caught.value.errors(include_url=False) == [
            {
                "type": "missing",
                "loc": ("addr_cluster",),
                "msg": "Field required",
                "input": {"port": 1},
            }
        ]

    @pytest.mark.parametrize("port", [-1, 65536, "80", 80.0, True, None])
    def test_a_wrong_port_is_refused_by_every_constructor(self, port: Any) -> None:
        calls: list[Callable[[], object]] = [
            lambda: L4Addr(port=port),
            lambda: L3n4Addr(addr_cluster=ADDR, port=port),
            lambda: L3n4AddrID(addr_cluster=ADDR, port=port),
            lambda: new_l4_addr(L4Type.TCP, port),
            lambda: new_l3n4_addr(L4Type.TCP, ADDR, port, Scope.EXTERNAL),
            lambda: new_l3n4_addr_id(L4Type.TCP, ADDR, port, Scope.EXTERNAL, 1),
        ]
        for call in calls:
            with pytest.raises(ValidationError) as caught:
                call()
            assert [error["loc"] for error in caught.value.errors()] == [("port",)]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("protocol", "tcp"),
            ("protocol", None),
            ("addr_cluster", "10.0.0"),
            ("addr_cluster", None),
            ("scope", 2),
            ("scope", "external"),
            ("scope", True),
            ("id", -1),
            ("id", 2**32),
            ("id", "1"),
            ("id", 1.0),
            ("id", True),
        ],
    )
    def test_any_wrong_field_is_refused(self, field: str, value: object) -> None:
        fields: dict[str, Any] = {"addr_cluster": ADDR, field: value}
        with pytest.raises(ValidationError) as caught:
            L3n4AddrID(**fields)
        assert [error["loc"] for error in caught.value.errors()] == [(field,)]

    @pytest.mark.parametrize("kind", [L4Addr, L3n4Addr, L3n4AddrID, ServiceName, SvcFlagParam])
    def test_an_unknown_field_is_refused(self, kind: type[BaseModel]) -> None:
        known = {"addr_cluster": ADDR} if "addr_cluster" in kind.model_fields else {}
        with pytest.raises(ValidationError) as caught:
            kind(**known, unknown=1)
        assert [(error["type"], error["loc"]) for error in caught.value.errors()] == [
            ("extra_forbidden", ("unknown",))
        ]

    def test_text_stands_for_an_address(self) -> None:
        assert L3n4Addr.model_validate({"addr_cluster": "fd00::1@3"}).addr_cluster == IPV6


class TestL3n4Addr:
    @pytest.mark.parametrize(
        ("addr", "port", "scope", "text", "with_protocol"),
        [
            ("10.0.0.1", 80, Scope.EXTERNAL, "10.0.0.1:80", "10.0.0.1:80/TCP"),
            ("10.0.0.1@7", 0, Scope.EXTERNAL, "10.0.0.1@7:0", "10.0.0.1@7:0/TCP"),
            ("10.0.0.1", 80, Scope.INTERNAL, "10.0.0.1:80/i", "10.0.0.1:80/TCP/i"),
            ("fd00::1", 80, Scope.EXTERNAL, "[fd00::1]:80", "[fd00::1]:80/TCP"),
            ("fe80::1%e@7", 80, Scope.INTERNAL, "[fe80::1%e@7]:80/i", "[fe80::1%e@7]:80/TCP/i"),
            ("::ffff:1.2.3.4", 1, Scope.EXTERNAL, "[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1/TCP"),
        ],
    )
    def test_texts(self, addr: str, port: int, scope: Scope, text: str, with_protocol: str) -> None:
        addr_cluster = AddrCluster(addr)
        for kind in (L3n4Addr, L3n4AddrID, loadbalancer.Backend):
            each = kind(protocol=L4Type.TCP, addr_cluster=addr_cluster, port=port, scope=scope)
            found = (str(each), each.string_id(), each.string_with_protocol(), f"{each}")
            assert found == (text, text, with_protocol, text)
            assert each.is_ipv6 is (":" in addr)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("10.0.0.1:80", L3n4Addr(addr_cluster=ADDR, port=80)),
            ("10.0.0.1:0/NONE", L3n4Addr(addr_cluster=ADDR)),
            ("10.0.0.1@3:80", L3n4Addr(addr_cluster=AddrCluster("10.0.0.1@3"), port=80)),
            ("[fd00::1@3]:65535", L3n4Addr(addr_cluster=IPV6, port=65535)),
            (
                "[fd00::1%eth0]:80/TCP/i",
                L3n4Addr(
                    addr_cluster=AddrCluster("fd00::1%eth0"),
                    port=80,
                    protocol=L4Type.TCP,
                    scope=Scope.INTERNAL,
                ),
            ),
            (
                "[fe80::1%a]:1/UDP/i]:2/i",
                L3n4Addr(
                    addr_cluster=AddrCluster("fe80::1%a]:1/UDP/i"), port=2, scope=Scope.INTERNAL
                ),
            ),
            ("[fe80::1%a@3@0]:1", L3n4Addr(addr_cluster=AddrCluster("fe80::1%a@3@0"), port=1)),
        ],
    )
    def test_parse_reads_texts(self, text: str, expected: L3n4Addr) -> None:
        assert L3n4Addr.parse(text) == expected
        adapter = TypeAdapter(L3n4Addr)
        assert adapter.validate_python(text) == expected
        assert adapter.validate_json(json.dumps(text)) == expected
        # What subclasses have beside it is as by default.
        fields = dict(expected)
        assert L3n4AddrID.parse(text) == L3n4AddrID(**fields)
        assert loadbalancer.Backend.parse(text) == loadbalancer.Backend(**fields)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", '"" is not of the form IP:port[/protocol][/i]'),
            ("10.0.0.1", '"10.0.0.1" is not of the form IP:port[/protocol][/i]'),
            ("fd00::1:80", '"fd00::1:80" is not of the form IP:port[/protocol][/i]'),
            ("[fd00::1]80", '"[fd00::1]80" is not of the form IP:port[/protocol][/i]'),
            ("10.0.0.1:80/i/TCP", '"10.0.0.1:80/i/TCP" is not of the form IP:port[/protocol][/i]'),
            ("10.0.0.1:80/TCP/I", '"10.0.0.1:80/TCP/I" is not of the form IP:port[/protocol][/i]'),
            ("10.0.0.1:", '"10.0.0.1:": port "" is not a number 0 … 65535'),
            ("10.0.0.1:080", '"10.0.0.1:080": port "080" is not a number 0 … 65535'),
            ("10.0.0.1:+80", '"10.0.0.1:+80": port "+80" is not a number 0 … 65535'),
            ("10.0.0.1:80\n", '"10.0.0.1:80\\n": port "80\\n" is not a number 0 … 65535'),
            ("10.0.0.1:\u0661", '"10.0.0.1:\u0661": port "\u0661" is not a number 0 … 65535'),
            ("10.0.0.1:65536", '"10.0.0.1:65536": port "65536" is not a number 0 … 65535'),
            ("[10.0.0.1]:80", '"[10.0.0.1]:80": an IPv4 address does not stand in brackets'),
            ("10.0.0.1:80/tcp", '"10.0.0.1:80/tcp": unknown L4 protocol "tcp"'),
            ("10.0.0.1:80/", '"10.0.0.1:80/": unknown L4 protocol ""'),
            ("10.0.0.1:80/i/i", '"10.0.0.1:80/i/i": unknown L4 protocol "i"'),
            (":80", 'ParseAddr(""): unable to parse IP'),
            ("10.0.0.1@x:80", 'strconv.ParseUint: parsing "x": invalid syntax'),
        ],
    )
    def test_parse_refuses_other_texts(self, text: str, reason: str) -> None:
        kind = L4ProtocolError if "protocol" in reason and "form" not in reason else AddressError
        with pytest.raises(kind) as caught:
            L3n4Addr.parse(text)
        assert str(caught.value) == reason
        with pytest.raises(ValidationError) as refused:
            SVC.model_validate({"frontend": text})
        assert refused.value.errors(include_url=False) == [
            {
                "type": "l3n4_addr",
                "loc": ("frontend",),
                "msg": f"Input is not an address with port: {reason}",
                "input": text,
                "ctx": {"reason": reason},
            }
        ]

    def test_parse_takes_text_alone(self) -> None:
        with pytest.raises(TypeError):
            L3n4Addr.parse(b"10.0.0.1:80")  # type: ignore[arg-type]  # pyright: ignore

    def test_repr_names_every_field(self) -> None:
        addr = L3n4AddrID(protocol=L4Type.TCP, addr_cluster=IPV6, port=80, scope=Scope.INTERNAL)
        assert repr(addr) == (
            "L3n4AddrID(protocol=L4Type.TCP, port=80, "
            "addr_cluster=AddrCluster('fd00::1@3'), scope=Scope.INTERNAL, id=0)"
        )

    def test_is_an_l4_addr_with_an_address(self) -> None:
        addr = L3n4AddrID(protocol=L4Type.TCP, addr_cluster=IPV6, port=80, id=7)
        assert isinstance(addr, L3n4Addr)
        assert isinstance(addr, L4Addr)
        assert addr.l4_addr == L4Addr(protocol=L4Type.TCP, port=80)
        assert addr.l3n4_addr == L3n4Addr(protocol=L4Type.TCP, addr_cluster=IPV6, port=80)
        assert type(addr.l4_addr) is L4Addr
        assert type(addr.l3n4_addr) is L3n4Addr

    def test_the_hash_is_that_of_the_address_in_it(self) -> None:
        addr = L3n4AddrID(protocol=L4Type.TCP, addr_cluster=IPV6, port=80, id=7)
        assert addr.hash() == addr.l3n4_addr.hash()
        assert addr.hash().hex() == "fd00000000000000000000000000000100000003000050"

    def test_equal_by_all_fields_and_type(self) -> None:
        addr = L3n4AddrID(protocol=L4Type.TCP, addr_cluster=IPV6, port=80, id=7)
        fields: dict[str, Any] = dict(addr)
        assert L3n4AddrID(**fields) == addr
        changed: dict[str, Any] = {
            "protocol": L4Type.UDP,
            "addr_cluster": ADDR,
            "port": 81,
            "scope": Scope.INTERNAL,
            "id": 8,
        }
        assert changed.keys() == fields.keys()
        for name, value in changed.items():
            assert L3n4AddrID(**{**fields, name: value}) != addr
        assert addr.l3n4_addr != addr
        text: Any = str(addr)
        assert addr != text

    @pytest.mark.parametrize("protocol", L4Type)
    @pytest.mark.parametrize("port", [0, 80])
    @pytest.mark.parametrize("scope", Scope)
    def test_get_model(self, protocol: L4Type, port: int, scope: Scope) -> None:
        parts = ['"ip":"fd00::1@3"']
        parts += [f'"port":{port}'] if port else []
        parts += [f'"protocol":"{protocol.lower()}"'] if protocol in ("TCP", "UDP") else []
        parts += [f'"scope":"{scope.name.lower()}"']
        model = L3n4Addr(protocol=protocol, addr_cluster=IPV6, port=port, scope=scope).get_model()
        assert type(model) is loadbalancer.models.FrontendAddress
        assert model.model_dump_json() == f"{{{','.join(parts)}}}"


class TestServiceName:
    def test_texts(self) -> None:
        name = ServiceName(namespace="kube-system", name="dns")
        assert (str(name), f"{name}") == ("kube-system/dns", "kube-system/dns")
        assert repr(name) == "ServiceName(namespace='kube-system', name='dns', cluster='')"
        assert str(ServiceName()) == "/"
        assert str(ServiceName(namespace="a", name="b", cluster="c")) == "c/a/b"

    @pytest.mark.parametrize("value", [None, 1, b"x"])
    def test_fields_are_text(self, value: Any) -> None:
        for field in ("namespace", "name", "cluster"):
            with pytest.raises(ValidationError) as caught:
                ServiceName(**{field: value})
            assert [error["loc"] for error in caught.value.errors()] == [(field,)]


class TestText:
    @pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ud83d \ude00"])
    def test_half_a_surrogate_pair_is_refused(self, text: str) -> None:
        """When a value is made, not when it is written."""
        for field in ("namespace", "name", "cluster"):
            with pytest.raises(ValidationError, match="valid string"):
                ServiceName(**{field: text})
        backend = loadbalancer.Backend(addr_cluster=ADDR)
        for field in ("fe_port_name", "node_name", "zone"):
            with pytest.raises(ValidationError, match="valid string"):
                loadbalancer.Backend.model_validate({"addr_cluster": ADDR, field: text})
            with pytest.raises(ValidationError, match="valid string"):
                setattr(backend, field, text)
        with pytest.raises(ValidationError, match="valid string"):
            SVC.model_validate({"frontend": "10.0.0.1:80", "l7lb_frontend_ports": [text]})
        model = loadbalancer.models.BackendAddress(ip="::", node_name=text)
        with pytest.raises(ValidationError, match="valid string"):
            loadbalancer.new_backend_from_backend_model(model)

    def test_half_a_surrogate_pair_is_refused_in_a_zone(self) -> None:
        for text in ("fe80::1%a\ud800", "fe80::1%\udfff@3"):
            with pytest.raises(AddressError, match=r"zone is not valid Unicode text"):
                AddrCluster(text)

    @pytest.mark.parametrize("text", ["", "a", "\0", "ö", "\U0001f600", "x" * 100_000])
    def test_any_other_text_is_taken(self, text: str) -> None:
        assert ServiceName(name=text).name == text


class TestServiceFlags:
    def test_is_an_integer_in_range(self) -> None:
        assert ServiceFlags() == 0
        assert isinstance(ServiceFlags(65535), int)
        for number in (-1, 65536):
            with pytest.raises(ValueError, match=f"^service flags are 0 … 65535, not {number}$"):
                ServiceFlags(number)

    @pytest.mark.parametrize("value", ["1", 1.0, True, None, b"1"])
    def test_is_made_of_integers_alone(self, value: Any) -> None:
        with pytest.raises(TypeError) as caught:
            ServiceFlags(value)
        assert str(caught.value) == f"service flags are an integer, not {type(value).__name__}"

    def test_texts(self) -> None:
        flags = ServiceFlags(0xC041)
        assert (str(flags), f"{flags}", repr(flags)) == (
            "ExternalIPs",
            "ExternalIPs",
            "ServiceFlags(0xc041)",
        )
        assert (f"{flags:x}", f"{flags:#b}") == ("c041", "0b1100000001000001")

    def test_a_field_makes_flags(self) -> None:
        found = TypeAdapter(ServiceFlags).validate_python(64)
        assert (found, type(found)) == (64, ServiceFlags)
        assert TypeAdapter(ServiceFlags).dump_json(found) == b"64"
        assert type(TypeAdapter(ServiceFlags).dump_python(found)) is not str

    def test_the_bits_have_names(self) -> None:
        assert [bit.name for bit in ServiceFlagBit] == [
            *("EXTERNAL_IPS", "NODE_PORT", "EXT_LOCAL_SCOPE", "HOST_PORT", "SESSION_AFFINITY"),
            *("LOAD_BALANCER", "ROUTABLE", "SOURCE_RANGE", "LOCAL_REDIRECT", "NAT46X64"),
            *("L7_LOAD_BALANCER", "LOOPBACK", "INT_LOCAL_SCOPE", "TWO_SCOPES"),
        ]
        assert [bit.value for bit in ServiceFlagBit] == [1 << place for place in range(14)]

    def test_of_no_parameters(self) -> None:
        assert new_svc_flag(SvcFlagParam()) == ServiceFlags(0)
        assert type(new_svc_flag(SvcFlagParam())) is ServiceFlags

    @pytest.mark.parametrize("field", [*SvcFlagParam.model_fields][2:])
    @pytest.mark.parametrize("value", [0, 1, "true", None])
    def test_parameters_are_booleans(self, field: str, value: Any) -> None:
        with pytest.raises(ValidationError) as caught:
            SvcFlagParam(**{field: value})
        assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [
            ((field,), "bool_type")
        ]


VALUES = [
    L4Addr(protocol=L4Type.TCP, port=80),
    L3n4Addr(protocol=L4Type.TCP, addr_cluster=ADDR, port=80),
    L3n4AddrID(protocol=L4Type.TCP, addr_cluster=ADDR, port=80, id=1),
    ServiceName(namespace="default", name="web"),
    SvcFlagParam(svc_type=SVCType.HostPort, loopback_hostport=True),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
class TestImmutability:
    def test_no_field_can_be_set_or_deleted(self, value: loadbalancer.L4Addr) -> None:
        before = repr(value)
        for name, present in list(value):
            with pytest.raises(ValidationError) as setting:
                setattr(value, name, present)
            with pytest.raises(ValidationError) as deleting:
                delattr(value, name)
            kinds = [error["type"] for error in setting.value.errors() + deleting.value.errors()]
            assert kinds == ["frozen_instance", "frozen_instance"]
        with pytest.raises(ValidationError):
            value.other = 1  # type: ignore[attr-defined]
        assert repr(value) == before

    def test_it_has_a_hash(self, value: Any) -> None:
        again = type(value)(**dict(value))
        assert again is not value
        assert {value: 1}[again] == 1

    def test_deep_copy_is_an_equal_value(self, value: loadbalancer.L4Addr) -> None:
        again = value.deep_copy()
        assert (again, type(again), repr(again)) == (value, type(value), repr(value))

    def test_deep_copy_into_would_change_a_value(self, value: loadbalancer.L4Addr) -> None:
        other = value.deep_copy()
        with pytest.raises(TypeError) as caught:
            value.deep_copy_into(other)
        name = type(value).__name__
        assert str(caught.value) == f"{name} is immutable: use deep_copy()"
