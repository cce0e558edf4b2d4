"""Address ranges as Go's `net.ParseCIDR` reads them."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..errors import AddressError
from .texts.ip_text import pack_ip, read_ip
from .texts.patterns import CIDR as PATTERN

__all__ = ["CIDR", "parse_cidr"]

_length_digits = re.compile("0*([0-9]{1,3})").fullmatch


def parse_cidr(text: str) -> IPv4Network | IPv6Network:
    """Read `IP/length`; bits beyond the length are masked off (Go: `net.ParseCIDR`).

    Raises:
        AddressError: the text is not such a range.
    """
    address, _, length = text.partition("/")
    error = AddressError(f"invalid CIDR address: {text}")
    try:
        canonical, zone = read_ip(address)
    except AddressError:
        raise error from None
    packed = pack_ip(canonical)
    digits = _length_digits(length)
    if zone or digits is None or int(digits[1]) > 8 * len(packed):
        raise error
    if len(packed) == 4:
        return IPv4Network((packed, int(digits[1])), strict=False)
    return IPv6Network((packed, int(digits[1])), strict=False)


def _validate(value: Any) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("cidr_type", "Input should be a CIDR as text")
    try:
        return parse_cidr(value)
    except AddressError as error:
        raise PydanticCustomError("cidr", "{reason}", {"reason": str(error)}) from None


CIDR = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(_validate),
    WithJsonSchema(
        {
            "type": "string",
            "description": "An address range: IP/prefix-length.",
            "examples": ["10.0.0.0/8", "fd00::/64"],
            "pattern": PATTERN,
        }
    ),
]
"""An address range of either family, read from text as `parse_cidr` does."""
