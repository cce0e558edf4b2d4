"""Rows of StateDB: models of the Go structs of 1.18 to 1.20, and their conversion to the domain.

Rows keep what they are given: unknown columns are in `model_extra`, and
`model_dump(by_alias=True, exclude_unset=True)` gives the row back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from ...domain import backend as domain
from ...domain.backend_state import BackendState
from ...domain.domain_model import changed_copy
from ...domain.l3n4 import L3n4AddrID
from ...domain.service import SVC, ServiceName
from ...domain.service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType
from ..addresses import printed_address

__all__ = [
    "Backend",
    "BackendZone",
    "Frontend",
    "ProxyRedirect",
    "Service",
    "Status",
    "Tables",
    "service_name",
]

_ACTIVE, _TERMINATING, _QUARANTINED, _MAINTENANCE = list(BackendState)[:4]
# What the number of a state means, and whether the backend serves: the numbers moved in 1.18.5,
# when terminating-not-serving was put in.
_STATES_UNTIL_1_18_4 = {
    0: (_ACTIVE, True),
    1: (_TERMINATING, True),
    2: (_QUARANTINED, True),
    3: (_MAINTENANCE, True),
}
_STATES = {
    0: (_ACTIVE, True),
    1: (_TERMINATING, True),
    2: (_TERMINATING, False),
    3: (_QUARANTINED, True),
    4: (_MAINTENANCE, True),
}
_BACKEND = domain.Backend.parse("0.0.0.0:0")
_NANOSECONDS = 1_000_000_000
_UINT16 = Annotated[int, Field(ge=0, le=65535)]


class _Row(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="allow", alias_generator=to_pascal, populate_by_name=True
    )


class Status(_Row):
    """The state of reconciling a row with the kernel (Go: `reconciler.Status`)."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))

    kind: str = ""
    """`Pending`, `Refreshing`, `Done` or `Error`."""
    error: str | None = None
    """Why the last attempt failed; None unless the kind is `Error`."""
    updated_at: str = ""
    """The time of the last change, RFC 3339."""
    id: int = 0
    """The number of the change."""


class BackendZone(_Row):
    """The zone of a backend, and the zones it is hinted for (Go: `BackendZone`, 1.19 on)."""

    zone: str = ""
    for_zones: list[str] | None = None


class Backend(_Row):
    """A backend of one service (Go: `Backend`; `BackendParams` up to 1.19.4)."""

    service_name: str | None = None
    """The service it belongs to, `[cluster/]namespace/name`; known from 1.19.5 on."""
    address: str
    """`ip:port/PROTOCOL`"""
    port_names: list[str] | None = None
    """The names of the port in EndpointSlices; a backend without names fits all frontends."""
    weight: _UINT16 = domain.DEFAULT_BACKEND_WEIGHT
    """The share of connections that it gets, 0 … 65535."""
    node_name: str = ""
    """The node on which it runs; empty if that is unknown."""
    zone: BackendZone | str | None = None
    """Its zone: text in 1.18, an object or null from 1.19 on."""
    for_zones: list[str] | None = None
    """The zones for which it is hinted, in 1.18."""
    cluster_id: Annotated[int, Field(alias="ClusterID")] = 0
    """The cluster it belongs to, 0 for the local one."""
    source: str = ""
    """Where it comes from: `k8s`, `clustermesh`, `local-api` and the like."""
    state: int = 0
    """The number of its state, whose meaning depends on the release."""
    unhealthy: bool = False
    """Whether a health check failed; it is then quarantined."""
    unhealthy_updated_at: str | None = None
    """The time of the last health check that changed that, RFC 3339."""

    @property
    def zone_name(self) -> str:
        """The zone in which it runs; empty if that is unknown."""
        return (self.zone.zone if isinstance(self.zone, BackendZone) else self.zone) or ""

    def to_backend(self, *, numbers_until_1_18_4: bool = False) -> domain.Backend:
        """Return the backend of the domain.

        Raises:
            LoadBalancerError: the address is not one.
            ValueError: the number of the state is unknown.
        """
        states = _STATES_UNTIL_1_18_4 if numbers_until_1_18_4 else _STATES
        if self.state not in states:
            raise ValueError(f"State: unknown state {self.state}")
        state, serving = states[self.state]
        # All of the values have been validated.
        return changed_copy(
            _BACKEND,
            **printed_address(self.address).__dict__,
            weight=self.weight,
            node_name=self.node_name,
            zone=self.zone_name,
            state=_QUARANTINED if self.unhealthy else state,
            serving=serving or self.unhealthy,
        )


