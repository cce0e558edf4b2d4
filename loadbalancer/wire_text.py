"""What a domain object is on the wire: its compact JSON, keys in wire order.

Output in bulk is made of these texts, and wire models are read from them. The fields are taken
from the instance's dictionary and enum values past their property: this runs once for each
backend of a dump.
"""

from __future__ import annotations

from json.encoder import encode_basestring as _quote
from operator import attrgetter

from .addr_cluster import address_text
from .backend import Backend
from .backend_state import BackendState
from .conversion_rules import PROTOCOL_WORDS, SCOPE_WORDS, WIRE_STATE_WORDS
from .l3n4 import L3n4Addr
from .service import SVC, ServiceName

__all__ = ["backend_json", "frontend_json", "spec_json"]

_by_id = attrgetter("id")


def frontend_json(addr: L3n4Addr, *, include_protocol: bool = True) -> str:
    """The FrontendAddress of an address."""
    fields = addr.__dict__
    ip = _quote(address_text(fields["addr_cluster"]))
    port = f',"port":{fields["port"]}' if fields["port"] else ""
    word = PROTOCOL_WORDS.get(fields["protocol"]._value_) if include_protocol else None
    protocol = f',"protocol":"{word}"' if word else ""
    return f'{{"ip":{ip}{port}{protocol},"scope":"{SCOPE_WORDS[fields["scope"]]}"}}'


def backend_json(backend: Backend) -> str:
    """The BackendAddress of a backend."""
    fields = backend.__dict__
    ip = _quote(address_text(fields["addr_cluster"]))
    node_name = f',"nodeName":{_quote(fields["node_name"])}' if fields["node_name"] else ""
    port = f',"port":{fields["port"]}' if fields["port"] else ""
    preferred = ',"preferred":true' if fields["preferred"] else ""
    state: BackendState = fields["state"]
    word = WIRE_STATE_WORDS[state]
    state_member = f',"state":"{word}"' if word else ""
    return f'{{"ip":{ip}{node_name}{port}{preferred}{state_member},"weight":{fields["weight"]}}}'


def spec_json(svc: SVC, *, include_protocol: bool = True) -> str:
    """The ServiceSpec of a service, its backends ordered by id."""
    backends = ",".join([backend_json(backend) for backend in sorted(svc.backends, key=_by_id)])
    flags = _flags_json(svc)
    frontend = frontend_json(svc.frontend, include_protocol=include_protocol)
    number = f',"id":{svc.frontend.id}' if svc.frontend.id else ""
    parts = f'"backend-addresses":[{backends}],"flags":{flags},"frontend-address":{frontend}'
    return f"{{{parts}{number}}}"


def _flags_json(svc: SVC) -> str:
    fields = svc.__dict__
    name: ServiceName = fields["name"]
    port: int = fields["health_check_node_port"]
    ext_policy = fields["ext_traffic_policy"]._value_
    members = (
        _member("extTrafficPolicy", ext_policy)
        + (f',"healthCheckNodePort":{port}' if port else "")
        + _member("intTrafficPolicy", fields["int_traffic_policy"]._value_)
        + (f',"name":{_quote(name.name)}' if name.name else "")
        + (f',"namespace":{_quote(name.namespace)}' if name.namespace else "")
        + _member("natPolicy", fields["nat_policy"]._value_)
        + _member("trafficPolicy", ext_policy)
        + _member("type", fields["type"]._value_)
    )
    return f"{{{members[1:]}}}"


def _member(key: str, word: str) -> str:
    # NONE is a type and a policy of the domain alone: the wire has no word for it.
    return "" if word == "NONE" else f',"{key}":"{word}"'
