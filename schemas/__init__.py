"""The JSON Schemas (2020-12) of all types and of an audit's report, and the OpenAPI 3.1 document.

The files lie beside this module: `json/NAME.json`, and `json/NAME.serialization.json` where
what is written is more than what may be read; `openapi.yaml` is their hand-written source
for the wire models. `json/openapi.json` is made of it, for clients: without null, which the API
takes for an absent value but nobody should send, and with a name for each object and enum;
`json/openapi-3.0.json` says the same in OpenAPI 3.0.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Literal

__all__ = ["names", "openapi", "schema"]

_SERIALIZATION = ".serialization"


def names() -> list[str]:
    """The names that have a schema, sorted: wire models, domain types, `AuditReport`."""
    stems = {file.name.removesuffix(".json") for file in (files(__name__) / "json").iterdir()}
    return sorted(stem for stem in stems if "." not in stem and stem != "openapi")


def schema(
    name: str, mode: Literal["validation", "serialization"] = "validation"
) -> dict[str, Any]:
    """The JSON Schema of a type: of what it accepts, or of what it is written as.

    Raises:
        KeyError: there is no type of that name.
    """
    if name not in names():
        raise KeyError(name)
    if mode == "serialization":
        written = files(__name__) / "json" / f"{name}{_SERIALIZATION}.json"
        if written.is_file():
            return _load(f"{name}{_SERIALIZATION}")
    return _load(name)


def openapi(*, version: Literal["3.0", "3.1"] = "3.1") -> dict[str, Any]:
    """The OpenAPI document of the service API, in a version of OpenAPI that a generator knows."""
    return _load("openapi" if version == "3.1" else f"openapi-{version}")


def _load(stem: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((files(__name__) / "json" / f"{stem}.json").read_bytes())
    return document
