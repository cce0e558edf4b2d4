"""What a frontend or backend is known by, and the order that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The command sorts by these and starts without Pydantic.
    from .l3n4 import L3n4Addr

__all__ = ["address_order", "identity", "name_of"]


def identity(addr: L3n4Addr, *, with_protocol: bool = False) -> bytes:
    """Return the bytes that tell an address from all others.

    Up to 1.16 an agent tells them apart by address, cluster, scope and port (Go: `Hash`);
    from 1.17 on by protocol, too.
    """
    key = addr.hash()
    return key + addr.protocol.encode() if with_protocol else key


def name_of(addr: L3n4Addr) -> str:
    """Return the same for people: the address, with its protocol if it has one."""
    return str(addr) if addr.protocol == "NONE" else addr.string_with_protocol()


def address_order(addr: L3n4Addr) -> tuple[bool, bytes, str]:
    """Return a key to sort by: IPv4 first, then by address, cluster, scope, port and protocol."""
    return addr.is_ipv6, addr.hash(), str(addr.protocol)
