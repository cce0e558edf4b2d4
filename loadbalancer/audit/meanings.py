"""What each kind of finding means, what to look at, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, get_args

from .findings import Finding, FindingKind, Severity, in_order

__all__ = ["MEANINGS", "Meaning", "by_severity"]


class Meaning(NamedTuple):
    """What a kind of finding means for traffic, and what to do."""

    severity: Severity
    """How severe it is."""
    text: str
    """What it means for traffic, in sentences."""
    next: str
    """What to look at next."""
    remedy: str
    """What to do about it, and what that risks."""
    issue: str = ""
    """A public issue of cilium/cilium that shows it, such as `#48455`."""


_LOGS = "the agent's log for the service's name"
_MAP_LOGS = "the agent's log for errors of BPF maps"
_RESTART = (
    "Restart the agent of this node: it writes its tables and the maps again. Established "
    "connections stay; new ones may fail for some seconds."
)
_SAVE_FIRST = "Collect a sysdump first, a restart removes the evidence."

MEANINGS: dict[FindingKind, Meaning] = {
    "missing-service": Meaning(
        "error",
        "Kubernetes has the service, but the agent does not list it: connections to it fail.",
        "whether other nodes list it (a HostPort is on the node of its pod alone). If none does: "
        "the service's type, annotations and EndpointSlices",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "missing-backend": Meaning(
        "error",
        "The agent does not list a backend of the service: it gets no traffic.",
        f"`kubectl get endpointslices`, and {_LOGS}; without backends, connections fail",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "stale-backend": Meaning(
        "error",
        "The agent lists a backend that the service does not have: connections to it fail, or "
        "end at whatever has its address now.",
        "which pod has the address now, and whether other nodes list the backend, too",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "wrong-type": Meaning(
        "error",
        "The agent lists the service as another type, for which other rules hold.",
        "whether another service or a redirect policy claims the same address and port",
        "Remove the second claim. The service that keeps the address is interrupted for a moment.",
    ),
    "extra-service": Meaning(
        "error",
        "The agent lists a service that Kubernetes does not have: its address is taken.",
        "whether the service, or the pod with the host port, was deleted while the agent was "
        "down; `cilium-dbg service list` after its restart",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "address-conflict": Meaning(
        "error",
        "Several services claim one address, port and protocol. Only one gets it, and which one "
        "is chance when an agent starts; from 1.18 on the other one loses all its frontends.",
        "the external IPs, load-balancer IPs and host ports of the services",
        "Give one of them another address or port. Its clients have to follow.",
        "#44730",
    ),
    "host-port-of-dead-pod": Meaning(
        "error",
        "A host port still belongs to a pod that is gone: connections to it fail, and a new pod "
        "cannot have it.",
        "whether the pod was deleted while the agent was down",
        f"{_RESTART} {_SAVE_FIRST}",
        "#48455",
    ),
    "wildcard-on-node-address": Meaning(
        "error",
        "The kernel drops traffic to all ports of an address that a node owns, but for those of "
        "services: SSH and the kubelet are cut off.",
        "which service has the node's address as load-balancer IP or cluster IP",
        "Remove the address from the service, or upgrade to 1.20, which leaves out node "
        "addresses. Do it from another node or the console: the address may be how you came in.",
        "#43206",
    ),
    "agent-error": Meaning(
        "error",
        "The agent could not write the frontend into the kernel, and retries: the kernel has "
        "what was there before.",
        f"the error in the message, and {_MAP_LOGS}",
        "Mend the cause, such as a full map (`bpf-lb-map-max`); changing its size restarts "
        "agents and replaces the maps, which interrupts connections.",
    ),
    "bpf-missing-frontend": Meaning(
        "error",
        "The agent lists the service, but the kernel does not have it: connections to it fail.",
        f"`cilium-dbg bpf lb list` again, then {_MAP_LOGS}: a full map (`bpf-lb-map-max`) is the "
        "usual reason",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "bpf-extra-frontend": Meaning(
        "error",
        "The kernel has a frontend that the agent does not list: traffic to its address is "
        "still redirected.",
        "whether the service was deleted while the agent was down",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "bpf-missing-backend": Meaning(
        "error",
        "The kernel does not have a backend that the agent lists: it gets no traffic.",
        _MAP_LOGS,
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "bpf-stale-backend": Meaning(
        "error",
        "The kernel sends traffic to a backend that the agent does not list.",
        f"which pod has the address now, and {_MAP_LOGS}",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "bpf-backend-not-found": Meaning(
        "error",
        "A slot of the frontend names a backend that the backend map does not have: packets "
        "that pick the slot are dropped.",
        "`cilium-dbg monitor --type drop` for `Service backend not found`",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "bpf-wrong-id": Meaning(
        "error",
        "The kernel has the frontend under another id: replies may be translated as those of "
        "another service.",
        "`cilium-dbg bpf lb list --revnat` for both ids",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "bpf-wrong-type": Meaning(
        "error",
        "The kernel has the frontend as another type, for which other rules hold.",
        "the agent's log for the address: an update did not reach the kernel",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "wrong-policy": Meaning(
        "warning",
        "The traffic policy is another one: traffic goes to backends it should not go to, or "
        "loses its source address.",
        "both policies of the service: the internal one decides for ClusterIP, the external one "
        "for the other types",
        f"{_RESTART} {_SAVE_FIRST}",
    ),
    "wrong-state": Meaning(
        "warning",
        "A backend is in another state: it gets traffic that it should not get, or none.",
        "the agent's health checks and who set the state, if it is quarantined; the "
        "conditions in its EndpointSlice, if it is terminating",
        "If the state was set by hand, set it back with `cilium service update --states` (up to "
        "1.17). Else wait for the next health check before you restart the agent.",
    ),
    "wrong-weight": Meaning(
        "warning",
        "A backend has another weight, and with it another share of the traffic.",
        "who set the weight: `cilium service update`, or an annotation of the EndpointSlice",
        "Set the weight again where it comes from. The shares of all backends change.",
    ),
    "wrong-name": Meaning(
        "warning",
        "The agent knows the address and port as another service.",
        "whether two services claim the same external IP, load-balancer IP or node port",
        "Remove the second claim. The service that keeps the address is interrupted for a moment.",
    ),
    "redirect-without-backend": Meaning(
        "warning",
        "A local redirect policy applies, but has no pod on the node: traffic goes to the "
        "service's other backends, or is dropped if pods match and none has the port.",
        "the pods that the policy selects, their ports and readiness, and "
        "`enable-local-redirect-policy`",
        "Run the pods on every node (a DaemonSet), or remove the policy.",
    ),
    "agent-pending": Meaning(
        "warning",
        "The agent has not written the frontend into the kernel for more than a minute.",
        f"whether the agent is busy or stuck: {_MAP_LOGS}",
        f"Wait for a minute and audit again; then: {_RESTART}",
    ),
    "bpf-leftover": Meaning(
        "warning",
        "A map of the kernel has entries of a service that does not exist any more.",
        f"how full the map is, and {_MAP_LOGS}",
        f"None is needed while the map has room. {_RESTART}",
        "#48919",
    ),
    "map-nearly-full": Meaning(
        "warning",
        "A map of the load balancer is nearly full: services that come next may not be set up.",
        "`bpf-lb-map-max`, and how many services and backends there are",
        "Raise `bpf-lb-map-max`. Agents restart and replace the maps, which interrupts "
        "connections.",
    ),
}
"""Every kind, the most severe first."""

if missing := {*get_args(FindingKind)} ^ MEANINGS.keys():
    raise AssertionError(f"kinds of findings without a meaning, or the reverse: {missing}")

_RANKS = {kind: rank for rank, kind in enumerate(MEANINGS)}


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Return the most severe kinds first, errors before warnings, each kind by frontend."""
    return sorted(in_order(findings), key=lambda each: _RANKS[each.kind])
