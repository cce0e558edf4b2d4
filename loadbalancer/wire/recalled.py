"""What was made of the last keys, for work that meets the same ones over and over."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

__all__ = ["Recalled"]

_Key = TypeVar("_Key", bound=Hashable)
_Made = TypeVar("_Made")

# A zone or a name may be long: what is kept is not to grow by it.
_LONG = 64


class Recalled(dict[_Key, _Made]):
    """A dictionary that makes what it does not have yet of the key, and forgets all when full.

    To look up what it has is no call of a Python function.
    """

    def __init__(self, make: Callable[[_Key], _Made], most: int = 16_384) -> None:
        self._make = make
        self._most = most

    def __missing__(self, key: _Key) -> _Made:
        made = self._make(key)
        # Keys of other types may equal these and be written otherwise, as 50.0 is.
        if type(key) not in (int, str) or (isinstance(key, str) and len(key) >= _LONG):
            return made
        if len(self) >= self._most:
            self.clear()
        self[key] = made
        return made
