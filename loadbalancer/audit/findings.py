"""A finding, and what each kind of it means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = ["MEANINGS", "Finding", "FindingKind", "Meaning", "Severity", "by_severity", "in_order"]

Severity = Literal["error", "warning"]
"""An error sends traffic to the wrong place or nowhere; everything else is a warning."""

FindingKind = Literal[
    "missing-service",
    "extra-service",
    "missing-backend",
    "stale-backend",
    "wrong-state",
    "wrong-weight",
    "wrong-type",
    "wrong-policy",
    "wrong-name",
    "bpf-missing-frontend",
    "bpf-extra-frontend",
    "bpf-missing-backend",
    "bpf-stale-backend",
    "bpf-backend-not-found",
    "bpf-wrong-id",
    "bpf-wrong-type",
]
"""Which kind of difference; those that begin with `bpf-` are between agent and kernel."""


class Meaning(NamedTuple):
    """What a kind of finding means for traffic, and what to look at next."""

    severity: Severity
    """How grave it is."""
    text: str
    """What it means for traffic, in sentences."""
    next: str
    """What to look at next."""


_AGENT_LOGS = "the agent's log for the service's name"
_OTHER_NODES = (
    "whether other nodes list it (a HostPort is on the node of its pod alone); if they do, "
    "restart the agent of this one"
)

MEANINGS: dict[FindingKind, Meaning] = {
    "missing-service": Meaning(
        "error",
        "Kubernetes has the service, but the agent does not list it: connections to it fail.",
        f"{_OTHER_NODES}. If none does: the service's type, annotations and EndpointSlices",
    ),
    "missing-backend": Meaning(
        "error",
        "The agent does not list a backend of the service: it gets no traffic.",
        f"`kubectl get endpointslices`, and {_AGENT_LOGS}; without backends, connections fail",
    ),
    "stale-backend": Meaning(
        "error",
        "The agent lists a backend that the service does not have: connections to it fail, or "
        "end at whatever has its address now.",
        "which pod has the address now, and whether other nodes list the backend, too",
    ),
    "wrong-type": Meaning(
        "error",
        "The agent lists the service as another type, for which other rules hold.",
        "whether another service or a redirect policy claims the same address and port",
    ),
    "extra-service": Meaning(
        "error",
        "The agent lists a service that Kubernetes does not have: its address is taken.",
        "whether the service, or the pod with the host port, was deleted while the agent was "
        "down; `cilium-dbg service list` after its restart",
    ),
    "bpf-missing-frontend": Meaning(
        "error",
        "The agent lists the service, but the kernel does not have it: connections to it fail.",
        "`cilium-dbg bpf lb list` again, then the agent's log for errors of BPF maps: a full "
        "map (`bpf-lb-map-max`) is the usual reason",
    ),
    "bpf-extra-frontend": Meaning(
        "error",
        "The kernel has a frontend that the agent does not list: traffic to its address is "
        "still redirected.",
        "whether the service was deleted while the agent was down; a restart cleans up",
    ),
    "bpf-missing-backend": Meaning(
        "error",
        "The kernel does not have a backend that the agent lists: it gets no traffic.",
        "the agent's log for errors of BPF maps",
    ),
    "bpf-stale-backend": Meaning(
        "error",
        "The kernel sends traffic to a backend that the agent does not list.",
        "which pod has the address now, and the agent's log for errors of BPF maps",
    ),
    "bpf-backend-not-found": Meaning(
        "error",
        "A slot of the frontend names a backend that the backend map does not have: packets "
        "that pick the slot are dropped.",
        "`cilium-dbg monitor --type drop` for `Service backend not found`; a restart of the "
        "agent writes the maps anew",
    ),
    "bpf-wrong-id": Meaning(
        "error",
        "The kernel has the frontend under another id: replies may be translated as those of "
        "another service.",
        "`cilium-dbg bpf lb list --revnat` for both ids",
    ),
    "bpf-wrong-type": Meaning(
        "error",
        "The kernel has the frontend as another type, for which other rules hold.",
        "the agent's log for the address: an update did not reach the kernel",
    ),
    "wrong-policy": Meaning(
        "warning",
        "The traffic policy is another one: traffic goes to backends it should not go to, or "
        "loses its source address.",
        "both policies of the service: the internal one decides for ClusterIP, the external one "
        "for the other types",
    ),
    "wrong-state": Meaning(
        "warning",
        "A backend is in another state: it gets traffic that it should not get, or none.",
        "the health checks of the agent and who set the state, if it is quarantined; the "
        "conditions in its EndpointSlice, if it is terminating",
    ),
    "wrong-weight": Meaning(
        "warning",
        "A backend has another weight, and with it another share of the traffic.",
        "who set the weight: `cilium service update`, or an annotation of the EndpointSlice",
    ),
    "wrong-name": Meaning(
        "warning",
        "The agent knows the address and port as another service.",
        "whether two services claim the same external IP, load-balancer IP or node port",
    ),
}
"""Every kind, the gravest first."""

_RANKS = {kind: rank for rank, kind in enumerate(MEANINGS)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `frontend` and `backend` are texts, `ip:port`, in the internal scope `/i`."""

    kind: FindingKind
    """Which kind of difference; `MEANINGS` says what it means."""
    frontend: str
    """The frontend that differs."""
    backend: str | None
    """None if the finding is about the service."""
    expected: str | int | None
    """The value that should be there; None if the finding is not about a value."""
    found: str | int | None
    """The value that is there instead; None if the finding is not about a value."""
    severity: Severity
    """How grave it is."""
    message: str
    """The finding in one sentence, with the service's name."""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted by frontend, kind and backend, as texts."""
    return sorted(findings, key=lambda each: (each.frontend, each.kind, each.backend or ""))


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest kinds first, errors before warnings, and within a kind by frontend."""
    return sorted(in_order(findings), key=lambda each: _RANKS[each.kind])
