"""Other ways to read a dump, written as somebody would who does without this library.

Each makes objects of the same content out of a dump, and checks what it checks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Literal

import msgspec
import orjson

STATES = ("active", "terminating", "quarantined", "maintenance")
TYPES = ("ClusterIP", "NodePort", "ExternalIPs", "HostPort", "LoadBalancer", "LocalRedirect")


@dataclass(slots=True)
class PlainBackend:
    """A backend with no validation of its own."""

    ip: IPv4Address | IPv6Address
    port: int = 0
    state: str = "active"
    weight: int = 100
    node_name: str = ""
    preferred: bool = False


@dataclass(slots=True)
class PlainService:
    """A service with no validation of its own."""

    ip: IPv4Address | IPv6Address
    port: int
    protocol: str
    scope: str
    id: int
    type: str
    ext_policy: str
    int_policy: str
    name: str
    namespace: str
    backends: list[PlainBackend] = field(default_factory=list[PlainBackend])


def by_hand(data: bytes) -> list[PlainService]:
    """orjson, and the checks one would write by hand for both spec and realized."""
    result: list[PlainService] = []
    for service in orjson.loads(data):
        checked(service["spec"])
        result.append(checked(service["status"]["realized"]))
    return result


def checked(spec: dict[str, Any]) -> PlainService:
    """A spec whose facts are checked one by one."""
    frontend: dict[str, Any] = spec["frontend-address"]
    flags: dict[str, Any] = spec.get("flags") or {}
    if frontend["scope"] not in ("external", "internal"):
        raise ValueError("scope")
    if flags.get("type", "ClusterIP") not in TYPES:
        raise ValueError("type")
    return PlainService(
        ip=ip_address(frontend["ip"]),
        port=uint16(frontend.get("port", 0)),
        protocol=text(frontend.get("protocol", "")),
        scope=frontend["scope"],
        id=whole(spec.get("id", 0)),
        type=flags.get("type", "ClusterIP"),
        ext_policy=text(flags.get("extTrafficPolicy", "")),
        int_policy=text(flags.get("intTrafficPolicy", "")),
        name=text(flags.get("name", "")),
        namespace=text(flags.get("namespace", "")),
        backends=[checked_backend(each) for each in spec.get("backend-addresses") or ()],
    )


def checked_backend(backend: dict[str, Any]) -> PlainBackend:
    """A backend whose facts are checked one by one."""
    state = backend.get("state", "active")
    if state not in STATES:
        raise ValueError("state")
    return PlainBackend(
        ip=ip_address(text(backend["ip"])),
        port=uint16(backend.get("port", 0)),
        state=state,
        weight=uint16(backend.get("weight", 100)),
        node_name=text(backend.get("nodeName", "")),
        preferred=backend.get("preferred", False) is True,
    )


def whole(value: object) -> int:
    """An integer that is no boolean."""
    if type(value) is not int:
        raise ValueError("integer")
    return value


def uint16(value: object) -> int:
    """An integer of 16 bits."""
    if not 0 <= (number := whole(value)) <= 65535:
        raise ValueError("range")
    return number


def text(value: object) -> str:
    """A text."""
    if type(value) is not str:
        raise ValueError("text")
    return value


Policy = Literal["Cluster", "Local"]


class BackendStruct(msgspec.Struct):
    """BackendAddress for msgspec."""

    ip: str
    node_name: str = msgspec.field(name="nodeName", default="")
    port: int = 0
    preferred: bool = False
    state: Literal["active", "terminating", "quarantined", "maintenance"] = "active"
    weight: int = 100


class FrontendStruct(msgspec.Struct):
    """FrontendAddress for msgspec."""

    ip: str
    scope: Literal["external", "internal"]
    port: int = 0
    protocol: Literal["tcp", "udp", "any", ""] = ""


class FlagsStruct(msgspec.Struct):
    """ServiceSpecFlags for msgspec."""

    ext_policy: Policy = msgspec.field(name="extTrafficPolicy", default="Cluster")
    int_policy: Policy = msgspec.field(name="intTrafficPolicy", default="Cluster")
    name: str = ""
    namespace: str = ""
    type: str = "ClusterIP"


class SpecStruct(msgspec.Struct):
    """ServiceSpec for msgspec."""

    frontend: FrontendStruct = msgspec.field(name="frontend-address")
    backends: list[BackendStruct] = msgspec.field(
        name="backend-addresses", default_factory=list[BackendStruct]
    )
    flags: FlagsStruct = msgspec.field(default_factory=FlagsStruct)
    id: int = 0


class StatusStruct(msgspec.Struct):
    """ServiceStatus for msgspec."""

    realized: SpecStruct


class ServiceStruct(msgspec.Struct):
    """Service for msgspec."""

    spec: SpecStruct
    status: StatusStruct


_decode = msgspec.json.Decoder(list[ServiceStruct]).decode


def by_msgspec(data: bytes) -> list[PlainService]:
    """msgspec structs, then the same objects as by hand."""
    return [_converted(each.status.realized) for each in _decode(data)]


def _converted(spec: SpecStruct) -> PlainService:
    frontend, flags = spec.frontend, spec.flags
    return PlainService(
        ip=ip_address(frontend.ip),
        port=frontend.port,
        protocol=frontend.protocol,
        scope=frontend.scope,
        id=spec.id,
        type=flags.type,
        ext_policy=flags.ext_policy,
        int_policy=flags.int_policy,
        name=flags.name,
        namespace=flags.namespace,
        backends=[
            PlainBackend(
                ip_address(each.ip),
                each.port,
                each.state,
                each.weight,
                each.node_name,
                each.preferred,
            )
            for each in spec.backends
        ],
    )
