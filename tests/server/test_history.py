"""The checker of histories finds what is wrong with them."""

from __future__ import annotations

import pytest

from .history import Call, History


def history(*calls: tuple[str, object, float, float]) -> History:
    made = History()
    for kind, value, start, end in calls:
        made.add("x", Call(kind == "write", value, start, end))
    return made


@pytest.mark.parametrize(
    "calls",
    [
        [("write", 1, 0, 1), ("read", 1, 2, 3)],
        [("read", None, 0, 1), ("write", 1, 2, 3), ("read", 1, 4, 5)],
        # A write that runs may have taken place or not.
        [("write", 1, 0, 9), ("read", None, 1, 2), ("read", 1, 3, 4)],
        [("write", 1, 0, 1), ("write", 2, 2, float("inf")), ("read", 1, 3, 4), ("read", 2, 5, 6)],
        [("write", 1, 0, 1), ("write", 2, 2, float("inf")), ("read", 1, 3, 4)],
        [("write", 1, 0, 5), ("write", 2, 0, 5), ("read", 1, 6, 7), ("read", 1, 8, 9)],
    ],
)
def test_of_these_there_is_an_order(calls: list[tuple[str, object, float, float]]) -> None:
    assert history(*calls).problems() == []


@pytest.mark.parametrize(
    "calls",
    [
        [("write", 1, 0, 1), ("read", 2, 2, 3)],
        [("write", 1, 0, 1), ("read", None, 2, 3)],
        [("read", 1, 0, 1), ("write", 1, 2, 3)],
        [("write", 1, 0, 1), ("write", 2, 2, 3), ("read", 1, 4, 5)],
        # A read goes back behind another one.
        [("write", 1, 0, 1), ("write", 2, 2, 9), ("read", 2, 3, 4), ("read", 1, 5, 6)],
        [("write", 1, 0, 9), ("read", 1, 1, 2), ("read", None, 3, 4)],
        # Back and forth between two that were written at once.
        [
            *(("write", 1, 0, 9), ("write", 2, 0, 9)),
            *(("read", 1, 1, 2), ("read", 2, 3, 4), ("read", 1, 5, 6)),
        ],
    ],
)
def test_of_these_there_is_none(calls: list[tuple[str, object, float, float]]) -> None:
    assert history(*calls).problems() != []
