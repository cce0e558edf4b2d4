"""What a domain object is on the wire: its JSON, compact, keys in the order of the wire.

Output is made of these texts and wire models are read from them, so that nothing else says
what is on the wire. They are put together of ready members, past properties: dictionaries,
and the JSON of those, would take half as long again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from json import JSONEncoder
from operator import attrgetter
from typing import Any, TypeVar

from .addr_cluster import AddrCluster
from .backend import Backend
from .l3n4 import L3n4Addr
from .l4 import L4Type
from .service import SVC
from .service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType
from .wire_words import PROTOCOL_WORDS, SCOPE_WORDS, WIRE_STATE_WORDS

__all__ = ["backend_json", "frontend_json", "spec_json"]

_Value = TypeVar("_Value")
_Family = TypeVar("_Family", bound=StrEnum)

_by_id = attrgetter("id")
_quoted = JSONEncoder(ensure_ascii=False).encode


def frontend_json(addr: L3n4Addr, *, include_protocol: bool = True) -> str:
    """The FrontendAddress of an address."""
    fields = addr.__dict__
    address = fields["addr_cluster"]
    ip = _escaped(address) if address._zone else address._text
    protocol = _PROTOCOLS[fields["protocol"]] if include_protocol else ""
    return f'{{"ip":"{ip}"{_PORTS[fields["port"]]}{protocol}{_SCOPES[fields["scope"]]}}}'


def backend_json(backend: Backend) -> str:
    """The BackendAddress of a backend."""
    fields = backend.__dict__
    address = fields["addr_cluster"]
    ip = _escaped(address) if address._zone else address._text
    return (
        f'{{"ip":"{ip}"{_NODE_NAMES[fields["node_name"]]}{_PORTS[fields["port"]]}'
        f"{_PREFERRED[fields['preferred']]}{_STATES[fields['state']]}"
        f"{_WEIGHTS[fields['weight']]}}}"
    )


def spec_json(svc: SVC, *, include_protocol: bool = True) -> str:
    """The ServiceSpec of a service, its backends ordered by id."""
    fields = svc.__dict__
    frontend = fields["frontend"]
    backends = ",".join([backend_json(each) for each in sorted(fields["backends"], key=_by_id)])
    id = _number("id", frontend.__dict__["id"])
    return (
        f'{{"backend-addresses":[{backends}],"flags":{{{_flags(fields)}}},'
        f'"frontend-address":{frontend_json(frontend, include_protocol=include_protocol)}{id}}}'
    )


def _flags(fields: Mapping[str, Any]) -> str:
    ext_policy = fields["ext_traffic_policy"]
    name = fields["name"].__dict__
    members = (
        f"{_EXT_POLICIES[ext_policy]}{_HEALTH_CHECK_PORTS[fields['health_check_node_port']]}"
        f"{_INT_POLICIES[fields['int_traffic_policy']]}{_text('name', name['name'])}"
        f"{_NAMESPACES[name['namespace']]}{_NAT_POLICIES[fields['nat_policy']]}"
        f"{_POLICIES[ext_policy]}{_TYPES[fields['type']]}"
    )
    return members[1:]


def _escaped(address: AddrCluster) -> str:
    # Nothing of an address needs an escape but its zone, which may be any text.
    return _quoted(str(address))[1:-1]


# A member behind others, or nothing: what is empty is absent (Go: `omitempty`).


def _text(key: str, text: str) -> str:
    return f',"{key}":{_quoted(text)}' if text else ""


def _number(key: str, number: int) -> str:
    return f',"{key}":{number:d}' if number else ""


def _words(key: str, words: Mapping[_Value, str | None]) -> dict[_Value, str]:
    return {value: _text(key, word or "") for value, word in words.items()}


def _names(key: str, family: type[_Family]) -> dict[_Family, str]:
    # NONE is a type and a policy of the domain alone: the wire has no word for it.
    return _words(key, {each: "" if each.value == "NONE" else each.value for each in family})


class _Members(dict[_Value, str]):
    """The members of values, made when they are first asked for.

    Room for every port and weight and for the node names of any cluster, but not for long
    texts: a server is not to grow by what it is sent.
    """

    LIMIT = 2**16
    LONGEST = 100

    def __init__(self, member: Callable[[_Value], str]) -> None:
        super().__init__()
        self._member = member

    def __missing__(self, value: _Value) -> str:
        member = self._member(value)
        if len(member) <= self.LONGEST:
            if len(self) >= self.LIMIT:
                self.clear()
            self[value] = member
        return member


_NODE_NAMES = _Members(partial(_text, "nodeName"))
_PORTS = _Members(partial(_number, "port"))
_PREFERRED = {False: "", True: ',"preferred":true'}
_STATES = tuple(_text("state", word or "") for word in WIRE_STATE_WORDS)
# There, 0 says something: a backend in maintenance.
_WEIGHTS = _Members[int](lambda weight: f',"weight":{weight:d}')

_PROTOCOLS = _words("protocol", {each: PROTOCOL_WORDS.get(each) for each in L4Type})
_SCOPES = tuple(_text("scope", word) for word in SCOPE_WORDS)

_EXT_POLICIES = _names("extTrafficPolicy", SVCTrafficPolicy)
_HEALTH_CHECK_PORTS = _Members(partial(_number, "healthCheckNodePort"))
_INT_POLICIES = _names("intTrafficPolicy", SVCTrafficPolicy)
_NAMESPACES = _Members(partial(_text, "namespace"))
_NAT_POLICIES = _names("natPolicy", SVCNatPolicy)
_POLICIES = _names("trafficPolicy", SVCTrafficPolicy)
_TYPES = _names("type", SVCType)
