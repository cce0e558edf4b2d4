"""Layers 3 and 4: the address of a frontend or backend."""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from ..errors import AddressError, L4ProtocolError
from .addr_cluster import AddrCluster
from .domain_model import to_models
from .identity import address_order
from .l4 import L4Addr, L4Type
from .scalars import ID, UINT16_MAX
from .strict_enums import StrictIntEnum, hint_for_words
from .string_fields import fields_of_strings, is_of_strings
from .texts.go_text import quote
from .texts.patterns import L3N4_ADDR

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from .. import models

__all__ = ["TEXT_SCHEMA", "L3n4Addr", "L3n4AddrID", "Scope", "new_l3n4_addr", "new_l3n4_addr_id"]


# Read from behind: a zone may hold any character, but what follows the last `]:` may not.
_parts_of_text = re.compile(
    r"(?:\[(?P<ipv6>.*)\]|(?P<ipv4>[^\[\]:]*)):(?P<port>[^\]:/]*)"
    r"(?:/(?P<protocol>(?!i\Z)[^\]:/]*))?(?P<internal>/i)?",
    re.DOTALL,
).fullmatch
_port_digits = re.compile("0|[1-9][0-9]{0,4}").fullmatch
_scope_and_port = Struct(">BH").pack
_PROTOCOLS = tuple(protocol.value for protocol in L4Type)

# What a JSON Schema says of a type whichever form its value has.
_ABOUT = ("title", "description")
TEXT_SCHEMA: JsonSchemaValue = {
    "type": "string",
    "description": "The address as text: IP:port[/protocol][/i], an IPv6 address in brackets.",
    "examples": ["10.0.0.1:80", "[fd00::1%eth0]:80/TCP/i", "10.0.0.1@3:80"],
    "pattern": L3N4_ADDR,
}


