"""Services that are checked many at once are told apart as those that are checked one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbalancer.checking.checker import Checked, Checker
from loadbalancer.checking.whole_lists import WholeLists

from .service_lists import LISTS, NO_FRONTEND, NO_SCOPE, SPACED, SPEC, service, spaced_service

CHECKERS = {
    "as validate": Checker(looks_at_releases=True),
    "strict": Checker(is_strict=True, warns=False),
    "strict keys": Checker(is_strict=True, strict_keys=True),
    "as list": Checker(warns=False),
    "of another release": Checker(release="1.18", looks_at_releases=True),
}


def one_by_one(checker: Checker, look: object) -> None:
    """In place of what reads many services at once."""


@dataclass
class Reader:
    """What is found out about texts, and how much of that many at once."""

    checker: Checker
    taken: int = field(default=0, init=False)

    def check(self, text: bytes, size: int, *, at_once: bool) -> Checked:
        whole = Checked()
        with pytest.MonkeyPatch.context() as patch:
            if not at_once:
                patch.setattr(Checker, "_whole_reader", one_by_one)
            take = WholeLists.take

            def counted(self: WholeLists, text: str, at: int) -> tuple[Sequence[object], int]:
                found = take(self, text, at)
                owner.taken += len(found[0])
                return found

            owner = self
            patch.setattr(WholeLists, "take", counted)
            chunks = [text[at : at + size] for at in range(0, len(text), size)]
            for each in self.checker.check(chunks, "dump.json"):
                whole.items += each.items
                whole.problems += each.problems
                whole.refused += each.refused
                whole.notes += each.notes
                whole.is_list = each.is_list
                # The same object is told each time, and goes on changing.
                whole.span = each.span
        return whole


def check_both_ways(checker: Checker, text: bytes, size: int = 1 << 20) -> int:
    """How many were taken at once, if that has made no difference."""
    reader = Reader(checker)
    found = reader.check(text, size, at_once=True)
    assert found == reader.check(text, size, at_once=False)
    return reader.taken


def some(*texts: str, comma: str = ",") -> bytes:
    return f"[{comma.join(texts)}]".encode(errors="surrogatepass")


GOOD = service(SPEC)
SPACED_GOOD = spaced_service(SPACED)
# What there is something to say of, or of which that might be thought.
OTHERS = {
    "unknown key": service(SPEC[:-1] + ',"IP":"10.0.0.1"}'),
    "unknown key of a backend": service(SPEC.replace('"nodeName"', '"nodename"')),
    "unknown key of a service": GOOD[:-1] + ',"specs":{}}',
    "key of a later release": service(SPEC.replace('"nodeName"', '"zone":"a","nodeName"')),
    "word of a later release": service(SPEC.replace('"tcp"', '"TCP"')),
    "word of an earlier release": service(SPEC.replace('"Local"', '"Global"')),
    "does not convert": service(NO_SCOPE),
    "is invalid": service(NO_FRONTEND),
    "specs differ": service(SPEC, SPEC.replace("8080", "8081")),
    "no status": f'{{"spec":{SPEC}}}',
    "another kind": SPEC,
    "null": "null",
    "NaN": service(SPEC[:-1] + ',"x":NaN}'),
    "half a pair": service(SPEC.replace('"web"', '"\\ud800"')),
    "half a pair, raw": service(SPEC.replace('"web"', '"\ud800"')),
    "many digits": service(SPEC[:-1] + f',"x":1{"0" * 5000}}}'),
    "deep": service(SPEC[:-1] + f',"x":{"[" * 150}{"]" * 150}}}'),
    "very deep": service(SPEC[:-1] + f',"x":{"[" * 1500}{"]" * 1500}}}'),
    "a key twice": service(SPEC.replace('"id":5', '"id":"x","id":5')),
    "marks in a name": service(SPEC.replace('"web"', '"}},{\\"spec\\":"')),
    "brackets inside out": service(f"{SPEC}],[{SPEC}"),
    "end of the list": GOOD + "],[" + GOOD,
    "control character": service(SPEC.replace('"web"', '"w\teb"')),
    "space": " " + GOOD + "\n",
}


@pytest.mark.parametrize("name", sorted(CHECKERS.keys() - {"of another release"}))
def test_good_ones_are_taken_at_once(name: str) -> None:
    checker = CHECKERS[name]
    # The last one may not be whole yet.
    assert check_both_ways(checker, some(*[GOOD] * 50)) == 49
    assert check_both_ways(checker, some(*[SPACED_GOOD] * 50, comma=", ")) == 49
    indented = json.dumps(json.loads(some(*[GOOD] * 50)), indent=2).encode()
    assert check_both_ways(checker, indented) == 49


@pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_one_of_which_there_is_something_to_say(checker: Checker, other: str) -> None:
    check_both_ways(checker, some(GOOD, GOOD, other, GOOD, GOOD))
    check_both_ways(checker, some(other, GOOD, GOOD))
    check_both_ways(checker, some(GOOD, GOOD, other))
    with suppress(ValueError, RecursionError):
        values = json.loads(some(GOOD, GOOD, other, GOOD))
        check_both_ways(checker, json.dumps(values, indent=2).encode())


@pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_lists_of_all_kinds(checker: Checker, text: str) -> None:
    check_both_ways(checker, text.encode(errors="surrogatepass"))


@pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
@pytest.mark.parametrize("size", [50, 1000, 4096])
def test_later_pieces_of_a_text_are_tried_again(checker: Checker, size: int) -> None:
    text = some(OTHERS["does not convert"], *[GOOD] * 100, OTHERS["word of a later release"])
    check_both_ways(checker, text, size)


@given(
    st.sampled_from(list(CHECKERS.values())),
    st.lists(
        st.one_of(st.sampled_from([GOOD, SPACED_GOOD]), st.sampled_from(list(OTHERS.values())))
    ),
    st.sampled_from([",", ", ", ",\n  ", ";", ""]),
    st.integers(20, 5000),
    st.integers(0, 40),
)
def test_any_mixture(checker: Checker, texts: list[str], comma: str, size: int, cut: int) -> None:
    text = some(*texts, comma=comma)
    check_both_ways(checker, text[: len(text) - cut], size)
