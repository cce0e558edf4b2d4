"""The 16 bits in which the datapath's service map keeps what it must know of a service."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Self

from pydantic_core import core_schema

from ..errors import LoadBalancerError
from ..releases import NEWEST, Release
from .domain_model import DomainValue
from .scalars import UINT16_MAX, Flag
from .service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType, nat_policy_of
from .strict_enums import format_word, member_repr
from .texts.go_text import quote

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

    from .l3n4 import L3n4Addr

__all__ = [
    "LATER_FLAG_WORDS",
    "ServiceFlagBit",
    "ServiceFlags",
    "SvcFlagParam",
    "new_svc_flag",
    "parse_service_flags",
]


def _flags(number: Any) -> ServiceFlags:
    return number if number is NotImplemented else ServiceFlags(number)


class _BitOperators:
    """The operators of integers, giving flags."""

    __slots__ = ()

    def __or__(self: Any, other: int, /) -> ServiceFlags:
        return _flags(int.__or__(self, other))

    def __and__(self: Any, other: int, /) -> ServiceFlags:
        return _flags(int.__and__(self, other))

    def __xor__(self: Any, other: int, /) -> ServiceFlags:
        return _flags(int.__xor__(self, other))

    def __invert__(self: Any) -> ServiceFlags:
        return ServiceFlags(int.__xor__(self, UINT16_MAX))

    __ror__ = __or__
    __rand__ = __and__
    __rxor__ = __xor__


class ServiceFlagBit(_BitOperators, IntEnum):
    """The bits of `ServiceFlags` (Go: the constants `serviceFlag…`)."""

    EXTERNAL_IPS = 1 << 0
    """The type is ExternalIPs."""
    NODE_PORT = 1 << 1
    """The type is NodePort."""
    EXT_LOCAL_SCOPE = 1 << 2
    """The external traffic policy is Local."""
    HOST_PORT = 1 << 3
    """The type is HostPort."""
    SESSION_AFFINITY = 1 << 4
    """The connections of a client go to the same backend."""
    LOAD_BALANCER = 1 << 5
    """The type is LoadBalancer."""
    ROUTABLE = 1 << 6
    """The frontend can be reached from outside the node."""
    SOURCE_RANGE = 1 << 7
    """The client's address is checked against the source ranges."""
    LOCAL_REDIRECT = 1 << 8
    """The type is LocalRedirect."""
    NAT46X64 = 1 << 9
    """Frontend and backends differ in address family."""
    L7_LOAD_BALANCER = 1 << 10
    """A proxy balances on layer 7."""
    LOOPBACK = 1 << 11
    """A HostPort of the loopback interface alone."""
    INT_LOCAL_SCOPE = 1 << 12
    """The internal traffic policy is Local."""
    TWO_SCOPES = 1 << 13
    """There is a frontend of each scope."""

    __repr__ = member_repr


# In the order in which they decide, should more than one be set.
_TYPE_BITS = {
    ServiceFlagBit.EXTERNAL_IPS: SVCType.ExternalIPs,
    ServiceFlagBit.NODE_PORT: SVCType.NodePort,
    ServiceFlagBit.LOAD_BALANCER: SVCType.LoadBalancer,
    ServiceFlagBit.HOST_PORT: SVCType.HostPort,
    ServiceFlagBit.LOCAL_REDIRECT: SVCType.LocalRedirect,
}
_BIT_OF_TYPE = {svc_type: bit for bit, svc_type in _TYPE_BITS.items()}

_WORDS = {
    ServiceFlagBit.EXT_LOCAL_SCOPE: "Local",
    ServiceFlagBit.INT_LOCAL_SCOPE: "InternalLocal",
    ServiceFlagBit.TWO_SCOPES: "two-scopes",
    ServiceFlagBit.SESSION_AFFINITY: "sessionAffinity",
    ServiceFlagBit.ROUTABLE: "non-routable",
    ServiceFlagBit.SOURCE_RANGE: "check source-range",
    ServiceFlagBit.NAT46X64: "46x64",
    ServiceFlagBit.L7_LOAD_BALANCER: "l7-load-balancer",
    ServiceFlagBit.LOOPBACK: "loopback",
}
_BIT_OF_WORD = {word: bit for bit, word in _WORDS.items()}

LATER_FLAG_WORDS = ("deny", "delegate-if-local", "quarantined", "dsr")
"""Words of agents from 1.17 on, in their order; they reuse bits that mean something else here."""


