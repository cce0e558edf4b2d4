"""The rules by which wire values become domain objects, each written once.

Whichever way a payload comes in, as a wire model or as JSON read in bulk, these are the
functions and tables that decide what it means. They take the values of a wire model by the
names of its attributes, None being absent, and return the fields of the domain object,
all of them, in the order of its class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .addr_cluster import AddrCluster
from .backend import DEFAULT_BACKEND_WEIGHT, Backend
from .backend_state import STATE_WORDS, BackendState, get_backend_state
from .errors import AddressError, BackendStateError, ConversionError, L4ProtocolError
from .l3n4 import L3n4AddrID, Scope
from .l4 import L4Type, new_l4_type
from .scalars import UINT32_MAX
from .service import ServiceName
from .service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType

__all__ = [
    "PROTOCOL_WORDS",
    "SCOPE_WORDS",
    "WIRE_STATE_WORDS",
    "backend_fields",
    "frontend_fields",
    "service_fields",
]

# By the number of the scope or state; INVALID, the last state, has no word on the wire.
SCOPE_WORDS = ("external", "internal")
WIRE_STATE_WORDS: tuple[str | None, ...] = (*STATE_WORDS.values(), None)
# By the value of the member.
PROTOCOL_WORDS = {"TCP": "tcp", "UDP": "udp"}

_STATES: dict[str | None, BackendState] = {
    None: BackendState.ACTIVE,
    **{word: BackendState(state) for state, word in STATE_WORDS.items()},
}
_SCOPES: dict[str | None, Scope] = dict(zip(SCOPE_WORDS, Scope, strict=True))
_PROTOCOLS: dict[str | None, L4Type] = {
    None: L4Type.NONE,
    **{word: L4Type(value) for value, word in PROTOCOL_WORDS.items()},
}
_NAT_POLICIES: dict[str | None, SVCNatPolicy] = {
    policy.value: policy for policy in SVCNatPolicy if policy is not SVCNatPolicy.NONE
}
_TYPES: dict[str | None, SVCType] = {
    svc_type.value: svc_type for svc_type in SVCType if svc_type is not SVCType.NONE
}
_POLICIES: dict[str | None, SVCTrafficPolicy] = {"Local": SVCTrafficPolicy.Local}

# Looked up once, for what runs once for each backend of a dump.
_parse = AddrCluster.parse
_NO_PROTOCOL = L4Type.NONE
_EXTERNAL = Scope.EXTERNAL
_MAINTENANCE = BackendState.MAINTENANCE
_CLUSTER_IP = SVCType.ClusterIP
_CLUSTER = SVCTrafficPolicy.Cluster
_NO_NAT = SVCNatPolicy.NONE
_NO_NAME = ServiceName(namespace="", name="")

Make = Callable[[type[Any], dict[str, Any]], Any]
"""How an object is made of its fields, all of which are given: with validation or without."""

Values = Mapping[str, Any]
"""The values of a wire model by the names of its attributes; absent is None, or not there."""


def frontend_fields(
    ip: str | None = None,
    port: int | None = None,
    protocol: str | None = None,
    scope: str | None = None,
) -> dict[str, Any]:
    """The fields of an `L3n4Addr`, of the values of a FrontendAddress.

    Raises:
        ConversionError: the first thing wrong in the order ip missing, protocol, ip, scope.
    """
    if not ip:
        raise ConversionError("missing IP address", "frontend", "/ip")
    l4_type = _PROTOCOLS.get(protocol)
    if l4_type is None:
        try:
            l4_type = new_l4_type(protocol or "")
        except L4ProtocolError as error:
            raise ConversionError(str(error), "frontend", "/protocol") from None
    try:
        addr_cluster = _parse(ip)
    except AddressError as error:
        raise ConversionError(str(error), "frontend", "/ip") from None
    known_scope = _SCOPES.get(scope)
    if known_scope is None:
        reason = f'invalid scope "{scope or ""}"'
        raise ConversionError(reason, "frontend", "/scope")
    return {
        "protocol": l4_type,
        "port": port or 0,
        "addr_cluster": addr_cluster,
        "scope": known_scope,
    }


def backend_fields(
    ip: str | None = None,
    node_name: str | None = None,
    port: int | None = None,
    preferred: bool | None = None,
    state: str | None = None,
    weight: int | None = None,
    *,
    default_weight: int = DEFAULT_BACKEND_WEIGHT,
) -> dict[str, Any]:
    """The fields of a `Backend`, of the values of a BackendAddress.

    Raises:
        ConversionError: the ip is no address or the state none of a backend.
    """
    if ip is None:
        raise ConversionError("missing IP address", "backend", "/ip")
    try:
        addr_cluster = _parse(ip)
    except AddressError as error:
        raise ConversionError(str(error), "backend", "/ip") from None
    known_state = _STATES.get(state)
    if known_state is None:
        try:
            known_state = get_backend_state(state or "")
        except BackendStateError:
            reason = f"invalid backend state [{state}]"
            raise ConversionError(reason, "backend", "/state") from None
    if weight is None:
        weight = default_weight
    return {
        "protocol": _NO_PROTOCOL,
        "port": port or 0,
        "addr_cluster": addr_cluster,
        "scope": _EXTERNAL,
        "fe_port_name": "",
        "id": 0,
        "weight": weight,
        "node_name": node_name or "",
        "state": known_state if weight else _MAINTENANCE,
        "preferred": preferred or False,
    }


def service_fields(
    frontend: dict[str, Any],
    backends: list[Backend],
    flags: Values | None,
    id: int | None,
    make: Make,
) -> dict[str, Any]:
    """The fields of an `SVC`, of a ServiceSpec whose parts have been converted.

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
        service_name = make(ServiceName, {"namespace": namespace or "", "name": name or ""})
    else:
        service_name = _NO_NAME
    return {
        "frontend": make(L3n4AddrID, frontend),
        "backends": backends,
        "type": _TYPES.get(flag("type"), _CLUSTER_IP),
        "ext_traffic_policy": _POLICIES.get(flag("ext_traffic_policy"), _CLUSTER),
        "int_traffic_policy": _POLICIES.get(flag("int_traffic_policy"), _CLUSTER),
        "nat_policy": _NAT_POLICIES.get(flag("nat_policy"), _NO_NAT),
        "session_affinity": False,
        "session_affinity_timeout_sec": 0,
        "health_check_node_port": flag("health_check_node_port") or 0,
        "name": service_name,
        "load_balancer_source_ranges": [],
        "l7lb_proxy_port": 0,
        "l7lb_frontend_ports": [],
        "loopback_hostport": False,
    }


def _absent(_: str) -> None:
    """What a service without flags has for each of them."""
