"""The words of the wire and the domain values they stand for, both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from ..domain.backend_state import STATE_WORDS, BackendState, get_backend_state
from ..domain.l3n4 import Scope
from ..domain.l4 import L4Type, new_l4_type
from ..domain.service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType

__all__ = [
    "NAT_POLICIES",
    "PROTOCOLS",
    "PROTOCOL_WORDS",
    "SCOPES",
    "SCOPE_WORDS",
    "STATES",
    "SVC_TYPES",
    "TRAFFIC_POLICIES",
    "WIRE_STATE_WORDS",
    "wire_word",
]

_Value = TypeVar("_Value")


class _Words(dict[str, _Value]):
    """The values of words; any other word is given to a function."""

    def __init__(self, words: Mapping[str, _Value], otherwise: Callable[[str], _Value]) -> None:
        super().__init__(words)
        self._otherwise = otherwise

    def __missing__(self, word: str) -> _Value:
        return self._otherwise(word)


def _no_scope(word: str) -> Scope:
    raise ValueError(f'invalid scope "{word}"')


# By the number of the scope or state; INVALID, the last state, has no word on the wire.
SCOPE_WORDS = ("external", "internal")
WIRE_STATE_WORDS: tuple[str | None, ...] = (*STATE_WORDS.values(), None)
# By the value of the member.
PROTOCOL_WORDS = {"TCP": "tcp", "UDP": "udp"}

SCOPES: Mapping[str, Scope] = _Words(dict(zip(SCOPE_WORDS, Scope, strict=True)), _no_scope)
STATES: Mapping[str, BackendState] = _Words(
    {word: BackendState(state) for state, word in STATE_WORDS.items()}, get_backend_state
)
PROTOCOLS: Mapping[str, L4Type] = _Words(
    {word: L4Type(value) for value, word in PROTOCOL_WORDS.items()}, new_l4_type
)
# What is absent has the default of its type as well; NONE has no word on the wire.
SVC_TYPES: Mapping[str, SVCType] = _Words(
    {each.value: each for each in SVCType if each != "NONE"}, lambda _: SVCType.ClusterIP
)
NAT_POLICIES: Mapping[str, SVCNatPolicy] = _Words(
    {each.value: each for each in SVCNatPolicy if each != "NONE"}, lambda _: SVCNatPolicy.NONE
)
TRAFFIC_POLICIES: Mapping[str, SVCTrafficPolicy] = _Words(
    {each.value: each for each in SVCTrafficPolicy if each != "NONE"},
    lambda _: SVCTrafficPolicy.Cluster,
)


_NAMES: dict[StrEnum, str | None] = {
    # NONE is a type and a policy of the domain alone: the wire has no word for it.
    each: None if each.value == "NONE" else each.value
    for family in (SVCType, SVCTrafficPolicy, SVCNatPolicy)
    for each in family
}
wire_word = _NAMES.__getitem__
"""The word of a type or policy, or None if it has none on the wire."""