class Frontend(_Row):
    """A frontend with the backends that were selected for it (Go: `Frontend`)."""

    address: str
    """`ip:port/PROTOCOL`, in the internal scope with `/i` at the end."""
    type: str = "ClusterIP"
    """The type of service that it comes from."""
    service_name: str = ""
    """`[cluster/]namespace/name`"""
    port_name: str = ""
    """The name of the service port; empty for a port without name, which fits all backends."""
    service_port: _UINT16 = 0
    """The number of the service port, 0 … 65535, which a NodePort frontend differs from."""
    status: Status | None = None
    """Whether the frontend is in the kernel as the table has it."""
    backends: list[Backend] | None = None
    """The selected backends, in the order of slots."""
    health_check_backends: list[Backend] | None = None
    """The backends whose health is checked."""
    id: Annotated[int | None, Field(alias="ID", ge=0, le=2**32 - 1)] = None
    """The id in the kernel; 0 or None before the frontend is there."""
    redirect_to: Any = None
    """The service whose backends are taken instead: that of a local redirect policy."""

    def to_svc(self, service: Service | None = None, *, numbers_until_1_18_4: bool = False) -> SVC:
        """Return the service of the domain, completed by its row in the table of services.

        Raises:
            LoadBalancerError: an address is not one.
            ValueError: a word or the number of a state is unknown.
        """
        addr = printed_address(self.address)
        return SVC(
            frontend=L3n4AddrID(
                protocol=addr.protocol,
                addr_cluster=addr.addr_cluster,
                port=addr.port,
                scope=addr.scope,
                id=self.id or 0,
            ),
            backends=[
                each.to_backend(numbers_until_1_18_4=numbers_until_1_18_4)
                for each in self.backends or ()
            ],
            type=SVCType.LocalRedirect if self.redirect_to else _word(SVCType, "type", self.type),
            name=service_name(self.service_name),
            **(service or _NO_SERVICE).facts(),
        )


class ProxyRedirect(_Row):
    """A redirection of some ports to a local proxy (Go: `ProxyRedirect`)."""

    proxy_port: _UINT16 = 0
    """The port of the proxy, 0 … 65535."""
    ports: list[int] | None = None
    """The service ports that are redirected; all if there are none."""


class Service(_Row):
    """What is common to the frontends of a service (Go: `Service`)."""

    name: str
    """`[cluster/]namespace/name`"""
    source: str = ""
    """Where it comes from, such as `k8s`."""
    labels: dict[str, Any] | None = None
    annotations: dict[str, str] | None = None
    selector: dict[str, str] | None = None
    """The labels of the pods that are its backends."""
    nat_policy: str = ""
    """`Nat46`, `Nat64`, or empty."""
    ext_traffic_policy: str = "Cluster"
    """Which backends external traffic may reach: `Cluster` or `Local`."""
    int_traffic_policy: str = "Cluster"
    """Which backends internal traffic may reach: `Cluster` or `Local`."""
    forwarding_mode: str = ""
    """`snat` or `dsr`; empty for the agent's own mode."""
    session_affinity: bool = False
    """Whether a client stays with a backend."""
    session_affinity_timeout: int = 0
    """For how long, in nanoseconds."""
    load_balancer_class: str | None = None
    """Who serves a service of type LoadBalancer; None for the default."""
    proxy_redirect: ProxyRedirect | None = None
    """Redirection to a proxy, up to 1.19."""
    proxy_redirects: list[ProxyRedirect] | None = None
    """Redirections to proxies, from 1.20 on."""
    health_check_node_port: _UINT16 = 0
    """The port at which the node answers health checks, 0 … 65535; 0 is none."""
    loopback_host_port: bool = False
    """Whether a HostPort is reachable on the node alone."""
    source_ranges: list[str] | None = None
    """The networks from which traffic is accepted; all if there are none."""
    port_names: dict[str, int] | None = None
    """The numbers of the service ports by name."""
    traffic_distribution: str = ""
    """The preference for close backends, `PreferClose` and the like."""

    def facts(self) -> dict[str, Any]:
        """Return the fields of an SVC that come from the service.

        Raises:
            ValueError: a word or network cannot be read.
        """
        nat_policy = "NONE" if self.nat_policy in ("", "None") else self.nat_policy
        return {
            "ext_traffic_policy": _policy("ExtTrafficPolicy", self.ext_traffic_policy),
            "int_traffic_policy": _policy("IntTrafficPolicy", self.int_traffic_policy),
            "nat_policy": _word(SVCNatPolicy, "NatPolicy", nat_policy),
            "session_affinity": self.session_affinity,
            "session_affinity_timeout_sec": self.session_affinity_timeout // _NANOSECONDS,
            "health_check_node_port": self.health_check_node_port,
            "loopback_hostport": self.loopback_host_port,
            "l7lb_proxy_port": self._proxy_port(),
            "load_balancer_source_ranges": [
                ip_network(each, strict=False) for each in self.source_ranges or ()
            ],
        }

    def _proxy_port(self) -> int:
        redirects = self.proxy_redirects or ([self.proxy_redirect] if self.proxy_redirect else [])
        return redirects[0].proxy_port if redirects else 0


_NO_SERVICE = Service(name="")


@dataclass
class Tables:
    """The load balancer's tables of StateDB, as far as a dump has them."""

    frontends: list[Frontend] = field(default_factory=list[Frontend])
    services: dict[str, Service] = field(default_factory=dict[str, Service])
    """By name."""
    backends: list[Backend] = field(default_factory=list[Backend])
    """All backends that are known, whether or not a frontend selects them."""
    numbers_until_1_18_4: bool = False
    """Whether the numbers of states are those of 1.18.0 to 1.18.4."""


def service_name(text: str) -> ServiceName:
    """Return the name that is written `[cluster/]namespace/name`."""
    *clusters, namespace, name = text.split("/") if "/" in text else ("", text)
    return ServiceName(cluster="/".join(clusters), namespace=namespace, name=name)


def _policy(column: str, word: str) -> SVCTrafficPolicy:
    policy: SVCTrafficPolicy = _word(SVCTrafficPolicy, column, word or "Cluster")
    return policy


def _word(words: Any, column: str, word: str) -> Any:
    try:
        return words(word or "ClusterIP")
    except ValueError:
        raise ValueError(f"unknown {column} {word!r}") from None
