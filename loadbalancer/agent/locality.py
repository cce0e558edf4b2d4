"""Which backends an agent keeps for traffic that has to stay on its node."""

from __future__ import annotations

from ..domain.backend import Backend
from ..domain.service import SVC
from ..domain.service_type import SVCTrafficPolicy, SVCType

__all__ = ["backends_on_node", "stays_on_node"]

_LOCAL = SVCTrafficPolicy.Local
_REDIRECT = SVCType.LocalRedirect


def backends_on_node(svc: SVC, node_name: str) -> list[Backend]:
    """The backends, without those of other nodes if the traffic has to stay on this one.

    A backend without a node name is kept.
    """
    if not stays_on_node(svc):
        return svc.backends
    return [backend for backend in svc.backends if backend.node_name in ("", node_name)]


def stays_on_node(wanted: SVC) -> bool:
    """Return whether the frontend's traffic stays on the node.

    ClusterIP has no external policy: there the internal one counts in either scope.
    """
    ext_local = wanted.ext_traffic_policy is _LOCAL
    int_local = wanted.int_traffic_policy is _LOCAL
    if not ext_local and not int_local:
        return wanted.type is _REDIRECT
    match wanted.type:
        case SVCType.LocalRedirect:
            return True
        case SVCType.ClusterIP:
            return int_local
        case SVCType.NodePort | SVCType.LoadBalancer | SVCType.ExternalIPs:
            return int_local if wanted.frontend.scope else ext_local
        case _:
            return False
