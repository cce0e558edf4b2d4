"""What a domain object is on the wire: its JSON as a dictionary, keys in wire order.

Wire models are built of these values, and bulk output is written from them. The fields are
taken from the instance's dictionary and enum values past their property: this runs once for
each backend of a dump.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from .addr_cluster import address_text
from .backend import Backend
from .backend_state import BackendState
from .l3n4 import L3n4Addr, L3n4AddrID
from .service import SVC
from .wire_words import PROTOCOL_WORDS, SCOPE_WORDS, WIRE_STATE_WORDS

__all__ = ["backend_values", "frontend_values", "spec_values"]

_by_id = attrgetter("id")


def frontend_values(addr: L3n4Addr, *, include_protocol: bool = True) -> dict[str, Any]:
    """The FrontendAddress of an address."""
    fields = addr.__dict__
    values: dict[str, Any] = {"ip": address_text(fields["addr_cluster"])}
    if port := fields["port"]:
        values["port"] = port
    if include_protocol and (protocol := PROTOCOL_WORDS.get(fields["protocol"]._value_)):
        values["protocol"] = protocol
    values["scope"] = SCOPE_WORDS[fields["scope"]]
    return values


def backend_values(backend: Backend) -> dict[str, Any]:
    """The BackendAddress of a backend."""
    fields = backend.__dict__
    values: dict[str, Any] = {"ip": address_text(fields["addr_cluster"])}
    if node_name := fields["node_name"]:
        values["nodeName"] = node_name
    if port := fields["port"]:
        values["port"] = port
    if fields["preferred"]:
        values["preferred"] = True
    state: BackendState = fields["state"]
    if word := WIRE_STATE_WORDS[state]:
        values["state"] = word
    values["weight"] = fields["weight"]
    return values


def spec_values(svc: SVC, *, include_protocol: bool = True) -> dict[str, Any]:
    """The ServiceSpec of a service, its backends ordered by id."""
    fields = svc.__dict__
    frontend: L3n4AddrID = fields["frontend"]
    values: dict[str, Any] = {
        "backend-addresses": [
            backend_values(each) for each in sorted(fields["backends"], key=_by_id)
        ],
        "flags": _flags_values(fields),
        "frontend-address": frontend_values(frontend, include_protocol=include_protocol),
    }
    if id := frontend.id:
        values["id"] = id
    return values


def _flags_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    # NONE is a type and a policy of the domain alone: the wire has no word for it.
    values: dict[str, Any] = {}
    ext_policy = fields["ext_traffic_policy"]._value_
    if ext_policy != "NONE":
        values["extTrafficPolicy"] = ext_policy
    if port := fields["health_check_node_port"]:
        values["healthCheckNodePort"] = port
    if (int_policy := fields["int_traffic_policy"]._value_) != "NONE":
        values["intTrafficPolicy"] = int_policy
    name: dict[str, str] = fields["name"].__dict__
    if text := name["name"]:
        values["name"] = text
    if text := name["namespace"]:
        values["namespace"] = text
    if (nat_policy := fields["nat_policy"]._value_) != "NONE":
        values["natPolicy"] = nat_policy
    if ext_policy != "NONE":
        values["trafficPolicy"] = ext_policy
    if (svc_type := fields["type"]._value_) != "NONE":
        values["type"] = svc_type
    return values
