"""How numbers are spelled where there is nothing but text: what `loadbalancer.text` reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import BaseModel
from pydantic_core import PydanticCustomError, core_schema, to_jsonable_python

from ..errors import LoadBalancerError
from .backend_state import BackendState
from .l3n4 import Scope
from .service_flags import ServiceFlags, parse_service_flags

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

__all__ = [
    "FLAGS",
    "NUMBER",
    "PREFERRED",
    "SCOPE",
    "STATE",
    "STATE_FLAGS",
    "FromText",
    "in_words",
]

_decimal = re.compile("[0-9]+").fullmatch
_hexadecimal = re.compile("0x[0-9a-f]+").fullmatch
# More digits than any number has that is in range: they need not become a number to be refused.
_MOST_DIGITS = 20


def in_words(value: Any) -> Any:
    """Return a service, a backend or a list of them as JSON values, states and scopes as words.

    `json.dumps(in_words(svc))`. The JSON of Pydantic has numbers there.
    """
    if isinstance(value, BackendState | Scope):
        return str(value)
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if type(value) is dict:
        return {in_words(key): in_words(each) for key, each in cast(Any, value).items()}
    if type(value) in (list, tuple):
        return [in_words(each) for each in value]
    return to_jsonable_python(value)


class _Reading(Protocol):
    def __call__(self, text: str, /) -> object: ...


# Equal to itself alone, and with that hashable, as a part of `… | None` has to be.
@dataclass(frozen=True, slots=True, eq=False)
class FromText:
    """Beside what a type takes: the text that `read` makes such a value of.

    In `Annotated` with the type. `read` returns what the type takes, or None if the text is not
    what `expected` says.
    """

    read: _Reading
    expected: str
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self._validate, handler(source))

    def _validate(self, value: object) -> object:
        # Members of text enums are texts, too, but not in place of a number.
        if type(value) is not str:
            return value
        found = self.read(value)
        if found is None:
            raise PydanticCustomError(
                "text_form", "Input should be {expected}", {"expected": self.expected}
            )
        return found

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        number = handler(schema)
        if handler.mode == "serialization":
            return number
        about: JsonSchemaValue = {
            key: number.pop(key) for key in ("title", "description") if key in number
        }
        return {**about, "anyOf": [number, {"type": "string", **self.schema}]}


def _read_number(text: str) -> int | None:
    return int(text) if len(text) <= _MOST_DIGITS and _decimal(text) else None


def _of_words(words: Iterable[str], what: str) -> FromText:
    """The words of the numbers from 0 on, or the numbers themselves."""
    by_word = {word: number for number, word in enumerate(words)}
    known = by_word | {str(number): number for number in by_word.values()}
    expected = f"{what}: {', '.join(by_word)}, or its number"
    return FromText(known.get, expected, {"enum": [*known]})


def _read_flags(text: str) -> int | None:
    if len(text) <= _MOST_DIGITS and _hexadecimal(text):
        return int(text, 16)
    if (number := _read_number(text)) is not None:
        return number
    try:
        flags, later = parse_service_flags(text)
    except LoadBalancerError:
        return None
    return None if later else flags


NUMBER = FromText(_read_number, "a number in decimal digits", {"pattern": "^[0-9]+$"})
STATE = _of_words(map(str, BackendState), "the state of a backend")
STATE_FLAGS = _of_words(
    [str(state) for state in BackendState if state is not BackendState.INVALID],
    "the flags of a backend's state",
)
SCOPE = _of_words(("external", "internal"), "a scope")
FLAGS = FromText(
    _read_flags,
    "service flags: a number, decimal or hexadecimal, or what they print as",
    {"examples": ["70", "0x0046", str(ServiceFlags(0x46))]},
)
_BOOLEANS: dict[str, bool] = {"true": True, "false": False, "1": True, "0": False}
_read_boolean: Callable[[str], bool | None] = _BOOLEANS.get
PREFERRED = FromText(_read_boolean, "true or false, 1 or 0", {"enum": [*_BOOLEANS]})
