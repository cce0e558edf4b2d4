"""The conversion of wire models to domain objects, a function for each model.

Values that plainly are what a field takes, as all are that came from JSON, are moved from
instance to instance: to validate them again would take as long as all the rest. A model may
have been given others, by assignment or `model_construct`; there the constructor of the domain
class decides. `refusals` says what is wrong with values that a wire model can have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import models
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import Backend
from ..domain.backend_state import BackendState
from ..domain.domain_model import DomainModel, all_fields_set
from ..domain.l3n4 import L3n4Addr, L3n4AddrID
from ..domain.pydantic_inside import maker
from ..domain.scalars import UINT16_MAX, UINT32_MAX
from ..domain.service import SVC, ServiceName
from ..errors import AddressError
from .defaults import (
    Fields,
    defaults,
    service_defaults,
)
from .model import WireModel
from .words import NAT_POLICIES, PROTOCOLS, SCOPES, STATES, SVC_TYPES, TRAFFIC_POLICIES

__all__ = ["OtherObjectError", "new_backend", "new_frontend", "new_service"]

_MAINTENANCE = BackendState.MAINTENANCE


class OtherObjectError(TypeError):
    """An object is not an instance of the wire model that is to be converted."""


def _maker(cls: type[DomainModel]) -> Callable[[Fields, bool], Any]:
    """What makes instances of a domain class of values for all of its fields."""
    fields_set, instance = all_fields_set(cls), maker(cls)

    def make(fields: Fields, are_plain: bool) -> Any:
        return instance((fields, None, fields_set)) if are_plain else cls(**fields)

    return make


_make_frontend = _maker(L3n4Addr)
_make_frontend_with_id = _maker(L3n4AddrID)
_make_backend = _maker(Backend)
_make_name = _maker(ServiceName)
_make_service = _maker(SVC)


def new_frontend(base: models.FrontendAddress) -> L3n4Addr:
    """The address of a frontend.

    Raises:
        ValueError: a word or the address cannot be read, or a value is not one of its field.
        OtherObjectError: it is another object.
        AttributeError, KeyError, TypeError: a value is not even of the right type, or missing.
    """
    frontend: L3n4Addr = _make_frontend(*_frontend_fields(base, defaults(L3n4Addr)))
    return frontend


def new_backend(base: models.BackendAddress, absent: Fields) -> Backend:
    """A backend, with these fields where the wire says nothing.

    It raises what `new_frontend` does.
    """
    if type(base) is not models.BackendAddress:
        _check(base, models.BackendAddress)
    values = base.__dict__
    fields = absent.copy()
    fields["addr_cluster"] = _address(values["ip"])
    are_plain = True
    if (port := values["port"]) is not None:
        fields["port"] = port
        are_plain = type(port) is int and 0 <= port <= UINT16_MAX
    if (weight := values["weight"]) is not None:
        fields["weight"] = weight
        are_plain &= type(weight) is int and 0 <= weight <= UINT16_MAX
    if (node_name := values["node_name"]) is not None:
        fields["node_name"] = node_name
        are_plain &= type(node_name) is str and node_name.isascii()
    if (state := values["state"]) is not None:
        fields["state"] = STATES[state]
    if (preferred := values["preferred"]) is not None:
        fields["preferred"] = preferred
        are_plain &= type(preferred) is bool
    if not fields["weight"]:
        fields["state"] = _MAINTENANCE
    backend: Backend = _make_backend(fields, are_plain)
    return backend


def new_service(base: models.ServiceSpec, absent_backend: Fields) -> SVC:
    """The service of a spec; backends have these fields where the wire says nothing.

    It raises what `new_frontend` does.
    """
    if type(base) is not models.ServiceSpec:
        _check(base, models.ServiceSpec)
    values = base.__dict__
    address, are_plain = _frontend_fields(values["frontend_address"], defaults(L3n4AddrID))
    backends = [new_backend(each, absent_backend) for each in values["backend_addresses"] or ()]
    if (id := values["id"]) is not None:
        address["id"] = id
        are_plain &= type(id) is int and 0 <= id <= UINT32_MAX
    fields = service_defaults().copy()
    fields["frontend"] = _make_frontend_with_id(address, are_plain)
    fields["backends"] = backends
    fields["load_balancer_source_ranges"] = []
    fields["l7lb_frontend_ports"] = []
    are_plain = values["flags"] is None or _read_flags(values["flags"], fields)
    svc: SVC = _make_service(fields, are_plain)
    return svc


def _frontend_fields(base: models.FrontendAddress, absent: Fields) -> tuple[Fields, bool]:
    """The fields of a frontend, and whether they plainly are what its class takes."""
    if type(base) is not models.FrontendAddress:
        _check(base, models.FrontendAddress)
    values = base.__dict__
    fields = absent.copy()
    are_plain = True
    if (protocol := values["protocol"]) is not None:
        fields["protocol"] = PROTOCOLS[protocol]
    if (port := values["port"]) is not None:
        fields["port"] = port
        are_plain = type(port) is int and 0 <= port <= UINT16_MAX
    fields["addr_cluster"] = _address(values["ip"])
    fields["scope"] = SCOPES[values["scope"]]
    return fields, are_plain


def _read_flags(base: models.ServiceSpecFlags, fields: Fields) -> bool:
    """Put what flags say into the fields of a service; whether it plainly is what these take.

    The deprecated name of the external policy is not read.
    """
    if type(base) is not models.ServiceSpecFlags:
        _check(base, models.ServiceSpecFlags)
    values = base.__dict__
    if (type_ := values["type"]) is not None:
        fields["type"] = SVC_TYPES[type_]
    if (policy := values["ext_traffic_policy"]) is not None:
        fields["ext_traffic_policy"] = TRAFFIC_POLICIES[policy]
    if (policy := values["int_traffic_policy"]) is not None:
        fields["int_traffic_policy"] = TRAFFIC_POLICIES[policy]
    if (nat_policy := values["nat_policy"]) is not None:
        fields["nat_policy"] = NAT_POLICIES[nat_policy]
    name, namespace = values["name"] or "", values["namespace"] or ""
    if name or namespace:
        fields["name"] = _new_name(name, namespace)
    if (port := values["health_check_node_port"]) is None:
        return True
    fields["health_check_node_port"] = port
    return type(port) is int and 0 <= port <= UINT16_MAX


def _new_name(name: str, namespace: str) -> ServiceName:
    fields = defaults(ServiceName) | {"name": name, "namespace": namespace}
    # Half a surrogate pair is not ASCII.
    are_plain = type(name) is str and type(namespace) is str
    made: ServiceName = _make_name(fields, are_plain and (name + namespace).isascii())
    return made


def _address(text: str | None) -> AddrCluster:
    if text is None:
        raise AddressError("missing IP address")
    return AddrCluster.parse(text)


def _check(base: object, model: type[WireModel]) -> None:
    """A model may have been extended; any other object is a mistake."""
    if not isinstance(base, model):
        raise OtherObjectError(f"{model.__name__} expected, not {type(base).__name__}")
