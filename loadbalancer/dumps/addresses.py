"""Addresses as agents print them in tables and in StateDB."""

from __future__ import annotations

from ..domain.l3n4 import L3n4Addr

__all__ = ["printed_address"]


def printed_address(text: str) -> L3n4Addr:
    """The address of `10.0.0.1:80/TCP/i`; agents also write ANY where there is no protocol.

    Raises:
        LoadBalancerError: the text is not an address.
    """
    address, slash, rest = text.partition("/ANY")
    return L3n4Addr.parse(f"{address}/NONE{rest}" if slash else text)
