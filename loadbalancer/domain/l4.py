"""Layer 4: the protocol and the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..errors import L4ProtocolError
from .domain_model import OrderedValue
from .scalars import UInt16
from .strict_enums import StrictStrEnum, hint_for_words
from .texts.go_text import to_lower

__all__ = ["ALL_PROTOCOLS", "L4Addr", "L4Type", "new_l4_addr", "new_l4_type"]


class L4Type(StrictStrEnum):
    """A layer 4 protocol (Go: `L4Type`)."""

    NONE = "NONE"
    """Not said."""
    TCP = "TCP"
    """The Transmission Control Protocol."""
    UDP = "UDP"
    """The User Datagram Protocol."""
    SCTP = "SCTP"
    """The Stream Control Transmission Protocol."""

    @classmethod
    def _missing_(cls, value: object) -> None:
        hint_for_words(cls, value, "new_l4_type() reads names in any case")


ALL_PROTOCOLS = (L4Type.TCP, L4Type.UDP, L4Type.SCTP)
"""Every protocol there is (Go: `AllProtocols`)."""

_BY_NAME = {protocol.lower(): protocol for protocol in ALL_PROTOCOLS}


class L4Addr(OrderedValue):
    """A protocol and a port, 0 … 65535 (Go: `L4Addr`)."""

    # Spelled out since Pyright takes the fields of Pydantic's models for keywords alone.
    __match_args__: ClassVar[tuple[Literal["protocol"], Literal["port"]]] = (  # pyright: ignore[reportIncompatibleVariableOverride]
        "protocol",
        "port",
    )

    protocol: L4Type = L4Type.NONE
    """The protocol; NONE if it is not said."""
    port: UInt16 = 0
    """The port number, 0 … 65535."""

    if TYPE_CHECKING:
        # Pydantic makes it; type checkers believe that there is none.
        def __hash__(self) -> int: ...

    def _order(self) -> tuple[Any, ...]:
        return self.protocol, self.port


def new_l4_type(name: str) -> L4Type:
    """The protocol of that name, in whatever case (Go: `NewL4Type`).

    Raises:
        L4ProtocolError: the name is none of tcp, udp and sctp.
    """
    try:
        return _BY_NAME[to_lower(name)]
    except KeyError:
        raise L4ProtocolError("unknown L4 protocol") from None


def new_l4_addr(protocol: L4Type, number: int) -> L4Addr:
    """An `L4Addr` of a protocol and a port number (Go: `NewL4Addr`)."""
    return L4Addr(protocol=protocol, port=number)
