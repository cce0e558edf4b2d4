"""A finding, and its kinds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "FindingKind", "Severity", "in_order"]

Layer = Literal["wish", "write"]
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
    "address-conflict",
    "host-port-of-dead-pod",
    "wildcard-on-node-address",
    "agent-error",
    "agent-pending",
    "redirect-without-backend",
    "bpf-leftover",
    "map-nearly-full",
]
"""Which kind of difference; those that begin with `bpf-` are between agent and kernel."""


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
    """How severe it is."""
    message: str
    """The finding in one sentence, with the service's name."""
    service: str = ""
    """The service that it is about, `namespace/name`; empty if that is unknown."""
    type: str = ""
    """The type of the frontend, such as `ClusterIP`."""
    protocol: str = ""
    """The protocol of the frontend; empty if that is unknown."""
    layer: Layer | None = None
    """Which step went wrong: the agent's `wish` differs from Kubernetes, or its `write` to the
    kernel from its wish; None if that is unknown."""

    @property
    def key(self) -> str:
        """What stays the same of a finding from one audit to the next."""
        parts = (self.kind, self.service, self.frontend, self.protocol, self.backend or "")
        return " ".join(each or "-" for each in parts)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by frontend, kind and backend, as texts."""
    return sorted(findings, key=lambda each: (each.frontend, each.kind, each.backend or ""))
