"""The type and the policies of a service.

The members are spelled like their values, which is how the Go constants end.
"""

from __future__ import annotations

from .strict_enums import StrictStrEnum

__all__ = ["SVCNatPolicy", "SVCTrafficPolicy", "SVCType", "nat_policy_of"]


class SVCType(StrictStrEnum):
    """How a service is reached (Go: `SVCType`)."""

    NONE = "NONE"
    HostPort = "HostPort"
    ClusterIP = "ClusterIP"
    NodePort = "NodePort"
    ExternalIPs = "ExternalIPs"
    LoadBalancer = "LoadBalancer"
    LocalRedirect = "LocalRedirect"


class SVCTrafficPolicy(StrictStrEnum):
    """Which backends a service may use, by the node they are on (Go: `SVCTrafficPolicy`)."""

    NONE = "NONE"
    Cluster = "Cluster"
    Local = "Local"


class SVCNatPolicy(StrictStrEnum):
    """Whether a service translates between IPv4 and IPv6 (Go: `SVCNatPolicy`)."""

    NONE = "NONE"
    Nat46 = "Nat46"
    Nat64 = "Nat64"


def nat_policy_of(frontend_is_ipv6: bool) -> SVCNatPolicy:
    """Which way a frontend is translated whose backends are of the other family."""
    return SVCNatPolicy.Nat64 if frontend_is_ipv6 else SVCNatPolicy.Nat46
