"""What is called most, each beside its floor: the barest Python that does the same thing.

For addresses that is a frozen dataclass of what the C library makes of the text; for wire models
Pydantic's constructor without validation; for JSON the parser of Pydantic alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from pydantic_core import from_json

import loadbalancer as lb
from loadbalancer import models

from .dumps import PUT_BODY
from .timing import Work, compare

__all__ = ["calls"]


_Call = tuple[str, Work, str, Work]
"""A call by its name, and its floor by its own."""


@dataclass(frozen=True, slots=True, order=True)
class PlainAddress:
    """An address that knows no cluster and no zone."""

    packed: bytes
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class PlainFrontend:
    """An address and what else a frontend has."""

    address: PlainAddress
    port: int
    protocol: str
    scope: int

    def __str__(self) -> str:
        return f"{self.address.text}:{self.port}"


def plain_ipv4(text: str) -> PlainAddress:
    """The floor of reading an address."""
    packed = inet_pton(AF_INET, text)
    return PlainAddress(packed, inet_ntop(AF_INET, packed))


def plain_ipv6(text: str) -> PlainAddress:
    """The same for IPv6."""
    packed = inet_pton(AF_INET6, text)
    return PlainAddress(packed, inet_ntop(AF_INET6, packed))


def calls() -> None:
    """Print what each call takes, what its floor takes, and the ratio."""
    print("\nSingle calls, each beside its floor\n")
    print("| call | ns | floor | ns | ratio |")
    print("|---|---:|---|---:|---:|")
    for name, work, floor_name, floor in _readings() + _comparisons() + _conversions():
        least, measured = compare({floor_name: floor, name: work}, rounds=15, loops=5_000)
        print(
            f"| {name} | {measured.seconds * 1e9:.0f} | {floor_name} "
            f"| {least.seconds * 1e9:.0f} | {measured.ratio:.2f} |"
        )


def _readings() -> list[_Call]:
    parse, library = lb.AddrCluster.parse, "inet_pton, inet_ntop, dataclass"
    return [
        ("parse 10.0.0.1", lambda: parse("10.0.0.1"), library, lambda: plain_ipv4("10.0.0.1")),
        (
            "parse 10.0.0.1",
            lambda: parse("10.0.0.1"),
            "ipaddress.ip_address",
            lambda: ip_address("10.0.0.1"),
        ),
        ("parse fd00::1:2", lambda: parse("fd00::1:2"), library, lambda: plain_ipv6("fd00::1:2")),
        (
            "parse FD00:0::0:1",
            lambda: parse("FD00:0::0:1"),
            library,
            lambda: plain_ipv6("FD00:0::0:1"),
        ),
        (
            "parse FD00:0::0:1",
            lambda: parse("FD00:0::0:1"),
            "ipaddress.ip_address",
            lambda: ip_address("FD00:0::0:1"),
        ),
    ]


def _comparisons() -> list[_Call]:
    address, same, other = (lb.AddrCluster(each) for each in ("fd00::1", "fd00::1", "fd00::2"))
    plain, plain_same, plain_other = (
        plain_ipv6(each) for each in ("fd00::1", "fd00::1", "fd00::2")
    )
    frontend = lb.L3n4Addr(addr_cluster=lb.AddrCluster("10.0.0.1"), port=80, protocol=lb.L4Type.TCP)
    plain_frontend = PlainFrontend(plain_ipv4("10.0.0.1"), 80, "TCP", 0)
    data = "dataclass"
    return [
        ("str(AddrCluster)", lambda: str(address), data, lambda: str(plain)),
        ("hash(AddrCluster)", lambda: hash(address), data, lambda: hash(plain)),
        ("AddrCluster ==", lambda: address == same, data, lambda: plain == plain_same),
        ("AddrCluster <", lambda: address < other, data, lambda: plain < plain_other),
        ("str(L3n4Addr)", lambda: str(frontend), data, lambda: str(plain_frontend)),
        ("hash(L3n4Addr)", lambda: hash(frontend), data, lambda: hash(plain_frontend)),
    ]


def _conversions() -> list[_Call]:
    svc = lb.load_service_spec(PUT_BODY)
    backend, answer = svc.backends[0], lb.dump_service(svc)
    facts = backend.get_backend_model().model_dump(by_alias=False)
    address, port, weight = backend.addr_cluster, backend.port, backend.weight
    construct = models.BackendAddress.model_construct
    return [
        (
            "get_backend_model",
            backend.get_backend_model,
            "model_construct of its facts",
            lambda: construct(**facts),
        ),
        (
            "Backend(...)",
            lambda: lb.Backend(addr_cluster=address, port=port, weight=weight),
            "Backend.model_construct(...)",
            lambda: lb.Backend.model_construct(addr_cluster=address, port=port, weight=weight),
        ),
        (
            "load_service",
            lambda: lb.load_service(answer),
            "pydantic_core.from_json",
            lambda: from_json(answer),
        ),
    ]
