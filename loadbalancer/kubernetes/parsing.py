"""Values of Kubernetes objects, parsed; what cannot be parsed is dropped, as agents do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network

from ..domain.addr_cluster import AddrCluster
from ..domain.cidr import parse_cidr
from ..domain.l4 import L4Type, new_l4_type
from ..domain.service_type import SVCTrafficPolicy
from ..errors import AddressError, L4ProtocolError
from .objects import Service, ServicePort

__all__ = [
    "affinity_seconds",
    "annotation",
    "parse_address",
    "parse_addresses",
    "parse_ip",
    "parse_protocol",
    "service_protocol",
    "source_ranges",
    "traffic_policy",
]

# The default of Kubernetes, in seconds.
_AFFINITY_TIMEOUT = 10_800


def parse_address(text: str) -> AddrCluster | None:
    """Return an address (Go: `ParseAddrCluster`); None if the text is not one."""
    try:
        return AddrCluster.parse(text)
    except AddressError:
        return None


def parse_ip(text: str) -> AddrCluster | None:
    """Return an address as Go's `net.ParseIP` reads it: without zone, 4-in-6 as IPv4."""
    addr = parse_address(text)
    if addr is None or addr.zone or addr.cluster_id or "@" in text:
        return None
    mapped = getattr(addr.addr, "ipv4_mapped", None)
    return AddrCluster(str(mapped)) if mapped else addr


def parse_addresses(texts: Iterable[str]) -> list[AddrCluster]:
    """Return the distinct addresses of texts."""
    return [*dict.fromkeys(addr for text in texts if (addr := parse_address(text)) is not None)]


def parse_protocol(text: str | None) -> L4Type | None:
    """Return a protocol, TCP if absent; None if it is unknown."""
    try:
        return new_l4_type("TCP" if text is None else text)
    except L4ProtocolError:
        return None


def service_protocol(port: ServicePort) -> L4Type:
    """Return the protocol of a service port as it is spelled, TCP if it is absent or unknown."""
    return L4Type(port.protocol) if port.protocol in set(L4Type) else L4Type.TCP


def traffic_policy(text: str) -> SVCTrafficPolicy:
    """Return Local if the text is that word, else Cluster."""
    return SVCTrafficPolicy.Local if text == "Local" else SVCTrafficPolicy.Cluster


def annotation(service: Service, names: Iterable[str]) -> str:
    """Return the value of the first of the annotations that is there; empty if none is."""
    annotations = service.metadata.annotations
    return next((annotations[name] for name in names if name in annotations), "")


def affinity_seconds(service: Service) -> int:
    """Return the timeout of session affinity in seconds; 0 without affinity."""
    spec = service.spec
    if spec.session_affinity != "ClientIP":
        return 0
    config = spec.session_affinity_config
    client_ip = config.client_ip if config else None
    return (client_ip.timeout_seconds if client_ip else None) or _AFFINITY_TIMEOUT


def source_ranges(texts: Iterable[str]) -> Iterator[IPv4Network | IPv6Network]:
    """Yield the distinct networks of texts, host bits masked."""
    seen: set[IPv4Network | IPv6Network] = set()
    for text in texts:
        try:
            cidr = parse_cidr(text)
        except AddressError:
            continue
        if cidr not in seen:
            seen.add(cidr)
            yield cidr
