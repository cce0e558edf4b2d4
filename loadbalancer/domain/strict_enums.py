"""Enums whose Pydantic fields take a member or its exact value, and nothing that resembles it.

Pydantic's own enum fields would read `"1"`, `1.0`, `True` and members of other enums as the
member 1.
"""

from __future__ import annotations

from enum import Enum, IntEnum, StrEnum
from typing import TYPE_CHECKING, Literal

from pydantic_core import PydanticCustomError, core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

__all__ = ["StrictIntEnum", "StrictStrEnum", "format_word", "hint_for_words", "member_repr"]

# How the format specs of numbers end; all others are for text.
_NUMBER_TYPES = frozenset("bcdeEfFgGnoxX%")


def format_word(value: int, spec: str) -> str:
    """Format what `str()` prints of a number, or the number itself (`d`, `#06x`)."""
    return format(int(value) if spec[-1:] in _NUMBER_TYPES else str(value), spec)


def member_repr(self: Enum) -> str:
    """Return the member as it is written in Python: `Scope.EXTERNAL`."""
    return f"{type(self).__name__}.{self.name}"


def hint_for_words(cls: type[Enum], value: object, hint: str) -> None:
    """Raise a ValueError with a hint if a text was given to an enum: for `_missing_`."""
    if isinstance(value, str):
        raise ValueError(f"{value!r} is not a valid {cls.__name__}: {hint}")


class StrictIntEnum(IntEnum):
    """A family of Go integer constants."""

    __repr__ = member_repr

    def __format__(self, spec: str) -> str:
        return format_word(self, spec)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        number = core_schema.int_schema(strict=True)
        member = core_schema.enum_schema(cls, list(cls), sub_type="int")
        return _of_family(cls, core_schema.chain_schema([number, member]))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # The names are in the description: validators in strict mode refuse unknown keywords.
        json_schema = _json_schema(cls, "integer")
        names = ", ".join(f"{each.value} {each.name}" for each in cls)
        return {**json_schema, "description": f"{json_schema['description']} {names}."}


class StrictStrEnum(StrEnum):
    """A family of Go string constants."""

    __repr__ = member_repr

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        text = core_schema.str_schema(strict=True)
        member = core_schema.enum_schema(cls, list(cls), sub_type="str")
        return _of_family(cls, core_schema.chain_schema([text, member]))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return _json_schema(cls, "string")


def _of_family(cls: type[Enum], schema: core_schema.CoreSchema) -> core_schema.CoreSchema:
    def check(value: object) -> object:
        if isinstance(value, cls) or not isinstance(value, Enum):
            return value
        raise PydanticCustomError(
            "enum_family",
            "Input should be a member of {family}, not of {given}",
            {"family": cls.__name__, "given": type(value).__name__},
        )

    checked = core_schema.no_info_before_validator_function(check, schema)
    return core_schema.json_or_python_schema(json_schema=schema, python_schema=checked)


def _json_schema(cls: type[Enum], kind: Literal["integer", "string"]) -> JsonSchemaValue:
    return {
        "title": cls.__name__,
        "description": (cls.__doc__ or "").partition("\n")[0],
        "type": kind,
        "enum": [member.value for member in cls],
    }
