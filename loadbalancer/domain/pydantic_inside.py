"""All that the wire models and conversions take from Pydantic's inside, with the reasons.

Each of these works in every version that `pyproject.toml` allows, which CI tries on the oldest
and the newest. `tests/test_pydantic_inside.py` says of each what would be seen if it went.
Used beside them, public and documented: `pydantic_core.core_schema`, and of a model class
`__pydantic_core_schema__` and `__pydantic_validator__`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import is_
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import CoreSchema, SchemaValidator, core_schema

__all__ = ["Parts", "leave_out_none", "maker", "not_called_for_json", "validator", "wire_fields"]

_Init = TypeVar("_Init", bound=Callable[..., None])
_is_none = partial(is_, None)

Parts = tuple[Mapping[str, Any], None, set[str]]
"""What Pydantic makes an instance of: its fields, no extra ones, and which of them are set."""


def validator(schema: CoreSchema, title: str = "") -> SchemaValidator:
    """A validator of just this schema, whose errors have that title.

    `_use_prebuilt`: left to itself Pydantic takes the validator of the class `Backend` for
    whatever schema makes a `Backend`, by other keys as well. If the option went, this would be a
    TypeError, and the fields would have to be read as dictionaries and given to constructors.
    """
    config = core_schema.CoreConfig(title=title) if title else None
    return SchemaValidator(schema, config, _use_prebuilt=False)


def maker(cls: type[BaseModel]) -> Callable[[Parts], Any]:
    """What makes instances of a model of all their fields, without validating these."""
    return validator(core_schema.model_schema(cls, core_schema.any_schema())).validate_python


def not_called_for_json(init: _Init) -> _Init:
    """Mark an `__init__` that does no more than Pydantic's own, as RootModel marks its.

    Pydantic calls any other `__init__` for every JSON object it reads: without the mark JSON
    would be read more slowly, and Python names be taken for wire keys.
    """
    init.__pydantic_base_init__ = True  # type: ignore[attr-defined]
    return init


def leave_out_none(schema: CoreSchema) -> None:
    """Have the optional fields of a model's schema left out of output where they are None.

    The public way is `Field(exclude_if=…)` on each field, which the generator of the models
    cannot write, and a base class sees the fields only in their schema. Without the key in the
    schema absent fields would be written as null.
    """
    for field in _fields(schema).values():
        if field["schema"]["type"] == "default":
            field["serialization_exclude_if"] = _is_none


def wire_fields(model: type[BaseModel]) -> dict[str, core_schema.ModelField]:
    """The schemas of a model's fields, by their Python names.

    The order of the layers around them is nowhere promised; in another one this raises
    KeyError when the package is imported.
    """
    return _fields(model.__pydantic_core_schema__)


def _fields(schema: Any) -> dict[str, core_schema.ModelField]:
    while schema["type"] != "model-fields":
        schema = schema["schema"]
    fields: dict[str, core_schema.ModelField] = schema["fields"]
    return fields
