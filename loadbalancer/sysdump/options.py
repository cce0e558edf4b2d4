"""Options of the agent, out of its ConfigMap, that decide which services it sets up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

__all__ = ["NodeOptions", "read_options"]


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """The switches of `loadbalancer.kubernetes.Node`, under the same names."""

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
    """Whether topology hints are followed."""

    def as_dict(self) -> dict[str, bool]:
        """To be handed on: `Node(name, **options.as_dict())`."""
        return asdict(self)


def read_options(config: Mapping[str, str]) -> NodeOptions:
    """What the `data` of the ConfigMap `cilium-config` says; what it leaves out is the default.

    The replacement of kube-proxy was `strict`, `probe`, `partial` or `disabled` up to 1.13 and is
    `true` or `false` from 1.14 on. Under `partial` and `false` node ports and host ports have
    switches of their own, and host ports need node ports.
    """

    def switch(key: str, default: bool) -> bool:
        text = config.get(key, "").strip().lower()
        return text in ("true", "1", "t") if text else default

    replacement = config.get("kube-proxy-replacement", "").strip().lower()
    if replacement in ("true", "strict", "probe"):
        node_port = host_port = True
    elif replacement == "disabled":
        node_port = host_port = False
    else:
        node_port = switch("enable-node-port", False)
        host_port = node_port and switch("enable-host-port", False)
    return NodeOptions(
        ipv4=switch("enable-ipv4", True),
        ipv6=switch("enable-ipv6", True),
        node_port=node_port,
        host_port=host_port,
        terminating_endpoints=switch("enable-k8s-terminating-endpoint", True),
        topology=switch("enable-service-topology", False),
    )