class Scope(StrictIntEnum):
    """Where a frontend is looked up (Go: `ScopeExternal`, `ScopeInternal`)."""

    EXTERNAL = 0
    """For traffic from outside the cluster, and for all traffic where there is one frontend."""
    INTERNAL = 1
    """For traffic from inside the cluster; printed as `/i` behind the port."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def _missing_(cls, value: object) -> None:
        hint_for_words(cls, value, "fields of type loadbalancer.text.Scope read words")


class L3n4Addr(L4Addr):
    """An address, protocol, port and scope (Go: `L3n4Addr`).

    Pydantic fields of this type also take the text that `parse` reads.
    """

    __match_args__: ClassVar[  # pyright: ignore[reportIncompatibleVariableOverride]
        tuple[Literal["addr_cluster"], Literal["protocol"], Literal["port"], Literal["scope"]]
    ] = ("addr_cluster", "protocol", "port", "scope")

    addr_cluster: AddrCluster
    """The IP address, and the cluster it is in."""
    scope: Scope = Scope.EXTERNAL
    """Which traffic the address is for."""

    if TYPE_CHECKING:
        # Pydantic makes it; type checkers believe that there is none.
        def __hash__(self) -> int: ...

    def _order(self) -> tuple[Any, ...]:
        # The zone is in no hash, but addresses of different zones are not equal.
        return (*address_order(self), self.addr_cluster.zone)

    @classmethod
    def parse(cls, text: str, **fields: Any) -> Self:
        """Read what `str()` and `string_with_protocol()` print; the other fields get defaults.

        `fields` are what the text leaves open: `Backend.parse("10.0.0.1:80", weight=10)`.

        `10.0.0.1:80`, `[fd00::1%eth0]:80/TCP/i`, `10.0.0.1@3:80`: an IPv6 address, with zone
        and cluster id, stands in brackets and an IPv4 address does not; the port is decimal,
        0 … 65535, without leading zeros; the protocol is in upper case and NONE if absent;
        `/i` is the internal scope.

        What is behind the last `@` in the brackets is the cluster id, as in
        `AddrCluster.parse`: an address of cluster 0 whose zone holds an `@` is only read with
        `@0` behind the zone, which `str()` does not print, as the reference does not.

        Raises:
            AddressError: the text is not such an address.
            L4ProtocolError: the protocol is none of NONE, TCP, UDP and SCTP.
            TypeError: it is not text, or a field is in the text already.
        """
        given = _fields_of_text(text)
        if twice := given.keys() & fields.keys():
            raise TypeError(f"{quote(text)} has {' and '.join(sorted(twice))} already")
        return cls(**{**_DEFAULTS, **given, **fields})

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            # What is returned here is no longer read as strings are.
            return fields_of_strings(cls, value) if is_of_strings(info) else value
        try:
            return {**_DEFAULTS, **_fields_of_text(value)}
        except (AddressError, L4ProtocolError) as error:
            raise PydanticCustomError(
                "l3n4_addr", "Input is not an address with port: {reason}", {"reason": str(error)}
            ) from None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        json_schema = handler(schema)
        if handler.mode == "validation":
            # In place, for references to it to lead to both forms.
            whole = handler.resolve_ref_schema(json_schema)
            fields = {key: whole.pop(key) for key in list(whole) if key not in _ABOUT}
            whole["anyOf"] = [fields, dict(TEXT_SCHEMA)]
        return json_schema

    @property
    def l4_addr(self) -> L4Addr:
        """The protocol and port alone (Go: the embedded `L4Addr`)."""
        return L4Addr(protocol=self.protocol, port=self.port)

    @property
    def l3n4_addr(self) -> L3n4Addr:
        """The address alone, without what a subclass adds (Go: the embedded `L3n4Addr`)."""
        return L3n4Addr(
            protocol=self.protocol,
            port=self.port,
            addr_cluster=self.addr_cluster,
            scope=self.scope,
        )

    @property
    def is_ipv6(self) -> bool:
        """Whether the address is IPv6, a 4-in-6 one included (Go: `IsIPv6`)."""
        return self.addr_cluster.is6

    def __str__(self) -> str:
        host = str(self.addr_cluster)
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{self.port}/i" if self.scope else f"{host}:{self.port}"

    def string_id(self) -> str:
        """The same as `str()` (Go: `StringID`)."""
        return str(self)

    def string_with_protocol(self) -> str:
        """`10.0.0.1:80/TCP`, in the internal scope with `/i` behind (Go: `StringWithProtocol`)."""
        text = L3n4Addr.__str__(self)
        if self.scope:
            return f"{text.removesuffix('/i')}/{self.protocol}/i"
        return f"{text}/{self.protocol}"

    def hash(self) -> bytes:
        """23 bytes unique for address, cluster, scope and port; the protocol is not in them.

        `AddrCluster.as20()`, one byte of scope, the port big-endian (Go: `Hash`).
        """
        return self.addr_cluster.as20() + _scope_and_port(self.scope, self.port)

    def get_model(self, *, include_protocol: bool = True) -> models.FrontendAddress:
        """The wire model of this frontend address (Go: `GetModel`).

        The reference drops the protocol; `include_protocol=False` does so, too.
        """
        model: models.FrontendAddress = to_models().frontend_model(
            self, include_protocol=include_protocol
        )
        return model


# What a text may leave out.
_DEFAULTS: dict[str, Any] = {"protocol": L4Type.NONE.value, "scope": Scope.EXTERNAL.value}


def _fields_of_text(text: str) -> dict[str, Any]:
    """Return the fields that are in the text."""
    parts = _parts_of_text(text)
    if parts is None:
        raise AddressError(f"{quote(text)} is not of the form IP:port[/protocol][/i]")
    ipv6, ipv4, port, protocol, internal = parts.groups()
    addr_cluster = AddrCluster.parse(ipv4 if ipv6 is None else ipv6)
    if addr_cluster.is4 and ipv6 is not None:
        raise AddressError(f"{quote(text)}: an IPv4 address does not stand in brackets")
    if not _port_digits(port) or int(port) > UINT16_MAX:
        raise AddressError(f"{quote(text)}: port {quote(port)} is not a number 0 … {UINT16_MAX}")
    if protocol is not None and protocol not in _PROTOCOLS:
        raise L4ProtocolError(f"{quote(text)}: unknown L4 protocol {quote(protocol)}")
    fields: dict[str, Any] = {"addr_cluster": addr_cluster, "port": int(port)}
    if protocol is not None:
        fields["protocol"] = protocol
    if internal:
        fields["scope"] = Scope.INTERNAL.value
    return fields


class L3n4AddrID(L3n4Addr):
    """An `L3n4Addr` with the identifier of its service, 0 … 2³²-1 (Go: `L3n4AddrID`)."""

    __match_args__: ClassVar[  # pyright: ignore[reportIncompatibleVariableOverride]
        tuple[
            *tuple[Literal["addr_cluster"], Literal["protocol"], Literal["port"], Literal["scope"]],
            Literal["id"],
        ]
    ] = ("addr_cluster", "protocol", "port", "scope", "id")

    id: ID = 0
    """The identifier, 0 … 2³²-1; 0 is none."""

    if TYPE_CHECKING:
        # Pydantic makes it; type checkers believe that there is none.
        def __hash__(self) -> int: ...

    def _order(self) -> tuple[Any, ...]:
        return (*super()._order(), self.id)


def new_l3n4_addr(
    protocol: L4Type, addr_cluster: AddrCluster, port_number: int, scope: Scope
) -> L3n4Addr:
    """An `L3n4Addr` of its parts (Go: `NewL3n4Addr`)."""
    return L3n4Addr(protocol=protocol, addr_cluster=addr_cluster, port=port_number, scope=scope)


def new_l3n4_addr_id(
    protocol: L4Type, addr_cluster: AddrCluster, port_number: int, scope: Scope, id: ID
) -> L3n4AddrID:
    """An `L3n4AddrID` of its parts (Go: `NewL3n4AddrID`)."""
    return L3n4AddrID(
        protocol=protocol, addr_cluster=addr_cluster, port=port_number, scope=scope, id=id
    )
