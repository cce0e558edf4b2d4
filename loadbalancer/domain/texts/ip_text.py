"""IP addresses as text: what Go's `netip.ParseAddr` reads and `netip.Addr.String` prints.

Python's `ipaddress` and the C library each accept or print a few texts differently
(scope ids, dotted tails, leading zeros), hence a reader and a printer of our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NoReturn

from pydantic_core import SchemaValidator, core_schema

from ...errors import AddressError
from .go_text import quote

__all__ = ["IPV4", "MAPPED_PREFIX", "is_canonical_ipv6", "is_ipv4", "pack_ip", "read_ip"]


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches as a whole, in a third of the time that `re` takes."""
    schema = core_schema.str_schema(pattern=f"^(?:{pattern})$", strict=True)
    # Stated: to `python-re` a text with a line break behind it would match as well.
    config = core_schema.CoreConfig(regex_engine="rust-regex")
    return SchemaValidator(schema, config).isinstance_python


_OCTET = "(?:[1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
IPV4 = rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"
"""Four decimal octets without leading zeros: such a text is its own canonical form."""
is_ipv4 = _matcher(IPV4)
_GROUP = "[0-9a-fA-F]{1,4}"
_is_groups = _matcher(rf"{_GROUP}(?::{_GROUP})*")

# Nearly all IPv6 addresses in canonical form (RFC 5952 section 4), and no others if there are
# not too many groups: in lower case, without leading zeros, and with two groups of zeros in a
# row nowhere but at the "::".
_SOME = "[1-9a-f][0-9a-f]{0,3}"
_UP_TO_SOME = f"(?:0:)?{_SOME}(?:(?::0)?:{_SOME})*"
_FROM_SOME = f"{_SOME}(?:(?::0)?:{_SOME})*(?::0)?"
_is_canonical_if_short = _matcher(f"(?:{_UP_TO_SOME})?::(?:{_FROM_SOME})?")
_is_canonical_if_8_groups = _matcher(f"{_UP_TO_SOME}(?::0)?")
# Half a surrogate pair could never be written.
_half_of_a_pair = re.compile("[\ud800-\udfff]").search
_hex_digits = re.compile("[0-9a-fA-F]*").match
# Runs of zero groups in an address between colons, the longest first; a single group is none
# (RFC 5952 section 4.2).
_ZERO_RUNS = tuple(":" + "0:" * length for length in range(8, 1, -1))

# The first 12 bytes of a 4-in-6 address (RFC 4291 section 2.5.5.2).
MAPPED_PREFIX = bytes(10) + b"\xff\xff"
_MAPPED_GROUPS = ["0"] * 5
_IPV6_GROUPS = 8


def read_ip(text: str) -> tuple[str, str]:
    """Read an IP address: its canonical text, and the zone (empty if there is none).

    Raises:
        AddressError: the text is not what `netip.ParseAddr` accepts; the message is Go's.
    """
    if is_ipv4(text) or is_canonical_ipv6(text):
        return text, ""
    address, percent, zone = text.partition("%")
    groups = _ipv6_groups(address)
    if groups is None or (percent and not zone):
        _explain_ip(text)
    if zone and _half_of_a_pair(zone):
        raise _error(text, "zone is not valid Unicode text", f"%{zone}")
    return _ipv6_text(groups), zone


def pack_ip(canonical: str) -> bytes:
    """The 4 or 16 bytes of an address that `read_ip` has returned."""
    # C libraries differ in what they take, but not about canonical texts.
    ipv4, ipv6, pack = _packing()
    return pack(ipv6 if ":" in canonical else ipv4, canonical)


@cache
def _packing() -> tuple[int, int, Callable[[int, str], bytes]]:
    """Loaded when an address is first packed: most programs read and write texts alone."""
    from socket import AF_INET, AF_INET6, inet_pton

    return AF_INET, AF_INET6, inet_pton


def is_canonical_ipv6(text: str) -> bool:
    """Whether a text is an IPv6 address in the form that it is printed in.

    Addresses mostly come in the form that some program has printed. True is certain; a 4-in-6
    address, for one, is left to be read.
    """
    if _is_canonical_if_short(text):
        # The "::" is for two groups at least.
        colons = text.count(":")
        if colons < _IPV6_GROUPS - 1:
            return not text.startswith("::ffff:")
        return colons == _IPV6_GROUPS - 1 and (text.startswith("::") or text.endswith("::"))
    return _is_canonical_if_8_groups(text) and text.count(":") == _IPV6_GROUPS - 1


def _ipv6_groups(text: str) -> list[str] | None:
    """The eight groups of an IPv6 address without zone (RFC 4291 section 2.2), else None.

    In lower case and without leading zeros.
    """
    if "." in text:
        # The last two groups may be written as an IPv4 address.
        leading, _, dotted = text.rpartition(":")
        if not leading or not is_ipv4(dotted):
            return None
        a, b, c, d = map(int, dotted.split("."))
        text = f"{leading}:{a << 8 | b:x}:{c << 8 | d:x}"
    head, ellipsis, rest = text.partition("::")
    groups = _split(head) if head else []
    if ellipsis:
        tail = _split(rest) if rest else []
        if groups is None or tail is None or len(groups) + len(tail) >= _IPV6_GROUPS:
            return None
        return groups + ["0"] * (_IPV6_GROUPS - len(groups) - len(tail)) + tail
    return groups if groups and len(groups) == _IPV6_GROUPS else None


