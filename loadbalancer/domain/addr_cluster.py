"""An IP address and the cluster it is in (Go: `AddrCluster` of `pkg/clustermesh/types`)."""

from __future__ import annotations

import re
from functools import total_ordering
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, Self

from pydantic_core import PydanticCustomError, SchemaSerializer, core_schema

from ..errors import AddressError
from .scalars import UINT32_MAX
from .texts.go_text import quote
from .texts.ip_text import MAPPED_PREFIX, is_canonical_ipv6, is_ipv4, pack_ip, read_ip
from .texts.patterns import ADDR_CLUSTER

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

__all__ = ["AddrCluster"]

_leading_digits = re.compile("[0-9]*").match
_new = object.__new__
_IP_ADDRESS = (IPv4Address, IPv6Address)


@total_ordering
class AddrCluster:
    """An immutable IP address with an optional IPv6 zone and a cluster id (0 … 2³²-1).

    `AddrCluster("fd00::1%eth0@3")` reads what `str()` prints in its canonical form
    (RFC 5952). Addresses are ordered: IPv4 before IPv6, then by value, zone and cluster id.
    A 4-in-6 address (`::ffff:1.2.3.4`) is an IPv6 address. Pydantic fields of this type take
    an `AddrCluster`, its text, or an address of `ipaddress`.
    """

    __match_args__ = ("addr", "cluster_id", "zone")
    # Slots and properties make it immutable: there is no attribute to set but private ones.
    __slots__ = ("_as20", "_cluster_id", "_text", "_zone")

    _text: str
    _zone: str
    _cluster_id: int
    # What `as20` answers; empty until it is asked for, which is rare.
    _as20: bytes

    def __new__(cls, value: str | IPv4Address | IPv6Address) -> Self:
        """What `AddrCluster.parse` reads, or an address of `ipaddress`, in cluster 0."""
        return cls.parse(_text_of(value) if isinstance(value, _IP_ADDRESS) else value)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `IP[%zone][@cluster-id]`, split at the last `@` (Go: `ParseAddrCluster`).

        Raises:
            AddressError: the text is not such an address; the message is the reference's.
            TypeError: it is not text.
        """
        if type(text) is not str:
            # The text itself, however a subclass would print it.
            text = str.__str__(text)
        return cls._of_canonical(text) if is_ipv4(text) else cls._parse_other(text)

    @classmethod
    def _of_canonical(cls, text: str) -> Self:
        """The address of a text in canonical form, without zone and cluster id."""
        self = _new(cls)
        self._text = text
        self._zone = ""
        self._cluster_id = 0
        self._as20 = b""
        return self

    @classmethod
    def _parse_other(cls, text: str) -> Self:
        """Read what is not the text of an IPv4 address alone."""
        if is_canonical_ipv6(text):
            return cls._of_canonical(text)
        address, at, digits = text.rpartition("@")
        canonical, zone = read_ip(address if at else text)
        cluster_id = _parse_cluster_id(digits) if at else 0
        if zone:
            canonical += "%" + zone
        if cluster_id:
            canonical += f"@{cluster_id}"
        self = cls._of_canonical(canonical)
        self._zone = zone
        self._cluster_id = cluster_id
        return self

    @property
    def addr(self) -> IPv4Address | IPv6Address:
        """The address alone, without zone and cluster id (Go: `Addr`)."""
        packed = self._bytes()
        return IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)

    @property
    def zone(self) -> str:
        """The IPv6 zone, empty if there is none (Go: `netip.Addr.Zone`)."""
        return self._zone

    @property
    def cluster_id(self) -> int:
        """The cluster id, 0 … 2³²-1; 0 is the own cluster (Go: `ClusterID`)."""
        return self._cluster_id

    @property
    def is4(self) -> bool:
        """Whether this is an IPv4 address (Go: `Is4`)."""
        return ":" not in self._text

    @property
    def is6(self) -> bool:
        """Whether this is an IPv6 address, a 4-in-6 one included (Go: `Is6`)."""
        return ":" in self._text

    @property
    def is_unspecified(self) -> bool:
        """Whether this is `0.0.0.0` or `::`, without zone, in any cluster (Go: `IsUnspecified`)."""
        return not any(self._bytes()) and not self._zone

    def as20(self) -> bytes:
        """16 address bytes (IPv4 as 4-in-6), then the cluster id, big-endian (Go: `As20`)."""
        if not self._as20:
            address = self._text
            if self._zone or self._cluster_id:
                # The address ends at its zone, or at the cluster id, whichever comes first.
                address = address.partition("%")[0].partition("@")[0]
            packed = pack_ip(address)
            if len(packed) == 4:
                packed = MAPPED_PREFIX + packed
            self._as20 = packed + self._cluster_id.to_bytes(4, "big")
        return self._as20

    def _bytes(self) -> bytes:
        return self.as20()[12:16] if self.is4 else self.as20()[:16]

    def __str__(self) -> str:
        return self._text

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        return f"AddrCluster({self._written_out()!r})"

    # A zone may end in what looks like a cluster id, so that the text alone is not an identity.

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AddrCluster):
            return NotImplemented
        return self._text == other._text and self._cluster_id == other._cluster_id

    def __hash__(self) -> int:
        return hash(self._text)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, AddrCluster):
            return NotImplemented
        return self._order() < other._order()

    def _order(self) -> tuple[int, bytes, str, int]:
        packed = self._bytes()
        return len(packed), packed, self._zone, self._cluster_id

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._written_out(),)

    def _written_out(self) -> str:
        """The text that is read back as this very address.

        It is that of `str()`, unless a zone with an `@` would be read as zone and cluster id:
        there, the cluster id 0 is written, too.
        """
        return f"{self._text}@0" if "@" in self._zone and not self._cluster_id else self._text

    @classmethod
    def _validate(cls, value: object) -> AddrCluster:
        if isinstance(value, cls):
            return value
        if isinstance(value, _IP_ADDRESS):
            value = _text_of(value)
        if not isinstance(value, str):
            raise PydanticCustomError("addr_cluster_type", "Input should be an IP address as text")
        try:
            return cls.parse(value)
        except AddressError as error:
            raise PydanticCustomError(
                "addr_cluster", "Input is no IP address: {reason}", {"reason": str(error)}
            ) from None

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(
            cls._written_out, return_schema=core_schema.str_schema(), when_used="json"
        )
        return core_schema.no_info_plain_validator_function(cls._validate, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "title": "AddrCluster",
            "description": "An IP address, for IPv6 with an optional zone, and an optional "
            "cluster id: IP[%zone][@cluster-id].",
            "examples": ["10.0.0.1", "fd00::1", "fe80::1%eth0", "10.0.0.1@3"],
            "minLength": 2,
            "pattern": ADDR_CLUSTER,
        }


# Pydantic asks a value of no known type for its serializer: in `Any`, in `dict`, as a key.
AddrCluster.__pydantic_serializer__ = SchemaSerializer(  # type: ignore[attr-defined]
    core_schema.any_schema(
        serialization=core_schema.plain_serializer_function_ser_schema(
            AddrCluster._written_out,  # pyright: ignore[reportPrivateUsage]
            return_schema=core_schema.str_schema(),
            when_used="json",
        )
    )
)


def _text_of(address: IPv4Address | IPv6Address) -> str:
    """The text of an address of `ipaddress`; an `@` in its scope id begins no cluster id."""
    text = str(address)
    return f"{text}@0" if "@" in text else text


def _parse_cluster_id(digits: str) -> int:
    """A cluster id as Go's `strconv.ParseUint` reads it, up to the first thing it stumbles on."""
    if not digits:
        raise AddressError("empty cluster ID")
    match = _leading_digits(digits)
    number = (match[0] if match else "").lstrip("0")
    # Ten digits decide; a longer text need not become a number to be too large.
    if len(number) > 10 or int(number or "0") > UINT32_MAX:
        reason = "value out of range"
    elif match and match.end() == len(digits):
        return int(number or "0")
    else:
        reason = "invalid syntax"
    raise AddressError(f"strconv.ParseUint: parsing {quote(digits)}: {reason}")
