"""Numbers, texts and booleans with the ranges of the Go types they stand for.

Numbers are never read from text, floats or booleans.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

__all__ = [
    "ID",
    "UINT8_MAX",
    "UINT16_MAX",
    "UINT32_MAX",
    "BackendID",
    "FEPortName",
    "Flag",
    "Preferred",
    "ServiceID",
    "Text",
    "UInt8",
    "UInt16",
    "UInt32",
]

UINT8_MAX = 2**8 - 1
UINT16_MAX = 2**16 - 1
UINT32_MAX = 2**32 - 1

UInt8 = Annotated[int, Field(strict=True, ge=0, le=UINT8_MAX)]
UInt16 = Annotated[int, Field(strict=True, ge=0, le=UINT16_MAX)]
UInt32 = Annotated[int, Field(strict=True, ge=0, le=UINT32_MAX)]
# Half a surrogate pair is not a character and could never be written: a text with a limit is
# decoded when it is checked, and refused there. The limit limits nothing, and JSON Schema need
# not name it.
Text = Annotated[str, Field(strict=True, min_length=0), WithJsonSchema({"type": "string"})]
Flag = Annotated[bool, Field(strict=True)]

ID = UInt32
"""Identifier of a frontend, 0 … 2³²-1; 0 is none (Go: `ID`)."""

BackendID = UInt32
"""Identifier of a backend, 0 … 2³²-1; 0 is none (Go: `BackendID`)."""

ServiceID = UInt16
"""Identifier of a service, 0 … 65535 (Go: `ServiceID`)."""

FEPortName = Text
"""Name of a frontend's port (Go: `FEPortName`)."""

Preferred = Flag
"""Whether a backend is preferred, such as one in the own cluster (Go: `Preferred`)."""
