"""Input made to exhaust, confuse or break its reader: refused, with the reason."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from loadbalancer import read_dump
from loadbalancer.checking.checker import Checker
from loadbalancer.checking.verdict import Verdict
from loadbalancer.kubernetes import DocumentError, iter_objects, read_documents

LAUGHS = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
SPEC = {"id": 1, "frontend-address": {"ip": "10.0.0.1", "port": 80, "scope": "external"}}
NOT_A_CHARACTER = r"half of a surrogate pair (\ud800 to \udfff) is not a character"


def indented(text: str) -> str:
    return text.replace("\n", "\n    ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            f"- spec:\n    {indented(LAUGHS)}",
            "aliases are not read, they can grow without bounds",
        ),
        ("[" * 100_000, "nested too deeply"),
        (f'[{{"spec": {{"id": {"9" * 5000}}}}}]', "a number of more than 4,300 digits"),
        (
            json.dumps([{"spec": {**SPEC, "flags": {"name": "\ud800"}}}]),
            NOT_A_CHARACTER,
        ),
        (json.dumps({"Address": "10.0.0.1:80/TCP", "Type": "\udfff"}), NOT_A_CHARACTER),
    ],
    ids=range(5),
)
def test_a_dump(text: str, reason: str) -> None:
    dump = read_dump(text)
    assert [problem.reason for problem in dump.problems] == [reason]
    assert dump.services == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAUGHS, "not YAML: line 2: aliases are not read, they can grow without bounds"),
        ("kind: !!bool x", "not YAML: broken YAML: a value cannot be read: 'x'"),
        ("kind: !!binary x", "not YAML: line 1: broken YAML: could not determine a constructor "),
        ("kind: !!set {a}", "not YAML: line 1: broken YAML: could not determine a constructor "),
        ("kind: !!python/name:os.system", "not YAML: line 1: broken YAML: could not determine "),
        ('a: !!int ""', "not YAML: broken YAML: a value cannot be read: "),
        (f"a: {'9' * 5000}", "not YAML: broken YAML: a value cannot be read: a number of more"),
        (f"a: 0x{'f' * 4000}", "not YAML: broken YAML: a value cannot be read: a number of more"),
        (f"a: 1{':59' * 5000}", "not YAML: broken YAML: a value cannot be read: a number of more"),
        (f'{{"a": {"9" * 5000}}}', "not JSON: Exceeds the limit"),
        (r'{"kind": "Service", "metadata": {"name": "\ud800"}}', f"not JSON: {NOT_A_CHARACTER}"),
        ("kind: List\nitems: 5\n", "the items of the List are not an array"),
        ('{"kind": "List", "items": {"a": 1}}', "the items of the List are not an array"),
        ('{"kind": "List", "items": [5]}', "an item of the List is not an object"),
    ],
)
def test_objects(text: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        list(iter_objects(text))
    assert str(caught.value).startswith(reason)


def test_a_pair_of_surrogates_is_a_character() -> None:
    text = r'{"kind": "Service", "metadata": {"name": "\ud83d\ude00"}}'
    assert [each["metadata"] for each in iter_objects(text)] == [{"name": "😀"}]


def test_a_date_is_text_as_in_kubernetes() -> None:
    text = "kind: Service\nmetadata: {name: 2020-01-01, at: 2020-01-01T00:00:00Z}\n"
    assert [*read_documents(text)] == [
        {"kind": "Service", "metadata": {"name": "2020-01-01", "at": "2020-01-01T00:00:00Z"}}
    ]


def test_unknown_states_are_all_reported_in_linear_time() -> None:
    states = ["active", *["wrong"] * 4000, "active"]
    backends = [{"ip": "10.0.0.1", "port": i, "state": each} for i, each in enumerate(states)]
    text = json.dumps([{"spec": {**SPEC, "backend-addresses": backends}}])
    begin = time.monotonic()
    dump = read_dump(text)
    # It took a minute when each state was removed by itself.
    assert time.monotonic() - begin < 10
    assert [each.port for each in dump.services[0].backends] == [0, 4001]
    places = [f"/0/spec/backend-addresses/{index}/state" for index in range(1, 4001)]
    assert [problem.pointer for problem in dump.problems] == places


def test_a_refused_backend_behind_an_unknown_state_is_named_by_its_own_index() -> None:
    backends = [{"ip": "10.0.0.1", "state": "wrong"}, {"ip": "10.0.0.2", "port": -1}]
    dump = read_dump(json.dumps([{"spec": {**SPEC, "backend-addresses": backends}}]))
    assert [each.pointer for each in dump.problems] == ["/0/spec/backend-addresses/1/port"]


@pytest.mark.parametrize("value", [{}, [], None, 5, {"ip": "x"}, {"spec": {"id": "x"}}], ids=str)
def test_beyond_a_limit_wrong_values_are_only_counted(value: Any) -> None:
    text = json.dumps([value] * 500).encode()
    every, some = Verdict(), Verdict()
    for checked in Checker().check([text]):
        every.add(checked)
    diagnosed = 0
    for checked in Checker(most_diagnosed=100).check([text]):
        some.add(checked)
        diagnosed += len(checked.problems)
    assert 100 <= diagnosed < 105
    assert (some.refused, some.kinds) == (every.refused, every.kinds)
    assert every.errors >= some.errors >= 500
