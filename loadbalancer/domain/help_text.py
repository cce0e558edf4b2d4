"""What `help()` says of a domain type: its docstring, then its fields."""

from __future__ import annotations

from inspect import cleandoc, formatannotation
from textwrap import indent
from typing import Any

from pydantic import BaseModel

__all__ = ["with_fields", "without_fields"]

_FIELDS = "\n\nFields:\n"


def with_fields(text: str, model: type[BaseModel]) -> str:
    """Return a docstring with the fields of its model: type, default, meaning.

    Each class is given it when it is made, since `help()` takes nothing but a text: no more is
    done here than can be done at every import.
    """
    kinds: dict[str, Any] = {}
    for each in reversed(model.__mro__):
        kinds |= getattr(each, "__annotations__", {})
    lines: list[str] = []
    for name, field in model.model_fields.items():
        # As it stands in the source; ranges and units are in the text.
        kind = kinds.get(name, field.annotation)
        kind = kind if isinstance(kind, str) else formatannotation(kind)
        # A factory may want the other fields, of which there are none yet.
        value = "<factory>" if field.default_factory else repr(field.default)
        default = "" if field.is_required() else f" = {value}"
        lines.append(f"    {name}: {kind}{default}")
        if field.description:
            lines.append(indent(field.description, " " * 8))
    return cleandoc(text) + _FIELDS + "\n".join(lines) if lines else text


def without_fields(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Leave the fields out of the description in a JSON Schema, which has them anyway."""
    if "description" in schema:
        schema["description"] = schema["description"].partition(_FIELDS)[0]
