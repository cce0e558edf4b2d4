"""What a domain object is on the wire: its JSON as a dictionary, keys in wire order.

Wire models are built of these values and bulk output is written from them.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from .backend import Backend
from .backend_state import STATE_WORDS
from .conversion_rules import NAT_POLICY_WORDS, PROTOCOL_WORDS, SCOPE_WORDS
from .l3n4 import L3n4Addr
from .service import SVC
from .service_type import SVCTrafficPolicy, SVCType

__all__ = ["backend_values", "frontend_values", "spec_values"]

_by_id = attrgetter("id")


def frontend_values(addr: L3n4Addr, *, include_protocol: bool = True) -> dict[str, Any]:
    """The FrontendAddress of an address."""
    values: dict[str, Any] = {"ip": str(addr.addr_cluster)}
    if addr.port:
        values["port"] = addr.port
    if include_protocol and addr.protocol in PROTOCOL_WORDS:
        values["protocol"] = PROTOCOL_WORDS[addr.protocol]
    values["scope"] = SCOPE_WORDS[addr.scope]
    return values


def backend_values(backend: Backend) -> dict[str, Any]:
    """The BackendAddress of a backend."""
    values: dict[str, Any] = {"ip": str(backend.addr_cluster)}
    if backend.node_name:
        values["nodeName"] = backend.node_name
    if backend.port:
        values["port"] = backend.port
    if backend.preferred:
        values["preferred"] = True
    if backend.state in STATE_WORDS:
        values["state"] = STATE_WORDS[backend.state]
    values["weight"] = backend.weight
    return values


def spec_values(svc: SVC, *, include_protocol: bool = True) -> dict[str, Any]:
    """The ServiceSpec of a service, its backends ordered by id."""
    values: dict[str, Any] = {
        "backend-addresses": [backend_values(each) for each in sorted(svc.backends, key=_by_id)],
        "flags": _flags_values(svc),
        "frontend-address": frontend_values(svc.frontend, include_protocol=include_protocol),
    }
    if svc.frontend.id:
        values["id"] = svc.frontend.id
    return values


def _flags_values(svc: SVC) -> dict[str, Any]:
    values: dict[str, Any] = {}
    # NONE is a type and a policy of the domain alone: the wire has no word for it.
    has_ext_policy = svc.ext_traffic_policy is not SVCTrafficPolicy.NONE
    if has_ext_policy:
        values["extTrafficPolicy"] = svc.ext_traffic_policy.value
    if svc.health_check_node_port:
        values["healthCheckNodePort"] = svc.health_check_node_port
    if svc.int_traffic_policy is not SVCTrafficPolicy.NONE:
        values["intTrafficPolicy"] = svc.int_traffic_policy.value
    if svc.name.name:
        values["name"] = svc.name.name
    if svc.name.namespace:
        values["namespace"] = svc.name.namespace
    if svc.nat_policy in NAT_POLICY_WORDS:
        values["natPolicy"] = NAT_POLICY_WORDS[svc.nat_policy]
    if has_ext_policy:
        values["trafficPolicy"] = svc.ext_traffic_policy.value
    if svc.type is not SVCType.NONE:
        values["type"] = svc.type.value
    return values
