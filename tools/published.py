"""The OpenAPI document as clients are generated from it.

The source says all that is read, and that is more than a client should send: null for an
absent value, everywhere. The published document says what is sent and answered.
"""

from __future__ import annotations

from typing import Any

__all__ = ["as_of_3_0", "published"]

_SCHEMAS = "#/components/schemas/"
# `Error` is a type of the language itself in some that clients are written in.
_RENAMED = {"Error": "FailureReason"}


def published(source: dict[str, Any]) -> dict[str, Any]:
    """The document without null, and with a name for every object, list and enum."""
    components: dict[str, Any] = {}
    document: dict[str, Any] = _published(source, components)
    schemas = document["components"]["schemas"]
    for name, schema in components.items():
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two different schemas have the title {name}")
    return document


def _published(node: Any, named: dict[str, Any]) -> Any:
    if isinstance(node, list):
        members: list[Any] = node  # pyright: ignore[reportUnknownVariableType]
        return [_published(each, named) for each in members]
    if not isinstance(node, dict):
        return node
    source: dict[str, Any] = node  # pyright: ignore[reportUnknownVariableType]
    values = {_RENAMED.get(key, key): _published(each, named) for key, each in source.items()}
    reference: str = values.get("$ref", "")
    if reference.startswith(_SCHEMAS):
        name = reference.removeprefix(_SCHEMAS)
        values["$ref"] = _SCHEMAS + _RENAMED.get(name, name)
    values = _without_bounds_of_int64(_without_null(values))
    return _by_name(values, named) if _is_titled_schema(values) else values


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    kinds: Any = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        (schema["type"],) = set[str](kinds) - {"null"}  # pyright: ignore[reportUnknownArgumentType]
    options: list[dict[str, Any]] = schema.get("anyOf", [])
    if {"type": "null"} in options:
        (option,) = (each for each in options if each != {"type": "null"})
        del schema["anyOf"]
        schema |= option
    return schema


def _without_bounds_of_int64(schema: dict[str, Any]) -> dict[str, Any]:
    """The format says them; written out, they are beyond what JavaScript and FastAPI can hold."""
    if schema.get("format") == "int64":
        bounds = {"minimum": -(2**63), "maximum": 2**63 - 1}
        return {key: each for key, each in schema.items() if each != bounds.get(key)}
    return schema


def _is_titled_schema(values: dict[str, Any]) -> bool:
    return isinstance(values.get("title"), str) and "type" in values


def _by_name(schema: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """Make a schema that has a title a component of that name."""
    name = schema["title"]
    content = {key: each for key, each in schema.items() if key != "title"}
    if named.setdefault(name, content) != content:
        raise ValueError(f"two different schemas have the title {name}")
    return {"$ref": _SCHEMAS + name}


def as_of_3_0(document: dict[str, Any]) -> dict[str, Any]:
    """The published document for generators that know nothing later than OpenAPI 3.0."""
    older: dict[str, Any] = _as_of_3_0(document)
    del older["jsonSchemaDialect"], older["info"]["summary"], older["info"]["license"]["identifier"]
    return {**older, "openapi": "3.0.4"}


def _as_of_3_0(node: Any) -> Any:
    if isinstance(node, list):
        return [_as_of_3_0(each) for each in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    source: dict[str, Any] = node  # pyright: ignore[reportUnknownVariableType]
    values = {key: _as_of_3_0(each) for key, each in source.items()}
    if "$ref" in values and len(values) > 1:
        # What stands beside a reference is ignored there.
        values["allOf"] = [{"$ref": values.pop("$ref")}]
    if "examples" in values:
        values["example"] = values.pop("examples")[0]
    return values
