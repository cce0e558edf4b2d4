"""Values in Python's own protocols: format specs, order, operators, patterns, repr, errors."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel, PlainSerializer, ValidationError

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    BackendStateFlags,
    L3n4Addr,
    L3n4AddrID,
    L4Addr,
    L4Type,
    LoadBalancerError,
    Scope,
    ServiceFlagBit,
    ServiceFlags,
    ServiceName,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
    address_order,
    identity,
    in_words,
)

WORDS: dict[Enum | ServiceFlags, str] = {
    BackendState.QUARANTINED: "quarantined",
    BackendState.INVALID: "invalid",
    Scope.EXTERNAL: "external",
    Scope.INTERNAL: "internal",
    L4Type.TCP: "TCP",
    SVCType.NodePort: "NodePort",
    SVCTrafficPolicy.Local: "Local",
    SVCNatPolicy.NONE: "NONE",
    ServiceFlags(0x46): "NodePort, Local",
}
NUMBERS = [each for each in WORDS if isinstance(each, int)]


class TestFormat:
    @pytest.mark.parametrize("value", WORDS, ids=repr)
    def test_the_word_is_padded(self, value: Enum) -> None:
        word = WORDS[value]
        assert (f"{value}", str(value)) == (word, word)
        for spec in (">20", "<20", "^20", "20", "*>20s", ".3", "x<20"):
            assert format(value, spec) == format(word, spec)

    @pytest.mark.parametrize("value", NUMBERS, ids=repr)
    def test_specs_of_numbers_print_the_number(self, value: int) -> None:
        for spec in ("d", "04d", "x", "#06x", ">12d", "b", "_b", ".1f"):
            assert format(value, spec) == format(int(value), spec)

    def test_a_service_and_its_parts_take_specs(self) -> None:
        svc = SVC(frontend=L3n4AddrID.parse("10.0.0.1:80"))
        for value in (svc, svc.frontend, svc.name, L4Addr(port=1)):
            assert f"{value:>300}" == str(value).rjust(300)


class TestOrder:
    # In the order in which each sorts.
    SORTED: ClassVar[list[list[Any]]] = [
        [
            L4Addr(port=9),
            L4Addr(protocol=L4Type.SCTP, port=9),
            L4Addr(protocol=L4Type.TCP, port=8),
            L4Addr(protocol=L4Type.TCP, port=10),
            L4Addr(protocol=L4Type.UDP),
        ],
        [
            L3n4Addr.parse("10.0.0.9:80"),
            L3n4Addr.parse("10.0.0.10:9"),
            L3n4Addr.parse("10.0.0.10:80/TCP"),
            L3n4Addr.parse("10.0.0.10:80/UDP"),
            L3n4Addr.parse("10.0.0.10:9/i"),
            L3n4Addr.parse("10.0.0.10@1:9"),
            L3n4Addr.parse("[::1]:9"),
            L3n4Addr.parse("[::1%eth0]:9"),
            L3n4Addr.parse("[::1%eth1]:9"),
        ],
        [
            L3n4AddrID.parse("10.0.0.1:80", id=9),
            L3n4AddrID.parse("10.0.0.1:80", id=10),
            L3n4AddrID.parse("10.0.0.2:80", id=1),
        ],
        [
            Backend.parse("10.0.0.1:80", id=9),
            Backend.parse("10.0.0.1:80", id=10),
            Backend.parse("10.0.0.2:80", id=1),
        ],
        [
            ServiceName(namespace="shop", name="web"),
            ServiceName(namespace="a", name="z", cluster="c1"),
            ServiceName(namespace="b", name="a", cluster="c1"),
            ServiceName(namespace="b", name="b", cluster="c1"),
        ],
    ]

    @pytest.mark.parametrize("values", SORTED, ids=lambda each: type(each[0]).__name__)
    def test_values_sort(self, values: list[Any]) -> None:
        shuffled = random.Random(1).sample(values, len(values))
        assert sorted(shuffled) == values
        assert (min(shuffled), max(shuffled)) == (values[0], values[-1])
        first, second = values[:2]
        assert first < second
        assert second > first
        assert first <= first
        assert second >= first

    @pytest.mark.parametrize("name", ["__lt__", "__le__", "__gt__", "__ge__"])
    def test_values_of_other_types_are_not_compared(self, name: str) -> None:
        frontend = L3n4AddrID.parse("10.0.0.1:80")
        for other in (1, "10.0.0.1:80", None, frontend.l3n4_addr, frontend.l4_addr):
            assert getattr(frontend, name)(other) is NotImplemented
            assert getattr(ServiceName(), name)(other) is NotImplemented
        with pytest.raises(TypeError, match="not supported between instances"):
            sorted([frontend, frontend.l3n4_addr])

    def test_the_key_sorts_addresses_of_all_types(self) -> None:
        texts = ["10.0.0.9:80", "10.0.0.10:80/TCP", "[::1]:9"]
        kinds: list[type[L3n4Addr]] = [L3n4AddrID, Backend, L3n4Addr]
        addrs = [kind.parse(text) for kind, text in zip(kinds, texts, strict=True)]
        assert sorted([addrs[2], *addrs[:2]], key=address_order) == addrs

    def test_identity_is_the_hash_and_on_demand_the_protocol(self) -> None:
        addr = L3n4Addr.parse("10.0.0.1:80/TCP")
        assert identity(addr) == addr.hash()
        assert identity(addr, with_protocol=True) == addr.hash() + b"TCP"


class TestFlagOperators:
    FLAGS = ServiceFlags(0x46)

    @pytest.mark.parametrize(
        ("found", "number"),
        [
            (FLAGS | 1, 0x47),
            (1 | FLAGS, 0x47),
            (FLAGS | ServiceFlagBit.LOOPBACK, 0x846),
            (ServiceFlagBit.LOOPBACK | FLAGS, 0x846),
            (ServiceFlagBit.LOOPBACK | ServiceFlagBit.NODE_PORT, 0x802),
            (FLAGS & 0xFFFFFFFF, 0x46),
            (FLAGS & ~ServiceFlagBit.NODE_PORT, 0x44),
            (ServiceFlagBit.NODE_PORT & FLAGS, 2),
            (FLAGS ^ ServiceFlags(0x43), 5),
            (2 ^ FLAGS, 0x44),
            (~FLAGS, 0xFFB9),
            (~ServiceFlagBit.EXTERNAL_IPS, 0xFFFE),
        ],
    )
    def test_operators_give_flags(self, found: object, number: int) -> None:
        assert (found, type(found)) == (number, ServiceFlags)

    def test_flags_out_of_range_are_refused(self) -> None:
        with pytest.raises(LoadBalancerError, match="0 … 65535"):
            _ = self.FLAGS | 0x10000
        other: Any = "x"
        with pytest.raises(TypeError):
            _ = self.FLAGS | other

    def test_flags_contain_those_whose_bits_they_have(self) -> None:
        assert ServiceFlagBit.NODE_PORT in self.FLAGS
        assert ServiceFlags(0x42) in self.FLAGS
        assert ServiceFlags(0) in self.FLAGS
        assert ServiceFlagBit.LOOPBACK not in self.FLAGS
        assert ServiceFlags(0x43) not in self.FLAGS

    def test_flags_iterate_over_named_bits(self) -> None:
        bits = [*(self.FLAGS | 0xC000)]
        assert bits == [
            ServiceFlagBit.NODE_PORT,
            ServiceFlagBit.EXT_LOCAL_SCOPE,
            ServiceFlagBit.ROUTABLE,
        ]


class TestRepr:
    @pytest.mark.parametrize(
        "value",
        [
            *(BackendState.ACTIVE, BackendStateFlags.MAINTENANCE, Scope.INTERNAL, L4Type.TCP),
            *(SVCType.HostPort, SVCTrafficPolicy.Local, SVCNatPolicy.NONE, ServiceFlagBit.ROUTABLE),
        ],
    )
    def test_a_member_is_written_as_in_python(self, value: Enum) -> None:
        assert repr(value) == f"{type(value).__name__}.{value.name}"

    @pytest.mark.parametrize("text", ["fe80::1%a@3@0", "fe80::1%a@3", "10.0.0.1@3"])
    def test_the_text_of_an_address_is_read_back_as_it(self, text: str) -> None:
        addr = AddrCluster(text)
        assert (repr(addr), eval(repr(addr))) == (f"AddrCluster({text!r})", addr)


def backends(*states: BackendState, serving: bool = True) -> list[Backend]:
    return [Backend.parse("10.0.0.2:80", state=state, serving=serving) for state in states]


class TestServiceAsText:
    ACTIVE, QUARANTINED = BackendState.ACTIVE, BackendState.QUARANTINED
    TERMINATING = BackendState.TERMINATING

    @pytest.mark.parametrize(
        ("listed", "count"),
        [
            ([], "no backends"),
            (backends(ACTIVE), "1 backend"),
            (backends(TERMINATING, serving=False), "1 backend (1 terminating-not-serving)"),
            (
                backends(QUARANTINED, ACTIVE, TERMINATING, QUARANTINED),
                "4 backends (1 terminating, 2 quarantined)",
            ),
        ],
    )
    def test_one_line_has_what_matters(self, listed: list[Backend], count: str) -> None:
        frontend = L3n4AddrID.parse("[fd00::1]:53/UDP/i", id=7)
        name = ServiceName(namespace="kube-system", name="dns")
        svc = SVC(frontend=frontend, backends=listed, type=SVCType.ClusterIP, name=name)
        assert str(svc) == f"ClusterIP [fd00::1]:53/UDP/i kube-system/dns, {count}"

    def test_what_is_absent_is_left_out(self) -> None:
        svc = SVC(frontend=L3n4AddrID.parse("10.0.0.1:53"))
        assert str(svc) == "NONE 10.0.0.1:53, no backends"

    def test_line_feeds_are_escaped(self) -> None:
        svc = SVC(frontend=L3n4AddrID.parse("10.0.0.1:53"), name=ServiceName(name="a\nb"))
        assert str(svc) == r"NONE 10.0.0.1:53 /a\nb, no backends"


class TestParse:
    def test_fields_complete_the_text(self) -> None:
        backend = Backend.parse("10.0.0.1:80/TCP", weight=10, state=BackendState.QUARANTINED)
        expected = Backend(
            protocol=L4Type.TCP,
            addr_cluster=AddrCluster("10.0.0.1"),
            port=80,
            weight=10,
            state=BackendState.QUARANTINED,
        )
        assert (backend, type(backend)) == (expected, Backend)
        assert L3n4AddrID.parse("10.0.0.1:80", id=7).id == 7

    def test_fields_are_what_the_text_leaves_open(self) -> None:
        addr = L3n4Addr.parse("10.0.0.1:80", protocol=L4Type.UDP, scope=Scope.INTERNAL)
        assert addr.string_with_protocol() == "10.0.0.1:80/UDP/i"

    @pytest.mark.parametrize(
        ("text", "fields", "twice"),
        [
            ("10.0.0.1:80", {"port": 80}, "port"),
            ("10.0.0.1:80/TCP", {"protocol": "TCP", "addr_cluster": ""}, "addr_cluster and proto"),
            ("10.0.0.1:80/i", {"scope": 0}, "scope"),
        ],
    )
    def test_no_field_is_given_twice(self, text: str, fields: dict[str, Any], twice: str) -> None:
        with pytest.raises(TypeError, match=f'^"{text}" has {twice}'):
            Backend.parse(text, **fields)

    @pytest.mark.parametrize("fields", [{"weight": "1"}, {"id": -1}, {"unknown": 1}])
    def test_fields_are_validated(self, fields: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Backend.parse("10.0.0.1:80", **fields)


class TestPatterns:
    """Positional patterns take the fields in the order of Go's structs."""

    def test_addresses(self) -> None:
        frontend = L3n4AddrID.parse("[fd00::1%eth0@3]:53/UDP/i", id=7)
        match frontend:
            case L3n4AddrID(addr, L4Type.UDP, port, Scope.INTERNAL, id):
                assert (addr, port, id) == (AddrCluster("fd00::1%eth0@3"), 53, 7)
            case _:
                pytest.fail("not matched")
        match frontend.addr_cluster:
            case AddrCluster(ip, 3, zone):
                assert (str(ip.exploded)[:4], zone) == ("fd00", "eth0")
            case _:
                pytest.fail("not matched")
        match frontend.l4_addr:
            case L4Addr(protocol, port):
                assert (protocol, port) == (L4Type.UDP, 53)

    def test_backends(self) -> None:
        backend = Backend.parse("10.0.0.1:80/TCP", id=7, weight=3, node_name="n", zone="z")
        match backend:
            case Backend("", 7, 3, "n", _, _, 80, _, BackendState.ACTIVE, False, "z", True):
                pass
            case _:
                pytest.fail("not matched")
        match backend:
            case L3n4Addr(addr, L4Type.TCP, 80):
                assert str(addr) == "10.0.0.1"
            case _:
                pytest.fail("not matched")

    def test_names(self) -> None:
        match ServiceName(namespace="shop", name="web"):
            case ServiceName(namespace, name, cluster):
                assert (namespace, name, cluster) == ("shop", "web", "")

    def test_every_field_has_a_place(self) -> None:
        for cls in (L4Addr, L3n4Addr, L3n4AddrID, Backend, ServiceName):
            assert sorted(cls.__match_args__) == sorted(cls.model_fields)


