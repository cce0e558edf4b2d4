"""Fields whose values are all text, such as a row of CSV: Pydantic's `model_validate_strings`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaValidator, core_schema

if TYPE_CHECKING:
    from pydantic import ValidationInfo

__all__ = ["fields_of_strings", "is_of_strings"]


def is_of_strings(info: ValidationInfo) -> bool:
    """Whether the input is one of `model_validate_strings`."""
    # Pydantic's annotation does not have this mode.
    return str(info.mode) == "string"


def fields_of_strings(cls: type[BaseModel], values: Any) -> Any:
    """The values of a model's fields, read from text; others stay what they are.

    Raises:
        ValidationError: a text is not a value of its field.
    """
    return _reader(cls).validate_strings(values)


@cache
def _reader(cls: type[BaseModel]) -> SchemaValidator:
    from .backend_state import BackendState
    from .l3n4 import Scope
    from .text_forms import SCOPE, STATE, FromText

    forms: dict[Any, FromText] = {BackendState: STATE, Scope: SCOPE}
    fields: dict[str, core_schema.TypedDictField] = {}
    for name, field in cls.model_fields.items():
        form = forms.get(field.annotation)
        annotations = [*field.metadata, *([form] if form else [])]
        kind: Any = Annotated[(field.annotation, *annotations)] if annotations else field.annotation
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        fields[name] = core_schema.typed_dict_field(adapter.core_schema, required=False)
    # Names that are not those of fields are for the model to refuse.
    return SchemaValidator(core_schema.typed_dict_schema(fields, extra_behavior="allow"))
