"""The file that agents from 1.18 on take services from, where there is no Kubernetes.

`--lb-state-file` names it: `{"services": [Service], "endpoints": [EndpointSlice]}`, as JSON or
YAML. It stands in for the PUT of the API, which is gone there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..domain.backend_state import BackendState
from ..domain.identity import identity, name_of
from ..domain.l3n4 import L3n4Addr
from ..domain.l4 import L4Type
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCType
from ..dumps.json_text.values import is_object
from ..errors import LoadBalancerError
from .documents import DocumentError, objects_of, read_documents
from .manifests import UNNAMED, manifests
from .node import Node
from .reflecting import reflect

__all__ = ["StateFileError", "objects_of_state_file", "read_state_file", "write_state_file"]

_EVERYWHERE = ("0.0.0.0", "::")
# The release whose rules the file follows: ports by number and protocol.
_RELEASE = "1.18"


class StateFileError(LoadBalancerError):
    """A text is not a state file, or a state file cannot say what a service is."""


def write_state_file(services: Iterable[SVC]) -> str:
    """The state file of services, as JSON.

    Ids and the names of ports are not in it. A frontend without protocol becomes one of TCP, and
    a service without a name gets one for the file alone.

    Raises:
        StateFileError: a service has a fact that the file cannot say, such as a weight, a
            quarantined backend or a type of its own; the message names service and fact.
    """
    wanted = [*services]
    document = manifests(wanted)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    addresses = dict.fromkeys(
        str(svc.frontend.addr_cluster) for svc in wanted if svc.type is SVCType.NodePort
    )
    found = {_key(svc): svc for svc in _services(document, Node(addresses=tuple(addresses)))}
    for svc in wanted:
        _compare(svc, found.pop(_key(svc), None))
    for svc in found.values():
        raise StateFileError(
            f"{svc.name}: a Service of these frontends would have {name_of(svc.frontend)} "
            f"({svc.type}), too"
        )
    return text


def read_state_file(text: str, *, node: Node | None = None) -> list[SVC]:
    """The services of a state file, JSON or YAML (for YAML: extra `cli`).

    `node` is the agent's point of view; by default one that serves node ports at the
    unspecified addresses.

    Raises:
        StateFileError: the text is not a state file.
        KubernetesError: an object in it is not valid.
    """
    try:
        documents = [*read_documents(text)]
    except DocumentError as error:
        raise StateFileError(str(error)) from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise StateFileError("not a state file: expected one object with services and endpoints")
    document: dict[str, Any] = documents[0]  # pyright: ignore[reportUnknownVariableType]
    return _services(document, node or Node(addresses=_EVERYWHERE))


def objects_of_state_file(document: Any) -> list[Any]:
    """Return the Kubernetes objects of a state file that has been read; none of anything else.

    Raises:
        DocumentError: it has the keys of a state file, and something else below them.
    """
    if not is_object(document) or "kind" in document:
        return []
    has_keys = "services" in document or "endpoints" in document
    return [*objects_of(document)] if has_keys else []


def _services(document: Mapping[str, Any], node: Node) -> list[SVC]:
    services = reflect(objects_of(document), replace(node, host_port=False), release=_RELEASE)
    for svc in services:
        if svc.name.name.startswith(UNNAMED):
            svc.name = ServiceName(namespace=svc.name.namespace)
    return services


def _key(svc: SVC) -> tuple[bytes, L4Type]:
    return identity(svc.frontend), _protocol(svc.frontend)


def _protocol(addr: L3n4Addr) -> L4Type:
    return L4Type.TCP if addr.protocol is L4Type.NONE else addr.protocol


def _compare(wanted: SVC, found: SVC | None) -> None:
    """Raise an error that names the first fact that is lost."""
    about = name_of(wanted.frontend)
    if wanted.name != ServiceName():
        about = f"{wanted.name} {about}"
    if found is None:
        raise StateFileError(f"{about}: a Service cannot have this frontend ({wanted.type}) alone")
    told, kept = _facts(wanted), _facts(found)
    for name, value in told.items():
        if kept[name] != value:
            raise StateFileError(
                f"{about}: {name} {value} cannot be said, it would be {kept[name]}"
            )
    told, kept = _backends(wanted), _backends(found)
    for name, value in told.items():
        if kept.get(name) != value:
            raise StateFileError(f"{about}: backend {name} ({value}) cannot be said")
    if len(wanted.backends) != len(found.backends):
        raise StateFileError(f"{about}: the same backend twice cannot be said")


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
        "proxy port": svc.l7lb_proxy_port,
        "loopback host port": svc.loopback_hostport,
    }


def _backends(svc: SVC) -> dict[str, object]:
    """What can be said of a backend, by address."""
    return {
        f"{each}": (
            f"node {each.node_name!r}, {each.state}, weight {each.weight}, zone {each.zone!r}, "
            f"{'preferred' if each.preferred else 'not preferred'}, {_protocol(each)}"
        )
        for each in svc.backends
        if each.state is not BackendState.INVALID
    }
