"""polyfactory factories for the domain types and the wire models.

`SVCFactory.build(type=SVCType.NodePort)`, `SVCFactory.batch(10)`; `LoadBalancerFactory` is the
base for models of your own that have fields of these types.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Any, TypeVar

from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import BaseModel

from .. import models
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import Backend
from ..domain.l3n4 import L3n4Addr, L3n4AddrID
from ..domain.l4 import L4Addr
from ..domain.scalars import UINT16_MAX, UINT32_MAX
from ..domain.service import SVC, ServiceName
from ..domain.service_flags import ServiceFlags, SvcFlagParam

__all__ = [
    "BackendAddressFactory",
    "BackendFactory",
    "FrontendAddressFactory",
    "FrontendMappingFactory",
    "L3n4AddrFactory",
    "L3n4AddrIDFactory",
    "L4AddrFactory",
    "LRPBackendFactory",
    "LRPSpecFactory",
    "LoadBalancerFactory",
    "SVCFactory",
    "ServiceFactory",
    "ServiceNameFactory",
    "ServiceSpecFactory",
    "ServiceSpecFlagsFactory",
    "ServiceStatusFactory",
    "SvcFlagParamFactory",
]

_T = TypeVar("_T", bound=BaseModel)


class LoadBalancerFactory(ModelFactory[_T]):
    """The base of the factories: it provides the types of this package that are not models."""

    __is_base_factory__ = True

    @classmethod
    def get_provider_map(cls) -> dict[Any, Callable[[], Any]]:
        """Return the providers by type: those of polyfactory and those of this package."""
        return {
            **super().get_provider_map(),
            AddrCluster: cls.addr_cluster,
            IPv4Network: lambda: IPv4Network(cls.__faker__.ipv4(network=True)),
            IPv6Network: lambda: IPv6Network(cls.__faker__.ipv6(network=True)),
            ServiceFlags: lambda: ServiceFlags(cls.__random__.randint(0, UINT16_MAX)),
        }

    @classmethod
    def addr_cluster(cls) -> AddrCluster:
        """Return an address of either family, in the own cluster."""
        if cls.__random__.getrandbits(1):
            return AddrCluster(cls.__faker__.ipv4())
        return AddrCluster(IPv6Address(cls.__random__.getrandbits(128)))


class L4AddrFactory(LoadBalancerFactory[L4Addr]):
    """Builds `L4Addr`."""


class L3n4AddrFactory(LoadBalancerFactory[L3n4Addr]):
    """Builds `L3n4Addr`."""


class L3n4AddrIDFactory(LoadBalancerFactory[L3n4AddrID]):
    """Builds `L3n4AddrID`."""


class BackendFactory(LoadBalancerFactory[Backend]):
    """Builds `Backend`."""


class ServiceNameFactory(LoadBalancerFactory[ServiceName]):
    """Builds `ServiceName`."""


class SVCFactory(LoadBalancerFactory[SVC]):
    """Builds `SVC`."""


class SvcFlagParamFactory(LoadBalancerFactory[SvcFlagParam]):
    """Builds `SvcFlagParam`."""


class FrontendAddressFactory(LoadBalancerFactory[models.FrontendAddress]):
    """Builds `models.FrontendAddress`, such as the agent accepts."""

    __set_as_default_factory_for_type__ = True

    @classmethod
    def ip(cls) -> str:
        """Return an address as text."""
        return str(cls.addr_cluster())

    @classmethod
    def protocol(cls) -> str:
        """Return a protocol that a frontend can have: not `any`."""
        return cls.__random__.choice(["tcp", "udp"])

    @classmethod
    def scope(cls) -> str:
        """Return a scope, without which a frontend is not valid."""
        return cls.__random__.choice(["external", "internal"])


class BackendAddressFactory(LoadBalancerFactory[models.BackendAddress]):
    """Builds `models.BackendAddress`; its `ip` is an address."""

    __set_as_default_factory_for_type__ = True

    @classmethod
    def ip(cls) -> str:
        """Return an address as text."""
        return str(cls.addr_cluster())


class ServiceSpecFlagsFactory(LoadBalancerFactory[models.ServiceSpecFlags]):
    """Builds `models.ServiceSpecFlags`."""


class ServiceSpecFactory(LoadBalancerFactory[models.ServiceSpec]):
    """Builds `models.ServiceSpec`, such as the agent accepts."""

    __set_as_default_factory_for_type__ = True

    @classmethod
    def id(cls) -> int:
        """Return an id of a service, 1 … 2³²-1."""
        return cls.__random__.randint(1, UINT32_MAX)


class ServiceStatusFactory(LoadBalancerFactory[models.ServiceStatus]):
    """Builds `models.ServiceStatus`."""


class ServiceFactory(LoadBalancerFactory[models.Service]):
    """Builds `models.Service`."""


class LRPBackendFactory(LoadBalancerFactory[models.LRPBackend]):
    """Builds `models.LRPBackend`."""


class FrontendMappingFactory(LoadBalancerFactory[models.FrontendMapping]):
    """Builds `models.FrontendMapping`."""


class LRPSpecFactory(LoadBalancerFactory[models.LRPSpec]):
    """Builds `models.LRPSpec`."""
