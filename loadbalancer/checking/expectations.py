"""What may stand at a place of a payload, in words, taken from the published JSON Schemas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..dumps.json_text.positions import Path
from .kinds import Kind, model_of
from .suggestions import nearest, nearest_number

__all__ = ["expected_at", "listed", "meant_at", "schema_of"]


def listed(words: Sequence[str], conjunction: str = "or") -> str:
    """`a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def expected_at(kind: Kind, path: Path) -> str:
    """What is accepted at a place; empty if the schema does not know of it."""
    return _described(_schema_at(kind, path))


def meant_at(kind: Kind, path: Path, value: Any) -> Any:
    """The accepted value that a value comes close to; None if it does to none."""
    schema = _schema_at(kind, path)
    if isinstance(value, str) and "enum" in schema:
        return nearest(value, schema["enum"])
    if isinstance(value, str) and schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(value.strip().lower())
    if schema.get("type") == "integer":
        return nearest_number(value, schema["minimum"], schema["maximum"])
    return None


@cache
def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of a type."""
    from loadbalancer import schemas

    return schemas.schema(name)


def _schema_at(kind: Kind, path: Path) -> dict[str, Any]:
    document = schema_of(model_of(kind).__name__)
    schema = document
    for token in path:
        if isinstance(token, int):
            below = schema.get("items", {})
        else:
            below = schema.get("properties", {}).get(token, {})
        schema = _resolved(below, document)
    return schema


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, where there is a reference to it or null beside it."""
    while True:
        if "$ref" in schema:
            schema = document["$defs"][schema["$ref"].rpartition("/")[2]]
        elif "anyOf" in schema:
            (schema,) = (each for each in schema["anyOf"] if each != {"type": "null"})
        else:
            return schema


def _described(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return listed(schema["enum"])
    match schema.get("type"):
        case "integer":
            return f"an integer, {schema['minimum']} … {schema['maximum']}"
        case "string":
            return "text"
        case "boolean":
            return "true or false"
        case "array":
            return "an array"
        case "object":
            return "an object"
        case _:
            return ""
