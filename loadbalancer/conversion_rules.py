"""The rules by which wire values become domain objects, each written once.

Whichever way a payload comes in, as a wire model or as JSON read in bulk, these are the
functions and tables that decide what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .addr_cluster import AddrCluster
from .backend import Backend
from .backend_state import STATE_WORDS, BackendState
from .errors import AddressError, ConversionError, L4ProtocolError
from .l3n4 import L3n4AddrID, Scope
from .l4 import L4Type, new_l4_type
from .scalars import UINT32_MAX
from .service import SVC, ServiceName
from .service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType

__all__ = [
    "NAT_POLICY_WORDS",
    "PROTOCOL_WORDS",
    "SCOPE_WORDS",
    "STATES",
    "Values",
    "frontend_fields",
    "service",
]

SCOPE_WORDS = {Scope.EXTERNAL: "external", Scope.INTERNAL: "internal"}
PROTOCOL_WORDS = {L4Type.TCP: "tcp", L4Type.UDP: "udp"}
NAT_POLICY_WORDS = {SVCNatPolicy.Nat46: "Nat46", SVCNatPolicy.Nat64: "Nat64"}

STATES = {word: BackendState(state) for state, word in STATE_WORDS.items()}
_SCOPES: dict[str | None, Scope] = {word: scope for scope, word in SCOPE_WORDS.items()}
_NAT_POLICIES: dict[str | None, SVCNatPolicy] = {
    word: policy for policy, word in NAT_POLICY_WORDS.items()
}
_TYPES: dict[str | None, SVCType] = {
    str(svc_type): svc_type for svc_type in SVCType if svc_type is not SVCType.NONE
}
_POLICIES: dict[str | None, SVCTrafficPolicy] = {"Local": SVCTrafficPolicy.Local}

Values = Mapping[str, Any]
"""The values of a wire model by the names of its attributes; None is absent."""


def frontend_fields(wire: Values) -> dict[str, Any]:
    """The fields of an `L3n4Addr`, of the values of a FrontendAddress.

    Raises:
        ConversionError: the first thing wrong in the order ip missing, protocol, ip, scope.
    """
    ip = wire["ip"]
    if not ip:
        raise ConversionError("missing IP address", "frontend", "/ip")
    protocol = L4Type.NONE
    if wire["protocol"] is not None:
        try:
            protocol = new_l4_type(wire["protocol"])
        except L4ProtocolError as error:
            raise ConversionError(str(error), "frontend", "/protocol") from None
    try:
        addr_cluster = AddrCluster.parse(ip)
    except AddressError as error:
        raise ConversionError(str(error), "frontend", "/ip") from None
    scope = _SCOPES.get(wire["scope"])
    if scope is None:
        reason = f'invalid scope "{wire["scope"] or ""}"'
        raise ConversionError(reason, "frontend", "/scope")
    return {
        "protocol": protocol,
        "port": wire["port"] or 0,
        "addr_cluster": addr_cluster,
        "scope": scope,
    }


def service(
    frontend: dict[str, Any], backends: list[Backend], flags: Values | None, id: int | None
) -> SVC:
    """The service of a ServiceSpec whose parts have been converted.

    Raises:
        ConversionError: the id is none of a frontend.
    """
    if id is not None and not 0 <= id <= UINT32_MAX:
        reason = f"invalid service ID {id}: not in 0 … {UINT32_MAX}"
        raise ConversionError(reason, "frontend", "/id")
    get: Callable[[str], Any] = flags.get if flags else lambda _: None
    return SVC(
        frontend=L3n4AddrID(**frontend, id=id or 0),
        backends=backends,
        type=_TYPES.get(get("type"), SVCType.ClusterIP),
        ext_traffic_policy=_POLICIES.get(get("ext_traffic_policy"), SVCTrafficPolicy.Cluster),
        int_traffic_policy=_POLICIES.get(get("int_traffic_policy"), SVCTrafficPolicy.Cluster),
        nat_policy=_NAT_POLICIES.get(get("nat_policy"), SVCNatPolicy.NONE),
        health_check_node_port=get("health_check_node_port") or 0,
        name=ServiceName(namespace=get("namespace") or "", name=get("name") or ""),
    )
