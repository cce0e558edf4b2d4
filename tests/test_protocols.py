"""Values in Python's own protocols: format specs, order, operators, patterns, repr, errors."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import pytest

from loadbalancer import (
    AddrCluster,
    BackendState,
    BackendStateFlags,
    L4Type,
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
