"""What was probably meant by a word that is close to a known one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

__all__ = ["nearest", "nearest_address", "nearest_number"]

_separators = re.compile(r"[\s_.\-]+")
# How alike two words have to be, 0 … 1, for one to be taken for a misspelling of the other.
_LIKENESS = 0.75
_SHORTEST_ABBREVIATION = 3
# Longer words are not cached: input must not fill the memory.
_LONGEST_REMEMBERED = 64


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a word abbreviates, misspells, or has in other case or separators."""
    # Every service of a later release has the same keys that 1.13 does not know.
    look = _remembered if len(word) <= _LONGEST_REMEMBERED else _nearest
    return look(word, tuple(known))


def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    by_fold = {_fold(each): each for each in known}
    fold = _fold(word)
    if not fold:
        return None
    if fold in by_fold:
        return by_fold[fold]
    if len(fold) >= _SHORTEST_ABBREVIATION:
        longer = [each for each in by_fold if each.startswith(fold)]
        if len(longer) == 1:
            return by_fold[longer[0]]
    from difflib import get_close_matches

    matches = get_close_matches(fold, by_fold, n=1, cutoff=_LIKENESS)
    return by_fold[matches[0]] if matches else None


_remembered = lru_cache(maxsize=256)(_nearest)


def nearest_number(value: Any, minimum: int, maximum: int) -> int | None:
    """The integer in a range that was written as text or with a fraction of zero."""
    is_text = isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,20}\s*", value, re.ASCII)
    is_whole = isinstance(value, float) and value.is_integer()
    number = int(value) if is_text or is_whole else None
    return number if number is not None and minimum <= number <= maximum else None


_may_be_address = re.compile(r"[0-9a-fA-F:.]+(?:%.*)?").fullmatch


def nearest_address(text: str) -> str | None:
    """The IP address in a text that has something around it, or leading zeros in it."""
    from loadbalancer import AddrCluster, AddressError

    bare = text.strip().partition("/")[0]
    without_zeros = re.sub(r"(?<![0-9a-fA-F:.])0+(?=[0-9])|(?<=\.)0+(?=[0-9])", "", bare)
    candidates = (
        bare,
        bare.removeprefix("[").removesuffix("]"),
        re.sub(r"^\[(.*)\]:[0-9]+$", r"\1", bare),
        re.sub(r"^([0-9.]+):[0-9]+$", r"\1", bare),
        without_zeros,
    )
    for candidate in dict.fromkeys(filter(_may_be_address, candidates)):
        try:
            return str(AddrCluster.parse(candidate))
        except AddressError:
            continue
    return None


def _fold(word: str) -> str:
    return _separators.sub("", word).lower()
