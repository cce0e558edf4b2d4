"""Values in Python's own protocols: format specs, order, operators, patterns, repr, errors."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from loadbalancer import (
    AddrCluster,
    BackendState,
    BackendStateFlags,
    L4Type,
    LoadBalancerError,
    Scope,
    ServiceFlagBit,
    ServiceFlags,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
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