def _split(text: str) -> list[str] | None:
    """Colon-separated groups, if each of them is well-formed."""
    if not _is_groups(text):
        return None
    return [group.lstrip("0") or "0" for group in text.lower().split(":")]


def _ipv6_text(groups: list[str]) -> str:
    """The RFC 5952 text; a dotted tail for 4-in-6 addresses alone, as Go prints it."""
    if groups[5] == "ffff" and groups[:5] == _MAPPED_GROUPS:
        high, low = int(groups[6], 16), int(groups[7], 16)
        return f"::ffff:{high >> 8}.{high & 255}.{low >> 8}.{low & 255}"
    text = f":{':'.join(groups)}:"
    for run in _ZERO_RUNS:
        # The first one, where several are equally long.
        start = text.find(run)
        if start >= 0:
            return f"{text[1:start]}::{text[start + len(run) : -1]}"
    return text[1:-1]


def _explain_ip(text: str) -> NoReturn:
    """Raise what `netip.ParseAddr` says of a text that is not an address.

    Go looks for the first of `.`, `:` and `%` to tell what the text was meant to be, then
    reads from the left: its words depend on where that reading stops.
    """
    kind = re.search("[.:%]", text)
    if kind is None:
        raise _error(text, "unable to parse IP")
    if kind[0] == "%":
        raise _error(text, "missing IPv6 address")
    if kind[0] == ".":
        raise _explain_ipv4(text)
    raise _explain_ipv6(text)


def _error(text: str, reason: str, at: str = "") -> AddressError:
    where = f" (at {quote(at)})" if at else ""
    return AddressError(f"ParseAddr({quote(text)}): {reason}{where}")


def _explain_ipv4(text: str) -> AddressError:
    value, digits, dots = 0, 0, 0
    for place, char in enumerate(text):
        if "0" <= char <= "9":
            if digits == 1 and value == 0:
                return _error(text, "IPv4 field has octet with leading zero")
            value, digits = value * 10 + int(char), digits + 1
            if value > 255:
                return _error(text, "IPv4 field has value >255")
        elif char == ".":
            if digits == 0 or place == len(text) - 1:
                return _error(text, "IPv4 field must have at least one digit", text[place:])
            if dots == 3:
                return _error(text, "IPv4 address too long")
            value, digits, dots = 0, 0, dots + 1
        else:
            return _error(text, "unexpected character", text[place:])
    return _error(text, "IPv4 address too short")


def _explain_ipv6(text: str) -> AddressError:
    rest, percent, zone = text.partition("%")
    if percent and not zone:
        return _error(text, "zone must be a non-empty string")
    long_group = ""
    ellipsis = rest.startswith("::")
    if ellipsis:
        rest = rest[2:]
    count = 0
    while count < _IPV6_GROUPS:
        match = _hex_digits(rest)
        group = match[0] if match else ""
        if len(group.lstrip("0")) > 4:
            return _error(text, "IPv6 field has value >=2^16", rest)
        if not group:
            return _error(text, "each colon-separated field must have at least one digit", rest)
        after = rest[len(group) :]
        if after.startswith("."):
            return _explain_dotted_tail(text, rest, count, ellipsis, long_group)
        if len(group) > 4 and not long_group:
            long_group = rest
        count, rest = count + 1, after
        if not rest:
            break
        if rest[0] != ":":
            return _error(text, "unexpected character, want colon", rest)
        if rest == ":":
            return _error(text, "colon must be followed by more characters", rest)
        rest = rest[1:]
        if rest[0] == ":":
            if ellipsis:
                return _error(text, "multiple :: in address", rest)
            ellipsis, rest = True, rest[1:]
            if not rest:
                break
    if rest:
        return _error(text, "trailing garbage after address", rest)
    if count < _IPV6_GROUPS and not ellipsis:
        return _error(text, "address string too short")
    if count == _IPV6_GROUPS and ellipsis:
        return _error(text, "the :: must expand to at least one field of zeros")
    return _explain_long_group(text, long_group)


def _explain_dotted_tail(
    text: str, rest: str, count: int, ellipsis: bool, long_group: str
) -> AddressError:
    if not ellipsis and count != _IPV6_GROUPS - 2:
        reason = "embedded IPv4 address must replace the final 2 fields of the address"
        return _error(text, reason, rest)
    if count > _IPV6_GROUPS - 2:
        reason = "too many hex fields to fit an embedded IPv4 at the end of the address"
        return _error(text, reason, rest)
    if not is_ipv4(rest):
        return _error(text, str(_explain_ipv4(rest)), rest)
    if count == _IPV6_GROUPS - 2 and ellipsis:
        return _error(text, "the :: must expand to at least one field of zeros")
    return _explain_long_group(text, long_group)


def _explain_long_group(text: str, long_group: str) -> AddressError:
    # All that Go before 1.23 let pass and RFC 4291 does not; the words are those of Go since.
    return _error(text, "each group must have 4 or less digits", long_group)
