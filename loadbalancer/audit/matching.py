"""Which address on one side is which on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..domain.identity import identity
from ..domain.l3n4 import L3n4Addr
from ..domain.l4 import L4Type

__all__ = ["Matching", "match"]

_E = TypeVar("_E")
_F = TypeVar("_F")


@dataclass(slots=True)
class Matching(Generic[_E, _F]):
    """Pairs of what is the same, and what one side has alone."""

    pairs: list[tuple[_E, _F]] = field(default_factory=list[tuple[_E, _F]])
    missing: list[_E] = field(default_factory=list[_E])
    """What is expected and not found."""
    extra: list[_F] = field(default_factory=list[_F])
    """What is found and not expected."""


@dataclass(slots=True)
class _Group(Generic[_E, _F]):
    """Both sides of one address, with the protocol of each."""

    expected: list[tuple[L4Type, _E]] = field(default_factory=list[tuple[L4Type, _E]])
    found: list[tuple[L4Type, _F]] = field(default_factory=list[tuple[L4Type, _F]])

    def match_into(self, result: Matching[_E, _F]) -> None:
        free = list(self.expected)
        # What has the very protocol first.
        for protocol, found in sorted(self.found, key=lambda each: each[0] is L4Type.NONE):
            partners = [each for each in free if _is_same(each[0], protocol)]
            if partners:
                partner = min(partners, key=lambda each: each[0] is not protocol)
                free.remove(partner)
                result.pairs.append((partner[1], found))
            elif not any(_is_same(each, protocol) for each, _ in self.expected):
                result.extra.append(found)
        # What has no partner left may still be meant: one that has no protocol stands for all.
        for protocol, expected in free:
            if not any(_is_same(protocol, each) for each, _ in self.found):
                result.missing.append(expected)


def match(
    expected: Iterable[_E],
    found: Iterable[_F],
    expected_address: Callable[[_E], L3n4Addr],
    found_address: Callable[[_F], L3n4Addr],
) -> Matching[_E, _F]:
    """Match by address, cluster, port and scope, and by protocol where both sides have one."""
    expected, found = [*expected], [*found]
    if (pairs := _all_alike(expected, found, expected_address, found_address)) is not None:
        return Matching(pairs)
    groups: dict[bytes, _Group[_E, _F]] = {}
    for each, address in _addressed(expected, expected_address):
        groups.setdefault(identity(address), _Group()).expected.append((address.protocol, each))
    for other, address in _addressed(found, found_address):
        groups.setdefault(identity(address), _Group()).found.append((address.protocol, other))
    result: Matching[_E, _F] = Matching()
    for group in groups.values():
        group.match_into(result)
    return result


def _all_alike(
    expected: list[_E],
    found: list[_F],
    expected_address: Callable[[_E], L3n4Addr],
    found_address: Callable[[_F], L3n4Addr],
) -> list[tuple[_E, _F]] | None:
    """Return the pairs if both sides have the same addresses, each once; mostly they have."""
    if len(expected) != len(found):
        return None
    known = {_key(expected_address(each)): each for each in expected}
    others = {_key(found_address(each)): each for each in found}
    if len(known) != len(expected) or known.keys() != others.keys():
        return None
    return [(each, others[key]) for key, each in known.items()]


def _key(addr: L3n4Addr) -> tuple[object, ...]:
    fields = addr.__dict__
    return fields["addr_cluster"], fields["port"], fields["protocol"], fields["scope"]


def _addressed(
    items: Iterable[_E], address: Callable[[_E], L3n4Addr]
) -> Iterator[tuple[_E, L3n4Addr]]:
    return ((each, address(each)) for each in items)


def _is_same(one: L4Type, other: L4Type) -> bool:
    return one is other or L4Type.NONE in (one, other)
