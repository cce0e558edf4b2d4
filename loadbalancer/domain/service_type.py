"""The type and the policies of a service.

The members are spelled like their values, which is how the Go constants end.
"""

from __future__ import annotations

from .strict_enums import StrictStrEnum

__all__ = ["SVCNatPolicy", "SVCTrafficPolicy", "SVCType", "nat_policy_of"]


class SVCType(StrictStrEnum):
    """How a service is reached (Go: `SVCType`)."""

    NONE = "NONE"
    """Not said."""
    HostPort = "HostPort"
    """At a port of the node that a pod runs on, as the pod asks for it."""
    ClusterIP = "ClusterIP"
    """At an address inside the cluster."""
    NodePort = "NodePort"
    """At a port of every node."""
    ExternalIPs = "ExternalIPs"
    """At addresses of its own choice, which are routed to the nodes from outside."""
    LoadBalancer = "LoadBalancer"
    """At an address of a load balancer in front of the cluster."""
    LocalRedirect = "LocalRedirect"
    """At an address whose traffic a policy redirects to pods of the same node."""


class SVCTrafficPolicy(StrictStrEnum):
    """Which backends a service may use, by the node they are on (Go: `SVCTrafficPolicy`)."""

    NONE = "NONE"
    """Not said."""
    Cluster = "Cluster"
    """Backends on every node."""
    Local = "Local"
    """Backends on the node that the traffic arrives at."""


class SVCNatPolicy(StrictStrEnum):
    """Whether a service translates between IPv4 and IPv6 (Go: `SVCNatPolicy`)."""

    NONE = "NONE"
    """No translation: frontend and backends are of one family."""
    Nat46 = "Nat46"
    """An IPv4 frontend with IPv6 backends."""
    Nat64 = "Nat64"
    """An IPv6 frontend with IPv4 backends."""


def nat_policy_of(frontend_is_ipv6: bool) -> SVCNatPolicy:
    """Which way a frontend is translated whose backends are of the other family."""
    return SVCNatPolicy.Nat64 if frontend_is_ipv6 else SVCNatPolicy.Nat46
