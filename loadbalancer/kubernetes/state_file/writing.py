"""Services → state file, compared with what an agent would read from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ...agent.locality import stays_on_node
from ...domain.addr_cluster import AddrCluster
from ...domain.backend import state_word
from ...domain.identity import name_of
from ...domain.l3n4 import Scope
from ...domain.l4 import L4Type
from ...domain.service import SVC, ServiceName
from ...domain.service_type import SVCType
from ...dumps.notes import Note
from ...dumps.yaml_text import dump_yaml
from ...releases import Release, ReleaseError
from ..documents import objects_of
from ..node import Node
from ..reading import read_objects
from .manifests import manifests, protocol_of
from .reading import STATE_FILE_RELEASE, StateFileError, listed_of

__all__ = ["services_left_out", "write_state_file"]

_Place = tuple[AddrCluster, int, L4Type, Scope]
_NOT_IN_FILES = {
    SVCType.HostPort: "a HostPort follows from a Pod",
    SVCType.LocalRedirect: "a redirect follows from a CiliumLocalRedirectPolicy",
}


def write_state_file(
    services: Iterable[SVC],
    *,
    release: str | Release = STATE_FILE_RELEASE,
    format: str = "json",
    strict: bool = False,
) -> str:
    """Return the state file of services.

    HostPorts, local redirects and proxied services cannot be in one and are left out, see
    `services_left_out`. Ids and port names are not in it either. A frontend without protocol
    becomes one of TCP, its backends take the protocol of the frontend, and a service without a
    name gets one for the file alone. Whether backends are preferred is not compared: from 1.18
    on all are.

    Args:
        services: what the agent is to list.
        release: the release of the agent that reads the file, 1.18 or later.
        format: `json` or `yaml` (extra `cli`).
        strict: refuse services that would be left out.

    Raises:
        StateFileError: something is not representable; `reasons` has every service and fact.
        ReleaseError: the release is not one, or does not read state files.
        YamlMissingError: YAML is wanted, and PyYAML is not installed.
    """
    parsed = Release.parse(release)
    if not parsed.since(STATE_FILE_RELEASE.minor):
        raise ReleaseError(f"{parsed} does not read state files, they came with 1.18")
    if format not in ("json", "yaml"):
        raise StateFileError(f"unknown format {format!r}, expected json or yaml")
    services = [*services]
    left_out = [*_left_out(services)]
    if strict and left_out:
        raise StateFileError(*(note.message for _, note in left_out))
    ignored = {index for index, _ in left_out}
    wanted = [svc for index, svc in enumerate(services) if index not in ignored]
    document = manifests(wanted, parsed)
    found = listed_of(read_objects(objects_of(document)), _node(wanted), parsed)
    if reasons := [*_differences(wanted, found)]:
        raise StateFileError(*reasons)
    if format == "yaml":
        return dump_yaml(document, sort_keys=False)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def services_left_out(services: Iterable[SVC]) -> list[Note]:
    """Return a note on each service that cannot be in a state file.

    The pointers lead into the list of services: `/3`.
    """
    return [note for _, note in _left_out([*services])]


def _left_out(services: list[SVC]) -> Iterator[tuple[int, Note]]:
    everywhere = {
        (svc.name, svc.frontend.port, svc.frontend.is_ipv6, svc.frontend.scope)
        for svc in services
        if svc.type is SVCType.NodePort and svc.frontend.addr_cluster.is_unspecified
    }
    for index, svc in enumerate(services):
        frontend = svc.frontend
        place = (svc.name, frontend.port, frontend.is_ipv6, frontend.scope)
        reason = _NOT_IN_FILES.get(svc.type, "")
        if not reason and svc.l7lb_proxy_port:
            reason = "a proxy redirection follows from an Envoy configuration"
        elif not reason and _is_proxied(svc):
            reason = "its backend is the local proxy"
        elif svc.type is SVCType.NodePort and not frontend.addr_cluster.is_unspecified:
            reason = "the agent serves node ports at all addresses by itself"
            if place not in everywhere:
                reason = ""
        if reason:
            message = f"{_title(svc)} ({svc.type}) is left out: {reason}"
            yield index, Note(f"/{index}", "not-in-state-file", message)


def _is_proxied(svc: SVC) -> bool:
    return len(svc.backends) == 1 and svc.backends[0].addr_cluster.addr.is_loopback


def _node(services: Iterable[SVC]) -> Node:
    """Return the node from whose point of view services are: that of the local backends."""
    names = {
        backend.node_name
        for svc in services
        if stays_on_node(svc)
        for backend in svc.backends
        if backend.node_name
    }
    return Node(name=min(names)) if names else Node()


def _title(svc: SVC) -> str:
    about = name_of(svc.frontend)
    return about if svc.name == ServiceName() else f"{svc.name} {about}"


def _place(svc: SVC) -> _Place:
    frontend = svc.frontend
    return frontend.addr_cluster, frontend.port, protocol_of(frontend.protocol), frontend.scope


def _differences(wanted: list[SVC], found: list[SVC]) -> Iterator[str]:
    """Yield what an agent would list otherwise, one reason for each fact."""
    listed = {_place(svc): svc for svc in found}
    for svc in wanted:
        other = listed.pop(_place(svc), None)
        if other is None:
            yield f"{_title(svc)}: a Service cannot have this frontend ({svc.type}) alone"
            continue
        kept = _facts(other)
        for name, value in _facts(svc).items():
            if kept[name] != value:
                would = f"it would be {kept[name]}"
                yield f"{_title(svc)}: {name} {value} is not representable, {would}"
        yield from _backend_differences(svc, other)
    for svc in listed.values():
        yield (
            f"{svc.name}: a Service of these frontends would have {name_of(svc.frontend)} "
            f"({svc.type}), too"
        )


def _backend_differences(wanted: SVC, found: SVC) -> Iterator[str]:
    kept = _backends(found)
    for name, value in _backends(wanted).items():
        other = kept.pop(name, "not there")
        if other != value:
            yield f"{_title(wanted)}: backend {name} ({value}) is not representable: {other}"
    for name in kept:
        yield f"{_title(wanted)}: backend {name} would be added"
    if len(wanted.backends) != len(_backends(wanted)):
        yield f"{_title(wanted)}: the same backend twice is not representable"


def _facts(svc: SVC) -> dict[str, object]:
    return {
        "name": str(svc.name),
        "type": str(svc.type),
        "external traffic policy": str(svc.ext_traffic_policy),
        "internal traffic policy": str(svc.int_traffic_policy),
        "NAT policy": str(svc.nat_policy),
        "session affinity": svc.session_affinity_timeout_sec if svc.session_affinity else "off",
        "health check node port": svc.health_check_node_port,
        "source ranges": sorted(map(str, svc.load_balancer_source_ranges)),
        "loopback host port": svc.loopback_hostport,
    }


def _backends(svc: SVC) -> dict[str, str]:
    """Return what is written of each backend, by address."""
    return {
        str(each): (
            f"node {each.node_name!r}, {state_word(each)}, weight {each.weight}, "
            f"zone {each.zone!r}, {protocol_of(each.protocol, svc.frontend.protocol)}"
        )
        for each in svc.backends
    }
