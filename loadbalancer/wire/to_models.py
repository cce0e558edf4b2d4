"""The conversion of domain objects to wire models, a function for each model.

What is empty is absent (Go: `omitempty`). `writing` says the same as text, by the same words:
`tests/property/test_conversions.py` holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import models
from ..domain.backend import Backend
from ..domain.l3n4 import L3n4Addr
from ..domain.pydantic_inside import Parts, maker
from ..domain.service import SVC
from .model import WireModel
from .words import PROTOCOL_WORDS, SCOPE_WORDS, WIRE_STATE_WORDS, wire_word
from .writing import by_id

__all__ = ["backend_model", "frontend_model", "service_model"]

Fields = Mapping[str, Any]


def _instances(model: type[WireModel]) -> tuple[Callable[[Parts], Any], set[str]]:
    """What makes instances of a model of all its fields, in their order, and their names.

    Nothing is validated, since a domain object has no values that its wire model would refuse:
    to read them anew took two and a half times as long. The instances share the names, which
    callers never get (see `WireModel.model_fields_set`).
    """
    return maker(model), set(model.model_fields)


_new_backend, _OF_BACKEND = _instances(models.BackendAddress)
_new_flags, _OF_FLAGS = _instances(models.ServiceSpecFlags)
_new_frontend, _OF_FRONTEND = _instances(models.FrontendAddress)
_new_service, _OF_SERVICE = _instances(models.Service)
_new_spec, _OF_SPEC = _instances(models.ServiceSpec)
_new_status, _OF_STATUS = _instances(models.ServiceStatus)


def frontend_model(addr: L3n4Addr, *, include_protocol: bool = True) -> models.FrontendAddress:
    """The FrontendAddress of an address."""
    fields: Fields = addr.__dict__
    values: Fields = {
        "ip": fields["addr_cluster"]._text,
        "port": fields["port"] or None,
        "protocol": PROTOCOL_WORDS.get(fields["protocol"]) if include_protocol else None,
        "scope": SCOPE_WORDS[fields["scope"]],
    }
    model: models.FrontendAddress = _new_frontend((values, None, _OF_FRONTEND))
    return model


def backend_model(backend: Backend) -> models.BackendAddress:
    """The BackendAddress of a backend."""
    fields: Fields = backend.__dict__
    values: Fields = {
        "ip": fields["addr_cluster"]._text,
        "node_name": fields["node_name"] or None,
        "port": fields["port"] or None,
        "preferred": fields["preferred"] or None,
        "state": WIRE_STATE_WORDS[fields["state"]],
        # A weight of 0 is not left out: it says something, that the backend is in maintenance.
        "weight": fields["weight"],
    }
    model: models.BackendAddress = _new_backend((values, None, _OF_BACKEND))
    return model


def service_model(svc: SVC, *, include_protocol: bool = True) -> models.Service:
    """The Service of a service, backends ordered by id; spec and status share one ServiceSpec."""
    fields: Fields = svc.__dict__
    frontend = fields["frontend"]
    backends = [backend_model(each) for each in sorted(fields["backends"], key=by_id)]
    values: Fields = {
        "backend_addresses": backends,
        "flags": _flags_model(fields),
        "frontend_address": frontend_model(frontend, include_protocol=include_protocol),
        "id": frontend.__dict__["id"] or None,
        "update_services": None,
    }
    spec = _new_spec((values, None, _OF_SPEC))
    status = _new_status(({"realized": spec}, None, _OF_STATUS))
    model: models.Service = _new_service(({"spec": spec, "status": status}, None, _OF_SERVICE))
    return model


def _flags_model(fields: Fields) -> models.ServiceSpecFlags:
    ext_policy = wire_word(fields["ext_traffic_policy"])
    name: Fields = fields["name"].__dict__
    values: Fields = {
        "ext_traffic_policy": ext_policy,
        "health_check_node_port": fields["health_check_node_port"] or None,
        "int_traffic_policy": wire_word(fields["int_traffic_policy"]),
        "name": name["name"] or None,
        "namespace": name["namespace"] or None,
        "nat_policy": wire_word(fields["nat_policy"]),
        "traffic_policy": ext_policy,
        "type": wire_word(fields["type"]),
    }
    model: models.ServiceSpecFlags = _new_flags((values, None, _OF_FLAGS))
    return model
