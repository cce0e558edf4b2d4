"""What a domain object is on the wire: its JSON, compact, keys in the order of the wire.

Texts at once, not those of wire models, and past properties, since this runs for each backend of
a dump. `to_models` says the same as wire models.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from json.encoder import encode_basestring as _quoted
from operator import attrgetter
from typing import Any, TypeVar

from ..domain.backend import Backend
from ..domain.l3n4 import L3n4Addr
from ..domain.l4 import L4Type
from ..domain.scalars import UINT16_MAX
from ..domain.service import SVC
from ..domain.service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType
from .recalled import Recalled
from .words import PROTOCOL_WORDS, SCOPE_WORDS, WIRE_STATE_WORDS, wire_word

__all__ = ["by_id", "frontend_json", "spec_json"]

_Value = TypeVar("_Value")
_Family = TypeVar("_Family", bound=StrEnum)

by_id = attrgetter("id")
# `+number` below is the plain number, however a member of an enum would print itself.


def frontend_json(addr: L3n4Addr, *, include_protocol: bool = True) -> str:
    """The FrontendAddress of an address."""
    fields = addr.__dict__
    protocol = _PROTOCOLS[fields["protocol"]] if include_protocol else ""
    ip = _quoted(fields["addr_cluster"]._text)
    return f'{{"ip":{ip}{_PORTS[fields["port"]]}{protocol}{_SCOPES[fields["scope"]]}}}'


def spec_json(svc: SVC, *, include_protocol: bool = True) -> str:
    """The ServiceSpec of a service, its backends ordered by id."""
    fields = svc.__dict__
    frontend = fields["frontend"]
    backends = _backends(fields["backends"])
    id = f',"id":{+number}' if (number := frontend.__dict__["id"]) else ""
    return (
        f'{{"backend-addresses":[{backends}],"flags":{{{_flags(fields)}}},'
        f'"frontend-address":{frontend_json(frontend, include_protocol=include_protocol)}{id}}}'
    )


def _backends(backends: list[Backend]) -> str:
    texts: list[str] = []
    # Those of this moment: another thread may change the list meanwhile.
    backends = list(backends)
    last = backends[0].id if backends else 0
    for backend in backends:
        fields = backend.__dict__
        # Mostly they are in order: to look here takes less time than to sort them.
        if (id := fields["id"]) < last:
            return _backends(sorted(backends, key=by_id))
        last = id
        address = fields["addr_cluster"]
        # Nothing of an address needs an escape but its zone, which may be any text.
        ip = _quoted(address._text)[1:-1] if address._zone else address._text
        preferred = ',"preferred":true' if fields["preferred"] else ""
        texts.append(
            f'{{"ip":"{ip}"{_NODE_NAMES[fields["node_name"]]}{_PORTS[fields["port"]]}{preferred}'
            f"{_STATES[fields['state']]}{_WEIGHTS[fields['weight']]}}}"
        )
    return ",".join(texts)


def _flags(fields: Mapping[str, Any]) -> str:
    ext_policy = fields["ext_traffic_policy"]
    names = fields["name"].__dict__
    name = f',"name":{_quoted(text)}' if (text := names["name"]) else ""
    namespace = f',"namespace":{_quoted(text)}' if (text := names["namespace"]) else ""
    check = f',"healthCheckNodePort":{+port}' if (port := fields["health_check_node_port"]) else ""
    members = (
        f"{_EXT_POLICIES[ext_policy]}{check}{_INT_POLICIES[fields['int_traffic_policy']]}"
        f"{name}{namespace}{_NAT_POLICIES[fields['nat_policy']]}{_POLICIES[ext_policy]}{_TYPES[fields['type']]}"
    )
    return members[1:]


# A member behind others, or nothing: what is empty is absent (Go: `omitempty`).


def _text(key: str, text: str) -> str:
    return f',"{key}":{_quoted(text)}' if text else ""


def _words(key: str, words: Mapping[_Value, str | None]) -> dict[_Value, str]:
    return {value: _text(key, word or "") for value, word in words.items()}


def _names(key: str, family: type[_Family]) -> dict[_Family, str]:
    return _words(key, {each: wire_word(each) for each in family})


# Backends have few of them, and to look a text up takes half the time of making it: a fifth of
# the time of a dump.
_NODE_NAMES = Recalled[str, str](partial(_text, "nodeName"))
_PORTS = Recalled[int, str](lambda port: f',"port":{+port}' if port else "", UINT16_MAX + 1)
# A weight of 0 is not left out: it says something, that the backend is in maintenance.
_WEIGHTS = Recalled[int, str](lambda weight: f',"weight":{+weight}', UINT16_MAX + 1)
_STATES = tuple(_text("state", word or "") for word in WIRE_STATE_WORDS)
_PROTOCOLS = _words("protocol", {each: PROTOCOL_WORDS.get(each) for each in L4Type})
_SCOPES = tuple(_text("scope", word) for word in SCOPE_WORDS)

_EXT_POLICIES = _names("extTrafficPolicy", SVCTrafficPolicy)
_INT_POLICIES = _names("intTrafficPolicy", SVCTrafficPolicy)
_NAT_POLICIES = _names("natPolicy", SVCNatPolicy)
_POLICIES = _names("trafficPolicy", SVCTrafficPolicy)
_TYPES = _names("type", SVCType)