_DENY_OR_QUARANTINED = 1 << 14
_DSR = 1 << 15

# Whether there is a common bit, without making flags of it.
_has = int.__and__


class ServiceFlags(_BitOperators, int):
    """The datapath's flags of a service, 0 … 65535 (Go: `ServiceFlags`).

    Bits 14 and 15 have no meaning in 1.13 and are kept as they are; `text` has the words of
    later releases. `|`, `&`, `^` and `~` give flags again, also of two `ServiceFlagBit`; flags
    contain other flags all of whose bits they have, and iterate over their `bits`.
    """

    __slots__ = ()

    def __new__(cls, value: int = 0) -> Self:
        """Check the range; raises `LoadBalancerError`, and `TypeError` unless it is an integer."""
        # Programs without type checker get here with whatever they have.
        if isinstance(value, bool) or not isinstance(value, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"service flags are an integer, not {type(value).__name__}")
        if not 0 <= value <= UINT16_MAX:
            raise LoadBalancerError(f"service flags are 0 … {UINT16_MAX}, not {value}")
        return super().__new__(cls, value)

    @property
    def bits(self) -> tuple[ServiceFlagBit, ...]:
        """The bits that are set, lowest first; 14 and 15 have no name."""
        return tuple(bit for bit in ServiceFlagBit if _has(self, bit))

    def __contains__(self, flags: int) -> bool:
        return int.__and__(self, flags) == flags

    def __iter__(self) -> Iterator[ServiceFlagBit]:
        return iter(self.bits)

    @property
    def svc_type(self) -> SVCType:
        """The type the flags tell of, ClusterIP if none (Go: `SVCType`)."""
        for bit, svc_type in _TYPE_BITS.items():
            if _has(self, bit):
                return svc_type
        return SVCType.ClusterIP

    @property
    def svc_ext_traffic_policy(self) -> SVCTrafficPolicy:
        """Local or Cluster, for traffic from outside (Go: `SVCExtTrafficPolicy`)."""
        return self._policy(ServiceFlagBit.EXT_LOCAL_SCOPE)

    @property
    def svc_int_traffic_policy(self) -> SVCTrafficPolicy:
        """Local or Cluster, for traffic from inside (Go: `SVCIntTrafficPolicy`)."""
        return self._policy(ServiceFlagBit.INT_LOCAL_SCOPE)

    def _policy(self, bit: ServiceFlagBit) -> SVCTrafficPolicy:
        return SVCTrafficPolicy.Local if _has(self, bit) else SVCTrafficPolicy.Cluster

    def svc_nat_policy(self, frontend: L3n4Addr) -> SVCNatPolicy:
        """NONE, or which way that frontend is translated (Go: `SVCNatPolicy`)."""
        if not _has(self, ServiceFlagBit.NAT46X64):
            return SVCNatPolicy.NONE
        return nat_policy_of(frontend.is_ipv6)

    @property
    def is_l7lb(self) -> bool:
        """Whether a layer 7 proxy balances the service (Go: `IsL7LB`)."""
        return bool(_has(self, ServiceFlagBit.L7_LOAD_BALANCER))

    def uint16(self) -> int:
        """The plain number (Go: `UInt16`)."""
        return int(self)

    def __str__(self) -> str:
        words = [str(self.svc_type)]
        for bit, word in _WORDS.items():
            # The one word that tells of a bit that is not set.
            if bool(_has(self, bit)) != (bit is ServiceFlagBit.ROUTABLE):
                words.append(word)
        return ", ".join(words)

    def text(self, release: str | Release = NEWEST) -> str:
        """Return the words that agents of a release print.

        From 1.17 on bit 14 is `deny` beside a check of source ranges, else `quarantined`, and
        bit 15 `dsr`; from 1.18 on bit 11 is `delegate-if-local` for all types but HostPort.

        Raises:
            ReleaseError: the release is not one.
        """
        parsed = Release.parse(release)
        if not parsed.since(17):
            return str(self)
        is_delegated = (
            parsed.since(18)
            and ServiceFlagBit.LOOPBACK in self
            and self.svc_type is not SVCType.HostPort
        )
        words = [str(self & ~ServiceFlagBit.LOOPBACK if is_delegated else self)]
        if is_delegated:
            words.append("delegate-if-local")
        if self & _DENY_OR_QUARANTINED:
            words.append("deny" if self & ServiceFlagBit.SOURCE_RANGE else "quarantined")
        if self & _DSR:
            words.append("dsr")
        return ", ".join(words)

    def __repr__(self) -> str:
        return f"ServiceFlags({int(self):#06x})"

    def __format__(self, spec: str) -> str:
        return format_word(self, spec)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        number = core_schema.int_schema(strict=True, ge=0, le=UINT16_MAX)
        return core_schema.no_info_after_validator_function(
            cls, number, serialization=core_schema.simple_ser_schema("int")
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "title": "ServiceFlags",
            "description": "The datapath's flags of a service.",
            "type": "integer",
            "minimum": 0,
            "maximum": UINT16_MAX,
        }


