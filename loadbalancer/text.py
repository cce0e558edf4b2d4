"""The domain's types where the world is text: query strings, headers, environment, CSV.

Each has the name of the strict type and stands for it; a field or parameter of it takes what the
strict one does, and the text that means the same. In JSON, too: where a number has to be one, the
strict type is right.

    from loadbalancer import text

    def services(state: text.BackendState, id: text.BackendID = 0): ...    # ?state=active&id=7

Text is read to the letter: no spaces, no signs, words in lower case as they are printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic_core import PydanticCustomError, core_schema

from .domain import backend_state, l3n4, scalars, service_flags
from .domain.text_forms import FLAGS, NUMBER, PREFERRED, SCOPE, STATE, STATE_FLAGS

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

__all__ = [
    "ID",
    "BackendID",
    "BackendState",
    "BackendStateFlags",
    "L3n4Addr",
    "Preferred",
    "Scope",
    "ServiceFlags",
    "ServiceID",
    "UInt16",
]

BackendState = Annotated[backend_state.BackendState, STATE]
"""A state, its word (`active` … `maintenance`, `invalid`) or its number as text."""

BackendStateFlags = Annotated[backend_state.BackendStateFlags, STATE_FLAGS]
"""Flags of a state, the word of the state (`active` … `maintenance`) or the number as text."""

Scope = Annotated[l3n4.Scope, SCOPE]
"""A scope, `external` or `internal`, or its number as text."""

ServiceFlags = Annotated[service_flags.ServiceFlags, FLAGS]
"""Service flags, their number as text (`65`, `0x41`), or what they print as (`NodePort, Local`)."""

ID = Annotated[scalars.ID, NUMBER]
"""The identifier of a frontend, 0 … 2³²-1, also in decimal digits."""

BackendID = Annotated[scalars.BackendID, NUMBER]
"""The identifier of a backend, 0 … 2³²-1, also in decimal digits."""

ServiceID = Annotated[scalars.ServiceID, NUMBER]
"""The identifier of a service, 0 … 65535, also in decimal digits."""

UInt16 = Annotated[scalars.UInt16, NUMBER]
"""A port or weight, 0 … 65535, also in decimal digits."""

Preferred = Annotated[scalars.Preferred, PREFERRED]
"""Whether a backend is preferred, also as `true`, `false`, `1` or `0`."""

if TYPE_CHECKING:
    L3n4Addr = Annotated[l3n4.L3n4Addr, "as text"]
else:

    class L3n4Addr:
        """An address with port as one text, `10.0.0.1:80/TCP`, read and written.

        A framework takes the strict type for a set of parameters, one a field. A default is
        given by a `default_factory`: Pydantic writes that of a parameter into its schema, and
        the strict type's form is not text.
        """

        @classmethod
        def __get_pydantic_core_schema__(
            cls, source: object, handler: GetCoreSchemaHandler
        ) -> core_schema.CoreSchema:
            written = core_schema.plain_serializer_function_ser_schema(
                _written, return_schema=core_schema.str_schema(), when_used="json"
            )
            return core_schema.no_info_before_validator_function(
                _check, handler.generate_schema(l3n4.L3n4Addr), serialization=written
            )

        @classmethod
        def __get_pydantic_json_schema__(
            cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
        ) -> JsonSchemaValue:
            return {"title": "L3n4Addr", **l3n4.TEXT_SCHEMA}


def _check(value: object) -> object:
    if isinstance(value, l3n4.L3n4Addr | str):
        return value
    raise PydanticCustomError("l3n4_addr_type", "Input should be an address with port as text")


def _written(addr: l3n4.L3n4Addr) -> str:
    """The text that is read back as this very address, even if a zone of it has an `@`."""
    printed = str(addr.addr_cluster)
    written: str = addr.model_dump(mode="json", include={"addr_cluster"})["addr_cluster"]
    return addr.string_with_protocol().replace(printed, written, 1)
