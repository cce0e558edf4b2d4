"""Where two domain objects or wire models differ, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

__all__ = ["differences"]


def differences(left: object, right: object, path: str = "") -> Iterator[str]:
    """Yield a line for each place where two values differ: `backends[3].state: left != right`.

    Models of one class are compared by their fields, lists by their elements, anything else as a
    whole. Yields nothing if the values are equal.
    """
    if type(left) is type(right) and isinstance(left, BaseModel):
        for name in type(left).model_fields:
            place = f"{path}.{name}" if path else name
            yield from differences(getattr(left, name), getattr(right, name), place)
    elif isinstance(left, list) and isinstance(right, list):
        yield from _of_lists(left, right, path)  # pyright: ignore[reportUnknownArgumentType]
    elif left != right:
        yield f"{path}: {left!r} != {right!r}" if path else f"{left!r} != {right!r}"


def _of_lists(left: list[Any], right: list[Any], path: str) -> Iterator[str]:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        yield from differences(one, other, f"{path}[{index}]")
    shared = min(len(left), len(right))
    for side, values in (("left", left), ("right", right)):
        for index, value in enumerate(values[shared:], shared):
            yield f"{path}[{index}]: only on the {side}: {value!r}"
