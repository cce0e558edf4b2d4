"""The rules by which wire values become domain objects, each written once.

Whichever way a payload comes in, as a wire model or as JSON read in bulk, these are the
functions and tables that decide what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .addr_cluster import AddrCluster
from .backend import Backend
from .backend_state import STATE_WORDS, BackendState
from .domain_model import assemble
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
    "WIRE_STATE_WORDS",
    "Values",
    "frontend_fields",
    "service",
]

# By the number of the scope or state; INVALID, the last state, has no word on the wire.
SCOPE_WORDS = ("external", "internal")
WIRE_STATE_WORDS = (*STATE_WORDS.values(), None)
# By the value of the member.
PROTOCOL_WORDS = {"TCP": "tcp", "UDP": "udp"}
NAT_POLICY_WORDS = {"Nat46": "Nat46", "Nat64": "Nat64"}

STATES = {word: BackendState(state) for state, word in STATE_WORDS.items()}
_SCOPES: dict[str | None, Scope] = dict(zip(SCOPE_WORDS, Scope, strict=True))
_PROTOCOLS: dict[str | None, L4Type] = {
    None: L4Type.NONE,
    **{word: L4Type(value) for value, word in PROTOCOL_WORDS.items()},
}
_NAT_POLICIES: dict[str | None, SVCNatPolicy] = {
    word: SVCNatPolicy(value) for value, word in NAT_POLICY_WORDS.items()
}
_TYPES: dict[str | None, SVCType] = {
    svc_type.value: svc_type for svc_type in SVCType if svc_type is not SVCType.NONE
}
_POLICIES: dict[str | None, SVCTrafficPolicy] = {"Local": SVCTrafficPolicy.Local}
_CLUSTER = SVCTrafficPolicy.Cluster
_NO_NAME = ServiceName(namespace="", name="")

Values = Mapping[str, Any]
"""The values of a wire model by the names of its attributes; absent is None, or not there."""


def frontend_fields(wire: Values) -> dict[str, Any]:
    """The fields of an `L3n4Addr`, of the values of a FrontendAddress.

    Raises:
        ConversionError: the first thing wrong in the order ip missing, protocol, ip, scope.
    """
    get = wire.get
    ip = get("ip")
    if not ip:
        raise ConversionError("missing IP address", "frontend", "/ip")
    protocol = _PROTOCOLS.get(get("protocol"))
    if protocol is None:
        try:
            protocol = new_l4_type(wire["protocol"])
        except L4ProtocolError as error:
            raise ConversionError(str(error), "frontend", "/protocol") from None
    try:
        addr_cluster = AddrCluster.parse(ip)
    except AddressError as error:
        raise ConversionError(str(error), "frontend", "/ip") from None
    scope = _SCOPES.get(get("scope"))
    if scope is None:
        reason = f'invalid scope "{get("scope") or ""}"'
        raise ConversionError(reason, "frontend", "/scope")
    return {
        "protocol": protocol,
        "port": get("port") or 0,
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
    frontend["id"] = id or 0
    flag = flags.get if flags else _absent
    namespace, name = flag("namespace"), flag("name")
    if namespace or name:
        service_name = assemble(ServiceName, {"namespace": namespace or "", "name": name or ""})
    else:
        service_name = _NO_NAME
    return assemble(
        SVC,
        {
            "frontend": assemble(L3n4AddrID, frontend),
            "backends": backends,
            "type": _TYPES.get(flag("type"), SVCType.ClusterIP),
            "ext_traffic_policy": _POLICIES.get(flag("ext_traffic_policy"), _CLUSTER),
            "int_traffic_policy": _POLICIES.get(flag("int_traffic_policy"), _CLUSTER),
            "nat_policy": _NAT_POLICIES.get(flag("nat_policy"), SVCNatPolicy.NONE),
            "session_affinity": False,
            "session_affinity_timeout_sec": 0,
            "health_check_node_port": flag("health_check_node_port") or 0,
            "name": service_name,
            "load_balancer_source_ranges": [],
            "l7lb_proxy_port": 0,
            "l7lb_frontend_ports": [],
            "loopback_hostport": False,
        },
    )


def _absent(_: str) -> None:
    """What a service without flags has for each of them."""
