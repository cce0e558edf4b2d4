"""Hypothesis strategies for the domain types and the wire models.

The extra `testing` registers them through Hypothesis' entry point: `st.from_type(SVC)` works
without an import of this module, for wire models and for fields of other classes too. What a
strategy generates is what the type accepts; `wire_services()` generates what the agent's API can
carry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from inspect import isclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .. import models
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import Backend
from ..domain.backend_state import BackendState, BackendStateFlags
from ..domain.l3n4 import L3n4Addr, L3n4AddrID, Scope
from ..domain.l4 import L4Addr, L4Type
from ..domain.service import SVC, ServiceName
from ..domain.service_flags import ServiceFlagBit, ServiceFlags, SvcFlagParam
from ..domain.service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType

__all__ = [
    "TYPES",
    "addr_clusters",
    "cidrs",
    "from_annotation",
    "ip_addresses",
    "ipv4_addresses",
    "ipv6_addresses",
    "register",
    "texts",
    "wire_backends",
    "wire_frontends",
    "wire_services",
    "zones",
]

_T = TypeVar("_T")
_Model = TypeVar("_Model", bound=BaseModel)

# Fields of the wire models that are text to JSON and an address to the agent.
_ADDRESSES_AS_TEXT = {"ip"}


def texts() -> st.SearchStrategy[str]:
    """Generate short texts that JSON can hold: without half a surrogate pair."""
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def ip_addresses() -> st.SearchStrategy[IPv4Address | IPv6Address]:
    """Generate addresses of both families."""
    return st.one_of(ipv4_addresses(), ipv6_addresses())


def ipv4_addresses() -> st.SearchStrategy[IPv4Address]:
    """Generate IPv4 addresses, the first and the last among them."""
    ends = [IPv4Address(0), IPv4Address(1), IPv4Address("255.255.255.255")]
    return st.one_of(_of_family(4).map(IPv4Address), st.sampled_from(ends))


def _of_family(version: Literal[4, 6]) -> st.SearchStrategy[int]:
    return st.ip_addresses(v=version).map(int)


def ipv6_addresses() -> st.SearchStrategy[IPv6Address]:
    """Generate IPv6 addresses: runs of zeros and 4-in-6 addresses among them."""
    group = st.sampled_from([0, 0, 0, 1, 0xFF, 0x102, 0xFFFF, 0xFD00])
    groups = st.lists(group, min_size=8, max_size=8)
    return st.one_of(
        _of_family(6).map(IPv6Address),
        groups.map(lambda each: IPv6Address(b"".join(part.to_bytes(2, "big") for part in each))),
        st.integers(0, 2**32 - 1).map(lambda tail: IPv6Address((0xFFFF << 32) + tail)),
    )


def zones() -> st.SearchStrategy[str]:
    """Generate IPv6 zones, without the `@` that makes the printed text ambiguous."""
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="@")
    return st.text(characters, max_size=8)


@st.composite
def addr_clusters(draw: st.DrawFn) -> AddrCluster:
    """Generate addresses of either family, some with a zone or a cluster id."""
    address = draw(ip_addresses())
    cluster_id = draw(st.one_of(st.just(0), _integers(0, 2**32 - 1)))
    zone = ""
    if isinstance(address, IPv6Address):
        zone = draw(st.one_of(st.just(""), zones()))
    return AddrCluster(f"{address}{'%' + zone if zone else ''}@{cluster_id}")


def cidrs() -> st.SearchStrategy[IPv4Network | IPv6Network]:
    """Generate address ranges of both families."""
    return st.one_of(
        st.tuples(ipv4_addresses(), st.integers(0, 32)).map(
            lambda pair: ip_network(pair, strict=False)
        ),
        st.tuples(ipv6_addresses(), st.integers(0, 128)).map(
            lambda pair: ip_network(pair, strict=False)
        ),
    )


def wire_backends() -> st.SearchStrategy[Backend]:
    """Generate backends that the API can carry: external, without protocol, id and port name.

    A weight of 0 is MAINTENANCE, and no state is INVALID.
    """
    states = [state for state in BackendState if state is not BackendState.INVALID]
    carried = {"port", "addr_cluster", "node_name", "preferred"}
    return st.one_of(
        _instances(Backend, carried, weight=_integers(1, 2**16 - 1), state=st.sampled_from(states)),
        _instances(Backend, carried, weight=st.just(0), state=st.just(BackendState.MAINTENANCE)),
    )


def wire_frontends() -> st.SearchStrategy[L3n4AddrID]:
    """Generate frontends that the API can carry: no SCTP."""
    protocols = st.sampled_from([L4Type.NONE, L4Type.TCP, L4Type.UDP])
    return _instances(L3n4AddrID, {"port", "addr_cluster", "scope", "id"}, protocol=protocols)


def wire_services() -> st.SearchStrategy[SVC]:
    """Generate services that are equal to themselves after a round trip through the API.

    `wire_services().map(SVC.get_model)` generates wire models that can be converted.
    """
    policies = st.sampled_from([SVCTrafficPolicy.Cluster, SVCTrafficPolicy.Local])
    return _instances(
        SVC,
        {"nat_policy", "health_check_node_port"},
        frontend=wire_frontends(),
        backends=st.lists(wire_backends(), max_size=4),
        type=st.sampled_from([each for each in SVCType if each is not SVCType.NONE]),
        ext_traffic_policy=policies,
        int_traffic_policy=policies,
        name=st.builds(ServiceName, namespace=texts(), name=texts()),
    )


def from_annotation(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Generate values of an annotation, such as `SVC`, `BackendID` or `list[CIDR] | None`.

    `st.from_type` ignores the range of an alias such as `BackendID`; this keeps it.

    Raises:
        TypeError: the annotation has no strategy.
    """
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return from_annotation(inner, (*metadata, *_flattened(more)))
    if strategy := _own_strategies().get(annotation):
        return strategy()
    if annotation is int:
        return _integers(*_bounds(metadata))
    if isclass(annotation) and issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return _instances(annotation, {*annotation.model_fields})
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(from_annotation(arguments[0]), max_size=4)
    if origin in (Union, UnionType):
        return st.one_of(*(from_annotation(each, metadata) for each in arguments))
    raise TypeError(f"no strategy for {annotation}")


