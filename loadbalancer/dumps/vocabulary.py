"""The keys and words of each release: from which release on agents print them.

Everything that differs between releases in JSON and YAML is told by these tables; numbers are
the minor number of the release, 13 for 1.13.
"""

from __future__ import annotations

from ..domain.backend import Backend, state_word
from ..domain.backend_state import BackendState
from ..domain.l3n4 import Scope
from ..domain.l4 import L4Type
from ..domain.service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType
from ..releases import Release
from ..wire.words import SCOPE_WORDS, WIRE_STATE_WORDS

__all__ = [
    "BACKEND_KEYS",
    "BACKEND_PROTOCOL_SINCE",
    "FLAG_KEYS",
    "FRONTEND_KEYS",
    "LATER_STATES",
    "LATER_STATES_SINCE",
    "NAT_POLICIES",
    "NO_PROTOCOL",
    "ONLY_SELECTED_SINCE",
    "POLICIES",
    "PROTOCOLS",
    "PROTOCOL_SINCE",
    "SCOPES",
    "SPEC_KEYS",
    "STATES",
    "TYPES",
    "TYPES_SINCE",
    "UNKNOWN_TYPE_UNTIL",
    "YAML_SINCE",
    "no_protocol_word",
    "written_state",
]

PROTOCOL_SINCE = BACKEND_PROTOCOL_SINCE = 17
LATER_STATES_SINCE = (18, 5)
"""The patch release with the state terminating-not-serving."""
ONLY_SELECTED_SINCE = 18
"""From then on lists may be null, ids absent, and every listed backend is preferred."""
YAML_SINCE = 12
UNKNOWN_TYPE_UNTIL = 6
"""Up to then a service has no type but `node-port`."""

# From which release on a key is there. What no agent from 1.6 on prints is unknown.
FRONTEND_KEYS = {"ip": 6, "port": 6, "scope": 8, "protocol": 6}
BACKEND_KEYS = {
    "ip": 6,
    "port": 6,
    "nodeName": 7,
    "state": 12,
    "preferred": 12,
    "weight": 13,
    "zone": 16,
    "protocol": BACKEND_PROTOCOL_SINCE,
}
FLAG_KEYS = {
    "node-port": 6,
    "type": 7,
    "trafficPolicy": 7,
    "healthCheckNodePort": 7,
    "name": 7,
    "namespace": 7,
    "natPolicy": 12,
    "extTrafficPolicy": 13,
    "intTrafficPolicy": 13,
    "cluster": 14,
}
SPEC_KEYS = {"backend-addresses", "flags", "frontend-address", "id", "updateServices"}

NO_PROTOCOL = ("ANY", "NONE", "any")
_UPPER_CASE = {each.value: each for each in L4Type}
PROTOCOLS = {
    **_UPPER_CASE,
    **{word.lower(): each for word, each in _UPPER_CASE.items()},
    **dict.fromkeys(NO_PROTOCOL, L4Type.NONE),
}
SCOPES = dict(zip(SCOPE_WORDS, Scope, strict=True))
LATER_STATES = {"terminating-not-serving": BackendState.TERMINATING}
STATES = {
    **{word: BackendState(each) for each, word in enumerate(WIRE_STATE_WORDS) if word},
    **LATER_STATES,
}
TYPES_SINCE = {
    SVCType.ClusterIP: 7,
    SVCType.NodePort: 7,
    SVCType.ExternalIPs: 7,
    SVCType.HostPort: 8,
    SVCType.LoadBalancer: 8,
    SVCType.LocalRedirect: 9,
}
TYPES = {each.value: each for each in TYPES_SINCE}
POLICIES = {each.value: each for each in (SVCTrafficPolicy.Cluster, SVCTrafficPolicy.Local)}
NAT_POLICIES = {
    "None": SVCNatPolicy.NONE,
    **{each.value: each for each in (SVCNatPolicy.Nat46, SVCNatPolicy.Nat64)},
}


def no_protocol_word(release: Release) -> str:
    """Return what a release that writes protocols writes for none."""
    return "ANY" if release.since(19) else "NONE"


def written_state(backend: Backend, release: Release) -> str:
    """Return the word that a release writes for the state of a backend."""
    return state_word(backend) if release.since(*LATER_STATES_SINCE) else str(backend.state)
