"""All that is wrong with a state file: what an agent would refuse, ignore or only log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple

from ...domain.addr_cluster import AddrCluster
from ...domain.cidr import parse_cidr
from ...dumps.json_text.values import is_array, is_object
from ...errors import AddressError
from ...releases import Release
from ..objects import SERVICE_NAME_LABEL, EndpointSlice, Service
from ..parsing import parse_address, parse_protocol
from ..reading import KubernetesError, Objects, add_objects
from ..since_1_18.reflection import Reflection
from .keys import ENDPOINT_SLICE, SERVICE, STATE_FILE, Keys
from .reading import STATE_FILE_RELEASE

__all__ = ["Path", "StateFileProblem", "check_state_file", "is_like_state_file"]

Path = tuple[str | int, ...]
_KINDS = {"services": ("Service", "v1"), "endpoints": ("EndpointSlice", "discovery.k8s.io/v1")}
_WEIGHT = "service.cilium.io/weight"


class StateFileProblem(NamedTuple):
    """Something wrong, and where."""

    path: Path
    severity: Literal["error", "warning"]
    reason: str
    unknown: str = ""
    """The key that is unknown, if that is the reason."""
    known: tuple[str, ...] = ()
    """The keys that are known there."""


def is_like_state_file(document: object) -> bool:
    """Return whether a document is a state file, or one with a misspelled key.

    The tables of StateDB have the same names; their rows have no metadata.
    """
    if not is_object(document) or "kind" in document or "apiVersion" in document:
        return False
    keys = [key for key in document if get_close_matches(str(key).lower(), _KINDS, cutoff=0.75)]
    rows = [each for key in keys for each in _items(document, key)]
    has_metadata = any(is_object(each) and "metadata" in each for each in rows)
    return bool(keys) and (has_metadata or not rows)


def check_state_file(
    document: Mapping[str, Any],
    *,
    release: Release = STATE_FILE_RELEASE,
    allow_empty: bool = False,
) -> Iterator[StateFileProblem]:
    """Yield all that is wrong with a state file, with the place in the document."""
    yield from _unknown_keys(document, STATE_FILE, ())
    for key in _KINDS:
        if document.get(key) is not None and not is_array(document.get(key)):
            yield StateFileProblem((key,), "error", "expected an array")
    services = [*_parsed(document, "services")]
    slices = [*_parsed(document, "endpoints")]
    for found in (*services, *slices):
        if isinstance(found, StateFileProblem):
            yield found
    if not _items(document, "services") and not allow_empty:
        reason = "no services: an agent removes all that it had (--allow-empty accepts this)"
        yield StateFileProblem((), "error", reason)
    objects = Objects()
    for found in (*services, *slices):
        if not isinstance(found, StateFileProblem):
            add_objects(objects, [found[1]])
    places = _places(document)
    for names, service in objects.services.items():
        yield from _check_service(service, places.get(("services", *names), ("services",)))
    for names, one in objects.slices.items():
        yield from _check_slice(one, places.get(("endpoints", *names), ()), objects, release)
    yield from _check_backends(objects, places, release)


_Parsed = StateFileProblem | tuple[Path, dict[str, Any]]


def _items(document: Mapping[str, Any], key: str) -> list[Any]:
    items = document.get(key)
    return [*items] if is_array(items) else []


def _parsed(document: Mapping[str, Any], key: str) -> Iterator[_Parsed]:
    """Yield each object that is valid, with its place, and what is wrong with the others."""
    kind, version = _KINDS[key]
    for index, each in enumerate(_items(document, key)):
        place: Path = (key, index)
        if not is_object(each):
            yield StateFileProblem(place, "error", "expected an object")
            continue
        found = {**each, "kind": kind, "apiVersion": version}
        yield from _unknown_keys(each, SERVICE if kind == "Service" else ENDPOINT_SLICE, place)
        if each.get("kind") not in (None, kind):
            reason = f"a {each.get('kind')} is not read here, expected a {kind}"
            yield StateFileProblem((*place, "kind"), "error", reason)
        metadata = each.get("metadata")
        if not is_object(metadata) or not metadata.get("name"):
            yield StateFileProblem((*place, "metadata"), "error", "the name is missing")
        try:
            add_objects(Objects(), [found])
        except KubernetesError as error:
            parts = [int(x) if x.isdecimal() else x for x in error.pointer.split("/")[1:]]
            yield StateFileProblem((*place, *parts), "error", error.reason)
            continue
        yield place, found


def _places(document: Mapping[str, Any]) -> dict[tuple[str, str, str], Path]:
    """Return where each object stands, by its table, namespace and name."""
    found: dict[tuple[str, str, str], Path] = {}
    for key in _KINDS:
        for index, each in enumerate(_items(document, key)):
            metadata = each.get("metadata") if is_object(each) else None
            if is_object(metadata):
                names = str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
                found[key, *names] = (key, index)
    return found


def _unknown_keys(value: Mapping[str, Any], keys: Keys, place: Path) -> Iterator[StateFileProblem]:
    for key, each in value.items():
        if key not in keys:
            known = tuple(keys)
            yield StateFileProblem((*place, key), "error", "unknown key", str(key), known)
            continue
        below = keys[key]
        if below is None:
            continue
        if is_object(each):
            yield from _unknown_keys(each, below, (*place, key))
        elif is_array(each):
            for index, item in enumerate(each):
                if is_object(item):
                    yield from _unknown_keys(item, below, (*place, key, index))


def _check_service(service: Service, place: Path) -> Iterator[StateFileProblem]:
    spec = service.spec
    texts: list[tuple[Path, str]] = [(("spec", "clusterIP"), spec.cluster_ip)]
    texts += [(("spec", "clusterIPs", i), x) for i, x in enumerate(spec.cluster_ips)]
    texts += [(("spec", "externalIPs", i), x) for i, x in enumerate(spec.external_ips)]
    status = service.status.load_balancer if service.status else None
    for index, each in enumerate(status.ingress if status else ()):
        texts.append((("status", "loadBalancer", "ingress", index, "ip"), each.ip))
    for path, text in texts:
        if text and text.lower() != "none" and parse_address(text) is None:
            yield StateFileProblem((*place, *path), "error", f"not an IP address: {text!r}")
    for index, text in enumerate(spec.load_balancer_source_ranges):
        if not _is_cidr(text):
            path = (*place, "spec", "loadBalancerSourceRanges", index)
            yield StateFileProblem(path, "error", f"not a network, agents drop it: {text!r}")
    for index, port in enumerate(spec.ports):
        path = (*place, "spec", "ports", index)
        if parse_protocol(port.protocol) is None:
            yield StateFileProblem((*path, "protocol"), "error", "expected TCP, UDP or SCTP")
        if not port.port:
            yield StateFileProblem((*path, "port"), "error", "expected 1 to 65535")
    if not spec.ports:
        yield StateFileProblem((*place, "spec"), "error", "no ports: the service has no frontends")


def _check_slice(
    each: EndpointSlice, place: Path, objects: Objects, release: Release
) -> Iterator[StateFileProblem]:
    metadata = each.metadata
    name = metadata.labels.get(SERVICE_NAME_LABEL)
    if not name:
        reason = f"the label {SERVICE_NAME_LABEL} is missing: the slice belongs to no service"
        yield StateFileProblem((*place, "metadata"), "error", reason)
    elif (metadata.namespace, name) not in objects.services:
        reason = f"there is no service {metadata.namespace}/{name}"
        path = (*place, "metadata", "labels", SERVICE_NAME_LABEL)
        yield StateFileProblem(path, "error", reason)
    if each.address_type not in ("IPv4", "IPv6"):
        reason = f"expected IPv4 or IPv6, found {each.address_type!r}"
        yield StateFileProblem((*place, "addressType"), "error", reason)
    if _WEIGHT in metadata.annotations and not release.since(20):
        path = (*place, "metadata", "annotations", _WEIGHT)
        yield StateFileProblem(path, "warning", f"{release} ignores weights, they came with 1.20")
    for index, endpoint in enumerate(each.endpoints):
        for number, text in enumerate(endpoint.addresses):
            path = (*place, "endpoints", index, "addresses", number)
            address = parse_address(text)
            if address is None:
                yield StateFileProblem(path, "error", f"not an IP address: {text!r}")
            elif _family(address) != each.address_type and each.address_type:
                reason = f"an {_family(address)} address in a slice of {each.address_type}"
                yield StateFileProblem(path, "error", reason)
    for index, port in enumerate(each.ports):
        if not port.port or parse_protocol(port.protocol) is None:
            reason = "agents drop a port without number or with an unknown protocol"
            yield StateFileProblem((*place, "ports", index), "error", reason)


def _check_backends(
    objects: Objects, places: Mapping[tuple[str, str, str], Path], release: Release
) -> Iterator[StateFileProblem]:
    """Yield the services, and their ports, to which no endpoint belongs."""
    reflection = Reflection(objects, release, is_standalone=True)
    for key, known in reflection.services.items():
        place = places.get(("services", *key), ("services",))
        if not known.frontends:
            reason = "agents list nothing of it: it has no address that they serve"
            yield StateFileProblem(place, "warning", reason)
            continue
        found = reflection.backends.get(key)
        backends = found.chosen if found else ()
        if not backends:
            yield StateFileProblem(place, "warning", "no endpoints: connections to it fail")
            continue
        ports = {(x.port_name, x.protocol) for x in known.frontends}
        for name, protocol in sorted(ports):
            if not any(x.protocol is protocol and x.fits(name) for x in backends):
                names = sorted({y for x in backends for y in x.names}) or ["without a name"]
                reason = f"no endpoint has the port {name!r} ({protocol}), but {', '.join(names)}"
                yield StateFileProblem((*place, "spec", "ports"), "error", reason)


def _family(address: AddrCluster) -> str:
    return "IPv6" if address.is6 else "IPv4"


def _is_cidr(text: str) -> bool:
    try:
        parse_cidr(text)
    except AddressError:
        return False
    return True
