"""Topology: which backends of a service a node prefers."""

from __future__ import annotations

from collections.abc import Sequence

from ...releases import Release
from ..node import Node
from .backends import KnownBackend
from .frontends import KnownService

__all__ = ["preferred_backends"]


def preferred_backends(
    fitting: Sequence[KnownBackend],
    everything: Sequence[KnownBackend],
    service: KnownService,
    node: Node,
    release: Release,
) -> Sequence[KnownBackend]:
    """Return the backends of a frontend that a node uses.

    `fitting` are those that fit the frontend and its policy, `everything` all backends of the
    service.
    """
    if not node.topology or not service.distribution:
        return fitting
    if service.distribution == "PreferSameNode":
        own = [x for x in fitting if x.node_name == node.name and not x.is_terminating]
        if own:
            return own
    if not node.zone:
        return fitting
    candidates = [x for x in fitting if not x.is_terminating] if release.since(20) else everything
    zones = [_hinted_zones(each, release) for each in candidates]
    if all(zones) and any(node.zone in each for each in zones):
        return [each for each in fitting if node.zone in _hinted_zones(each, release)]
    return fitting


def _hinted_zones(backend: KnownBackend, release: Release) -> tuple[str, ...]:
    """Return the zones of the hints that count: from 1.19 on they need the endpoint's zone."""
    return backend.hinted_zones if backend.zone or not release.since(19) else ()