@cache
def _own_strategies() -> dict[Any, Callable[[], st.SearchStrategy[Any]]]:
    return {
        AddrCluster: addr_clusters,
        IPv4Network | IPv6Network: cidrs,
        NoneType: st.none,
        ServiceFlags: lambda: _integers(0, 2**16 - 1).map(ServiceFlags),
        bool: st.booleans,
        str: texts,
    }


def _flattened(metadata: list[Any]) -> Iterator[Any]:
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from each.metadata
        else:
            yield each


def _bounds(metadata: tuple[Any, ...]) -> tuple[int, int]:
    low = next((each.ge for each in metadata if isinstance(each, Ge)), -(2**63))
    high = next((each.le for each in metadata if isinstance(each, Le)), 2**63 - 1)
    return int(str(low)), int(str(high))


def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    """Generate numbers of a range, its ends more often than others."""
    return st.one_of(st.sampled_from([low, low + 1, high]), st.integers(low, high))


def _instances(
    cls: type[_Model], derived: set[str], **given: st.SearchStrategy[Any]
) -> st.SearchStrategy[_Model]:
    """Generate instances: some fields by their annotation, some as given, others by default."""
    fields = {
        name: _of_field(name, field) for name, field in cls.model_fields.items() if name in derived
    }
    return st.builds(cls, **fields, **given)


def _of_field(name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    values = from_annotation(field.annotation, tuple(field.metadata))
    if name in _ADDRESSES_AS_TEXT:
        return st.one_of(addr_clusters().map(str), values)
    return values


TYPES: tuple[type[Any], ...] = (
    *(AddrCluster, Backend, L3n4Addr, L3n4AddrID, L4Addr, ServiceName, SVC, SvcFlagParam),
    *(BackendState, BackendStateFlags, L4Type, Scope, ServiceFlagBit, ServiceFlags),
    *(SVCNatPolicy, SVCTrafficPolicy, SVCType),
    *(models.BackendAddress, models.FrontendAddress, models.FrontendMapping, models.LRPBackend),
    *(models.LRPSpec, models.Service, models.ServiceSpec, models.ServiceSpecFlags),
    *(models.ServiceStatus, models.Error),
)
"""The types that `register` registers."""


def register() -> None:
    """Register a strategy for each of `TYPES`: the entry point that Hypothesis calls."""
    for cls in TYPES:
        st.register_type_strategy(cls, from_annotation)
