"""Options of the agent that decide which services it sets up, as ConfigMaps and agents say them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from .labels import matches, requirements_of
from .node import Node
from .reading import Objects

__all__ = ["node_configs", "parse_config_output", "with_options"]

_SETTING = re.compile(r"\s*(?P<name>[A-Za-z][\w.-]*)\s*[:=]\s*(?P<value>\S.*?|)\s*")
_TRUE = ("true", "1", "t", "yes")


def with_options(node: Node, config: Mapping[str, str]) -> Node:
    """Return a node with the options that a configuration sets; what it omits stays.

    The names are those of the ConfigMap `cilium-config` (`enable-ipv4`) or of the agent's own
    fields (`EnableIPv4`), of any release. The replacement of kube-proxy was `strict`, `probe`,
    `partial` or `disabled` up to 1.13 and is `true` or `false` from 1.14 on. Under `partial` and
    `false` node ports and host ports have switches of their own, and host ports need node
    ports.
    """
    settings = {_plain(name): value.strip().lower() for name, value in config.items()}

    def switch(name: str, default: bool) -> bool:
        text = settings.get(name, "")
        return text in _TRUE if text else default

    replacement = settings.get("kubeproxyreplacement", "")
    if replacement in ("true", "strict", "probe"):
        node_port = host_port = True
    elif replacement == "disabled":
        node_port = host_port = False
    elif not replacement and "enablenodeport" not in settings and not config:
        node_port, host_port = node.node_port, node.host_port
    else:
        node_port = switch("enablenodeport", False)
        host_port = node_port and switch("enablehostport", False)
    return replace(
        node,
        ipv4=switch("enableipv4", node.ipv4),
        ipv6=switch("enableipv6", node.ipv6),
        node_port=node_port,
        host_port=host_port,
        terminating_endpoints=switch("enablek8sterminatingendpoint", node.terminating_endpoints),
        topology=switch("enableservicetopology", node.topology),
        local_redirect=switch("enablelocalredirectpolicy", node.local_redirect),
    )


def node_configs(objects: Objects, node: Node) -> dict[str, str]:
    """Return the options that CiliumNodeConfigs set for a node; the later by name counts."""
    found: dict[str, str] = {}
    for _, each in sorted(objects.node_configs.items(), key=lambda item: item[0]):
        if matches(requirements_of(each.spec.node_selector), node.labels):
            found |= each.spec.defaults
    return found


def parse_config_output(text: str) -> dict[str, str]:
    """Return the settings that `cilium config -a` prints, one in each line."""
    found = (_SETTING.fullmatch(line) for line in text.splitlines())
    return {match["name"]: match["value"] for match in found if match}


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()
