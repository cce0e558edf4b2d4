"""Which of JSON's containers a value is, in a way that type checkers understand."""

from __future__ import annotations

import json
from typing import Any, TypeGuard

__all__ = ["NOT_A_CHARACTER", "has_surrogates", "is_array", "is_object"]

NOT_A_CHARACTER = "half of a surrogate pair (\\ud800 to \\udfff) is not a character"


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def has_surrogates(value: Any) -> bool:
    """Whether a JSON value has half of a surrogate pair in it, which could never be written."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
