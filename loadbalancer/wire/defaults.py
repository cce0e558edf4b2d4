"""What a domain object has where the wire says nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..domain.backend import DEFAULT_BACKEND_WEIGHT, Backend
from ..domain.domain_model import DomainModel
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCTrafficPolicy, SVCType

__all__ = [
    "Fields",
    "backend_defaults",
    "defaults",
    "service_defaults",
]

Fields = dict[str, Any]


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
