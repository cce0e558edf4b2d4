"""The components of the OpenAPI document as types, for an application that documents them.

FastAPI collects the schemas of an application by the types of its operations, and names them so
that two different ones of the same name stay apart. Given these types it does so with ours: they
describe bodies and validate nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

from .. import schemas

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

__all__ = ["Component", "component_of"]

_SCHEMAS = "#/components/schemas/"


class Component:
    """The common base of the types of components."""

    component_name: str
    component_schema: Mapping[str, Any]

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        # The name of the component stands between the last full stop and the colon.
        return core_schema.any_schema(ref=f"{__name__}.{cls.component_name}:0")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        written: JsonSchemaValue = _with_references(cls.component_schema, handler)
        return written


@cache
def component_of(reference: str) -> type[Component]:
    """The type of the component that a `$ref` of the document leads to."""
    name = reference.removeprefix(_SCHEMAS)
    schema = schemas.openapi()["components"]["schemas"][name]
    return type(name, (Component,), {"component_name": name, "component_schema": schema})


def _with_references(node: Any, handler: GetJsonSchemaHandler) -> Any:
    """A schema whose references lead to where the application puts what they refer to."""
    if isinstance(node, list):
        return [_with_references(each, handler) for each in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    values: dict[str, Any] = dict(node)  # pyright: ignore[reportUnknownArgumentType]
    reference = values.pop("$ref", None)
    below = {key: _with_references(each, handler) for key, each in values.items()}
    return below if reference is None else {**below, **handler(_core_schema_of(reference))}


@cache
def _core_schema_of(reference: str) -> core_schema.CoreSchema:
    from pydantic import TypeAdapter

    adapter: TypeAdapter[Any] = TypeAdapter(component_of(reference))
    # A handler makes the schema of what it is given in place; what stands within that becomes a
    # definition of its own, with a reference to it.
    return core_schema.definitions_schema(adapter.core_schema, [])
