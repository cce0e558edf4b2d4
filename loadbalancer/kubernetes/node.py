"""The node from whose point of view services are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..domain.addr_cluster import AddrCluster
from .reading import KubernetesError, Objects, read_objects

__all__ = ["Node", "node_from_objects"]

_ZONE_LABEL = "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True)
class Node:
    """An agent's point of view: its node, and the options that decide the rules.

    Raises:
        AddressError: one of the addresses is not an IP address.
    """

    name: str = ""
    """The node's name, as Pods and EndpointSlices have it."""
    zone: str = ""
    """The zone, empty if unknown: topology hints are then not followed."""
    addresses: tuple[str, ...] = ()
    """Where node ports and host ports are served, `0.0.0.0` and `::` included if so."""
    ipv4: bool = True
    """Whether the agent serves IPv4."""
    ipv6: bool = True
    """Whether the agent serves IPv6."""
    node_port: bool = True
    """Whether the agent replaces kube-proxy: node ports, external and load-balancer IPs."""
    host_port: bool = True
    """Whether the agent serves host ports."""
    terminating_endpoints: bool = True
    """Whether terminating endpoints are kept as terminating backends."""
    topology: bool = False
    """Whether topology hints are followed (`--enable-service-topology`)."""
    local_redirect: bool = False
    """Whether local redirect policies are followed (`--enable-local-redirect-policy`)."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """The labels of the Node object; the zone is seen as its label, too."""

    def __post_init__(self) -> None:
        if self.zone and _ZONE_LABEL not in self.labels:
            object.__setattr__(self, "labels", {**self.labels, _ZONE_LABEL: self.zone})
        for each in self.addresses:
            AddrCluster.parse(each)

    def has_family(self, *, is6: bool) -> bool:
        """Whether the agent serves IPv6, or IPv4."""
        return self.ipv6 if is6 else self.ipv4

    def node_port_addresses(self) -> list[AddrCluster]:
        """Return the addresses of the node itself, without the unspecified ones."""
        return [each for each in self.served_addresses() if not each.is_unspecified]

    def served_addresses(self) -> list[AddrCluster]:
        """The addresses of the families that the agent serves."""
        parsed = [AddrCluster.parse(each) for each in self.addresses]
        return [each for each in parsed if self.has_family(is6=each.is6)]


def node_from_objects(objects: Iterable[dict[str, Any]] | Objects, name: str) -> Node:
    """The Node of the Kubernetes Node of that name: its addresses and its zone.

    Node ports are served at the unspecified addresses, too, of each family it has.

    Raises:
        KubernetesError: there is no such Node, or it is not valid.
    """
    read = objects if isinstance(objects, Objects) else read_objects(objects, ("Node",))
    nodes = read.nodes
    found = nodes.get(("", name))
    if found is None:
        known = ", ".join(sorted(each for _, each in nodes)) or "none"
        raise KubernetesError("Node", name, "", f"not among the objects; there are: {known}")
    addresses = [
        AddrCluster.parse(each.address)
        for each in found.status.addresses
        if each.type in ("InternalIP", "ExternalIP")
    ]
    labels = found.metadata.labels
    zone = labels.get(_ZONE_LABEL) or labels.get("failure-domain.beta.kubernetes.io/zone", "")
    return Node(
        name=name,
        zone=zone,
        labels=labels,
        addresses=tuple(
            each
            for unspecified, family in (("0.0.0.0", False), ("::", True))
            if (own := [str(addr) for addr in addresses if addr.is6 is family])
            for each in dict.fromkeys([unspecified, *own])
        ),
    )