class TestWordsGivenToEnums:
    @pytest.mark.parametrize(
        ("call", "hint"),
        [
            (lambda: BackendState("active"), "get_backend_state() reads words"),  # type: ignore[arg-type]  # pyright: ignore
            (lambda: L4Type("tcp"), "new_l4_type() reads names in any case"),
            (
                lambda: Scope("internal"),  # type: ignore[arg-type]  # pyright: ignore
                "fields of type loadbalancer.text.Scope read words",
            ),
        ],
    )
    def test_the_error_says_what_reads_them(self, call: Callable[[], object], hint: str) -> None:
        with pytest.raises(ValueError, match="is not a valid") as caught:
            call()
        assert str(caught.value).endswith(f": {hint}")

    def test_of_numbers_the_error_is_that_of_python(self) -> None:
        with pytest.raises(ValueError, match=r"^9 is not a valid BackendState$"):
            BackendState(9)


class TestInWords:
    SERVICE = SVC(
        frontend=L3n4AddrID.parse("10.0.0.1:80/TCP/i"),
        backends=[Backend.parse("[fe80::1%a@3@0]:80", state=BackendState.MAINTENANCE)],
    )

    def test_states_and_scopes_are_words_and_all_else_is_as_before(self) -> None:
        expected: Any = json.loads(self.SERVICE.model_dump_json())
        expected["frontend"]["scope"] = "internal"
        expected["backends"][0] |= {"scope": "external", "state": "maintenance"}
        assert json.loads(json.dumps(in_words(self.SERVICE))) == expected
        assert in_words([self.SERVICE, *self.SERVICE.backends]) == [expected, *expected["backends"]]

    def test_keys_and_values_of_collections(self) -> None:
        values = {Scope.INTERNAL: (BackendState.ACTIVE, AddrCluster("::"), ServiceFlags(2), None)}
        assert in_words(values) == {"internal": ["active", "::", 2, None]}

    def test_a_field_of_a_model_is_written_so(self) -> None:
        class Report(BaseModel):
            svc: Annotated[SVC, PlainSerializer(in_words, when_used="json")]

        report = Report(svc=self.SERVICE)
        assert json.loads(report.model_dump_json()) == {"svc": in_words(self.SERVICE)}
        assert report.model_dump() == {"svc": self.SERVICE.model_dump()}