class SvcFlagParam(DomainValue):
    """What `new_svc_flag` makes flags of (Go: `SvcFlagParam`)."""

    svc_type: SVCType = SVCType.NONE
    """The type; NONE and ClusterIP have no bit."""
    svc_nat_policy: SVCNatPolicy = SVCNatPolicy.NONE
    """The translation between address families; which way it goes is not kept."""
    svc_ext_local: Flag = False
    """Whether the external traffic policy is Local."""
    svc_int_local: Flag = False
    """Whether the internal traffic policy is Local."""
    session_affinity: Flag = False
    """Whether the connections of a client go to the same backend."""
    is_routable: Flag = False
    """Whether the frontend can be reached from outside the node."""
    check_source_range: Flag = False
    """Whether the client's address is checked against the source ranges."""
    l7_load_balancer: Flag = False
    """Whether a proxy balances on layer 7."""
    loopback_hostport: Flag = False
    """Whether a HostPort is of the loopback interface alone; ignored for other types."""

    if TYPE_CHECKING:
        # Pydantic makes it; type checkers believe that there is none.
        def __hash__(self) -> int: ...


def new_svc_flag(param: SvcFlagParam) -> ServiceFlags:
    """The flags of a service (Go: `NewSvcFlag`).

    Loopback counts for a HostPort alone; there are two scopes when external and internal
    traffic differ in being local, but never for a ClusterIP.
    """
    two_scopes = param.svc_ext_local != param.svc_int_local
    wanted = {
        ServiceFlagBit.EXT_LOCAL_SCOPE: param.svc_ext_local,
        ServiceFlagBit.INT_LOCAL_SCOPE: param.svc_int_local,
        ServiceFlagBit.TWO_SCOPES: two_scopes and param.svc_type is not SVCType.ClusterIP,
        ServiceFlagBit.SESSION_AFFINITY: param.session_affinity,
        ServiceFlagBit.ROUTABLE: param.is_routable,
        ServiceFlagBit.SOURCE_RANGE: param.check_source_range,
        ServiceFlagBit.NAT46X64: param.svc_nat_policy is not SVCNatPolicy.NONE,
        ServiceFlagBit.L7_LOAD_BALANCER: param.l7_load_balancer,
        ServiceFlagBit.LOOPBACK: param.loopback_hostport and param.svc_type is SVCType.HostPort,
    }
    flags = sum(bit for bit, is_set in wanted.items() if is_set)
    return ServiceFlags(flags | _BIT_OF_TYPE.get(param.svc_type, 0))


def parse_service_flags(text: str) -> tuple[ServiceFlags, tuple[str, ...]]:
    """Read what `str()` of flags prints, and apart from it the words of later releases.

    `"NodePort, Local, dsr"` gives the flags of `NodePort, Local` and `("dsr",)`: the bits of
    `LATER_FLAG_WORDS` are not set, since this release knows another meaning for them or none.

    Raises:
        LoadBalancerError: the text does not begin with a service type, or has an unknown word.
    """
    type_word, *words = text.split(", ")
    if type_word not in [*_BIT_OF_TYPE, SVCType.ClusterIP]:
        raise LoadBalancerError(f"{quote(type_word)} is not the type of a service")
    bits = {ServiceFlagBit.ROUTABLE}
    if type_word in _BIT_OF_TYPE:
        bits.add(_BIT_OF_TYPE[SVCType(type_word)])
    for word in words:
        if word == _WORDS[ServiceFlagBit.ROUTABLE]:
            # The one word that tells of a bit that is not set.
            bits.discard(ServiceFlagBit.ROUTABLE)
        elif word in _BIT_OF_WORD:
            bits.add(_BIT_OF_WORD[word])
        elif word not in LATER_FLAG_WORDS:
            raise LoadBalancerError(f"unknown service flag {quote(word)}")
    return ServiceFlags(sum(bits)), tuple(word for word in words if word in LATER_FLAG_WORDS)
