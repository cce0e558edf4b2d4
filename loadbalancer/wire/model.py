"""What the generated wire models have in common: how they are built, read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from ..domain.pydantic_inside import leave_out_none, not_called_for_json

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

__all__ = ["WireModel"]


class WireModel(BaseModel):
    """A JSON object of the API.

    The constructor takes the Python names of the fields (and the wire keys, too); JSON and
    `model_validate` take the wire keys alone. An absent field is None and is left out of
    what is written, alone or inside another model.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    @not_called_for_json
    def __init__(self, /, **data: Any) -> None:
        self.__pydantic_validator__.validate_python(
            data, self_instance=self, by_alias=True, by_name=True
        )

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that are there: given, and not null, which means absent.

        A set of the caller's own: instances may share the one that Pydantic keeps.
        """
        values = self.__dict__
        return {name for name in self.__pydantic_fields_set__ if values.get(name) is not None}

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        leave_out_none(handler.resolve_ref_schema(schema))
        return schema

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        json_schema = handler(schema)
        if handler.mode == "serialization":
            resolved = handler.resolve_ref_schema(json_schema)
            for name, value in resolved["properties"].items():
                if name not in resolved.get("required", ()):
                    resolved["properties"][name] = _never_null(value)
        return json_schema


def _never_null(schema: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of a value that may be null when it is read, and is left out when written."""
    null = {"type": "null"}
    if null not in schema.get("anyOf", ()):
        return schema
    values = [each for each in schema["anyOf"] if each != null]
    value = values[0] if len(values) == 1 else {"anyOf": values}
    rest = {key: each for key, each in schema.items() if key not in ("anyOf", "default")}
    return {**value, **rest}
