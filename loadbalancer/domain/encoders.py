"""Encoders that look at a value and not at an annotation: they have to be told of our types."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from pydantic_core import SchemaSerializer, core_schema

__all__ = ["encode_as_text"]


def encode_as_text(cls: type[Any], written: Callable[[Any], str]) -> None:
    """Let Pydantic and, if it is loaded, FastAPI encode values of a class as text everywhere.

    Pydantic asks a value of no known type for its serializer: in `Any`, in `dict`, as a key.
    FastAPI's `jsonable_encoder` has a table by type; it encodes what an endpoint without return
    type returns. Called again when a field of the class is made, which may be after FastAPI was
    loaded.
    """
    if "__pydantic_serializer__" not in vars(cls):
        as_text = core_schema.plain_serializer_function_ser_schema(
            written, return_schema=core_schema.str_schema(), when_used="json"
        )
        cls.__pydantic_serializer__ = SchemaSerializer(
            core_schema.any_schema(serialization=as_text)
        )
    fastapi = sys.modules.get("fastapi.encoders")
    if fastapi is not None:
        fastapi.ENCODERS_BY_TYPE.setdefault(cls, written)
