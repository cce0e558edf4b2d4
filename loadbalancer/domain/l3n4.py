"""Layers 3 and 4: the address of a frontend or backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .addr_cluster import AddrCluster
from .domain_model import converters
from .l4 import L4Addr, L4Type
from .scalars import ID
from .strict_enums import StrictIntEnum

if TYPE_CHECKING:
    from .. import models

__all__ = ["L3n4Addr", "L3n4AddrID", "Scope", "new_l3n4_addr", "new_l3n4_addr_id"]


class Scope(StrictIntEnum):
    """Where a frontend is looked up (Go: `ScopeExternal`, `ScopeInternal`)."""

    EXTERNAL = 0
    INTERNAL = 1


class L3n4Addr(L4Addr):
    """An address, protocol, port and scope (Go: `L3n4Addr`)."""

    addr_cluster: AddrCluster
    scope: Scope = Scope.EXTERNAL

    if TYPE_CHECKING:
        # Pydantic makes it; type checkers believe that there is none.
        def __hash__(self) -> int: ...

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
        return self.addr_cluster.as20() + bytes((self.scope, *self.port.to_bytes(2, "big")))

    def get_model(self, *, include_protocol: bool = True) -> models.FrontendAddress:
        """The wire model of this frontend address (Go: `GetModel`).

        The reference drops the protocol; `include_protocol=False` does so, too.
        """
        model: models.FrontendAddress = converters().frontend_address_model(
            self, include_protocol=include_protocol
        )
        return model


class L3n4AddrID(L3n4Addr):
    """An `L3n4Addr` with the identifier of its service, 0 … 2³²-1 (Go: `L3n4AddrID`)."""

    id: ID = 0

    if TYPE_CHECKING:
        # Pydantic makes it; type checkers believe that there is none.
        def __hash__(self) -> int: ...


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
