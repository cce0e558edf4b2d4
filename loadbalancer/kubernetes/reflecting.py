"""Objects → services: what an agent sets up, and what it then lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..agent.locality import backends_on_node
from ..domain.identity import identity
from ..domain.service import SVC
from ..releases import Release
from ..wire.gc_pause import gc_paused
from .node import Node
from .reading import Objects, read_objects
from .since_1_18.reflection import Reflection
from .until_1_17.reflection import reflected

__all__ = ["expected_services", "reflect"]


def reflect(
    objects: Iterable[Any] | Objects, node: Node, *, release: str | Release = "1.13"
) -> list[SVC]:
    """Return the services that an agent on a node sets up.

    `objects` are Services, EndpointSlices, Endpoints, Pods, CiliumLocalRedirectPolicies, and
    lists of them, as dictionaries, or the result of `read_objects`; other kinds are ignored.
    The ids are 0. Up to 1.17 they are what the agent hands to its service manager, from 1.18
    on what it lists.

    Raises:
        KubernetesError: an object is not valid; the error names it and the place.
        ReleaseError: the release is not one.
    """
    parsed = Release.parse(release)
    with gc_paused():
        read = objects if isinstance(objects, Objects) else read_objects(objects)
        if parsed.since(18):
            return Reflection(read, parsed).listed(node)
        return reflected(read, node, parsed)


def expected_services(
    objects: Iterable[Any] | Objects, node: Node, *, release: str | Release = "1.13"
) -> list[SVC]:
    """Return the services that an agent on a node should list, without ids.

    Families that the node does not serve are left out, and backends of other nodes where a
    policy keeps traffic local. Of several services with one frontend the last counts up to
    1.17; from 1.18 on the first by namespace and name, and the others are left out whole.

    Raises:
        KubernetesError: an object is not valid; the error names it and the place.
        ReleaseError: the release is not one.
    """
    parsed = Release.parse(release)
    services = reflect(objects, node, release=parsed)
    if parsed.since(18):
        return services
    listed: dict[bytes, SVC] = {}
    for svc in services:
        if node.has_family(is6=svc.frontend.is_ipv6):
            svc.backends = backends_on_node(svc, node.name)
            listed[identity(svc.frontend, with_protocol=parsed.since(17))] = svc
    return [*listed.values()]
