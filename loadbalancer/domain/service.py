"""A service: a frontend, its backends and how traffic gets from one to the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from .backend import Backend, state_word
from .cidr import CIDR
from .domain_model import DomainModel, OrderedValue, to_models
from .identity import name_of
from .l3n4 import L3n4AddrID
from .scalars import Flag, Text, UInt16, UInt32
from .service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType
from .texts.go_text import quote

if TYPE_CHECKING:
    from .. import models

__all__ = ["SVC", "ServiceName"]


class ServiceName(OrderedValue):
    """The namespace and name of a service (Go: `ServiceName`); each may be empty."""

    __match_args__: ClassVar[  # pyright: ignore[reportIncompatibleVariableOverride]
        tuple[Literal["namespace"], Literal["name"], Literal["cluster"]]
    ] = ("namespace", "name", "cluster")

    namespace: Text = ""
    """The namespace of the Kubernetes service."""
    name: Text = ""
    """The name of the Kubernetes service."""
    cluster: Text = ""
    """The cluster it is in, empty for the own one; agents know it from 1.14 on."""

    if TYPE_CHECKING:
        # Pydantic makes it; type checkers believe that there is none.
        def __hash__(self) -> int: ...

    def __str__(self) -> str:
        name = f"{self.namespace}/{self.name}"
        return f"{self.cluster}/{name}" if self.cluster else name

    def _order(self) -> tuple[Any, ...]:
        # By cluster first: the own one has no name and comes before the others.
        return self.cluster, self.namespace, self.name


class SVC(DomainModel):
    """A service (Go: `SVC`). It can be changed, and every assignment is validated."""

    frontend: L3n4AddrID
    """Where clients reach the service, with the identifier of the service."""
    backends: list[Backend] = Field(default_factory=list[Backend])
    """Where it sends its traffic; it may have none."""
    type: SVCType = SVCType.NONE
    """How it is reached."""
    ext_traffic_policy: SVCTrafficPolicy = SVCTrafficPolicy.NONE
    """Where traffic from outside the cluster may go."""
    int_traffic_policy: SVCTrafficPolicy = SVCTrafficPolicy.NONE
    """Where traffic from inside the cluster may go."""
    nat_policy: SVCNatPolicy = SVCNatPolicy.NONE
    """Whether it translates between IPv4 and IPv6, and which way."""
    session_affinity: Flag = False
    """Whether the connections of a client go to the same backend."""
    session_affinity_timeout_sec: UInt32 = 0
    """How long a client keeps its backend, in seconds, 0 … 2³²-1."""
    health_check_node_port: UInt16 = 0
    """The node's port for health checks of the service, 0 … 65535; 0 is none."""
    name: ServiceName = ServiceName()
    """The Kubernetes service it comes from."""
    load_balancer_source_ranges: list[CIDR] = Field(default_factory=list[CIDR])
    """The addresses of clients that may connect; all may if this is empty."""
    l7lb_proxy_port: UInt16 = 0
    """The port of the proxy that balances on layer 7, 0 … 65535; 0 is none."""
    l7lb_frontend_ports: list[Text] = Field(default_factory=list[Text])
    """The frontend ports that the proxy balances, as numbers or names; all if this is empty."""
    loopback_hostport: Flag = False
    """Whether a HostPort service is for the loopback interface alone."""

    def __str__(self) -> str:
        """Return one line: type, frontend, name if any, and backends, by state unless active.

        `ClusterIP 10.96.0.10:53/UDP kube-system/dns, 3 backends (1 quarantined)`
        """
        parts = [str(self.type), name_of(self.frontend)]
        if self.name != ServiceName():
            parts.append(str(self.name))
        line = f"{' '.join(parts)}, {_count(self.backends)}"
        # Names and zones may hold anything, line feeds too.
        return line if line.isprintable() else quote(line)[1:-1]

    def get_model(self, *, include_protocol: bool = True) -> models.Service:
        """The wire model of this service, `spec` and `status.realized` alike (Go: `GetModel`).

        Backends are ordered by their id. The reference drops the frontend's protocol;
        `include_protocol=False` does so, too.
        """
        model: models.Service = to_models().service_model(self, include_protocol=include_protocol)
        return model


def _count(backends: list[Backend]) -> str:
    """Return how many backends there are, and how many of them in each state but active."""
    word = "1 backend" if len(backends) == 1 else f"{len(backends) or 'no'} backends"
    states = Counter(state_word(each) for each in sorted(backends, key=lambda each: each.state))
    others = ", ".join(f"{states[state]} {state}" for state in states if state != "active")
    return f"{word} ({others})" if others else word
