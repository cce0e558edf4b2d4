"""What a domain object has where the wire says nothing, and the addresses that recur."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from ..domain.addr_cluster import AddrCluster
from ..domain.backend import DEFAULT_BACKEND_WEIGHT, Backend
from ..domain.domain_model import DomainModel
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCTrafficPolicy, SVCType

__all__ = [
    "LONGEST_REMEMBERED",
    "Fields",
    "backend_defaults",
    "defaults",
    "remembered_address",
    "service_defaults",
]

Fields = dict[str, Any]

# Requests name the same addresses again and again, and to find one takes a fraction of the time
# that it takes to read it. They cannot be changed, so that objects can share them.
remembered_address = lru_cache(maxsize=4096)(AddrCluster.parse)
LONGEST_REMEMBERED = 64
"""How many characters a remembered text may have: a zone may be of any length, and nobody is
to fill our memory."""


@cache
def defaults(cls: type[DomainModel]) -> Fields:
    """The fields of an instance that is given none, in their order; to be copied."""
    return {name: field.get_default() for name, field in cls.model_fields.items()}


def backend_defaults(weight: int = DEFAULT_BACKEND_WEIGHT) -> Fields:
    """The fields of a backend of which the wire says nothing but where it is."""
    return defaults(Backend) | {"weight": weight}


@cache
def service_defaults() -> Fields:
    """The fields of a service without flags; the lists are to be replaced by new ones."""
    return defaults(SVC) | {
        "type": SVCType.ClusterIP,
        "ext_traffic_policy": SVCTrafficPolicy.Cluster,
        "int_traffic_policy": SVCTrafficPolicy.Cluster,
        "name": ServiceName(**defaults(ServiceName)),
    }
