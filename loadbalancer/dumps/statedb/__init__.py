"""The tables of the agent's StateDB, from 1.18 on, as the Go structs of `pkg/loadbalancer`."""

from __future__ import annotations

from .tables import (
    Backend,
    BackendZone,
    Frontend,
    ProxyRedirect,
    Service,
    Status,
    Tables,
)

__all__ = [
    "Backend",
    "BackendZone",
    "Frontend",
    "ProxyRedirect",
    "Service",
    "Status",
    "Tables",
]
