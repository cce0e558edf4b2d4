"""Conversion between wire models and domain objects, one plain function for each direction."""

from __future__ import annotations

from typing import Any

from . import models
from .backend import DEFAULT_BACKEND_WEIGHT, Backend
from .conversion_rules import backend_fields, frontend_fields, service_fields
from .domain_model import DomainModel
from .errors import ConversionError
from .l3n4 import L3n4Addr
from .service import SVC
from .wire_values import backend_values, frontend_values, spec_values

__all__ = [
    "backend_address_model",
    "frontend_address_model",
    "new_backend_from_backend_model",
    "new_l3n4_addr_from_backend_model",
    "new_l3n4_addr_from_model",
    "new_svc_from_model",
    "new_svc_from_service",
    "service_model",
    "spec_of_service",
]


def new_l3n4_addr_from_model(base: models.FrontendAddress | None) -> L3n4Addr | None:
    """The frontend address of a wire model; None stays None (Go: `NewL3n4AddrFromModel`).

    Raises:
        ConversionError: the ip, the protocol or the scope is missing or wrong.
    """
    return None if base is None else L3n4Addr(**_frontend_fields(base))


def new_l3n4_addr_from_backend_model(base: models.BackendAddress) -> L3n4Addr:
    """The address of a backend, external and of no protocol (Go: `NewL3n4AddrFromBackendModel`).

    Raises:
        ConversionError: the ip is no address.
    """
    fields = backend_fields(base.ip, port=base.port)
    return L3n4Addr(addr_cluster=fields["addr_cluster"], port=fields["port"])


def new_backend_from_backend_model(
    base: models.BackendAddress, *, default_weight: int = DEFAULT_BACKEND_WEIGHT
) -> Backend:
    """The backend of a wire model, with id 0 (Go: `NewBackendFromBackendModel`).

    A weight of 0 puts it into maintenance whatever its state says. An absent weight is
    `default_weight`, 0 … 65535; the reference takes 0.

    Raises:
        ConversionError: the ip is no address or the state none of a backend.
    """
    fields = backend_fields(
        base.ip,
        base.node_name,
        base.port,
        base.preferred,
        base.state,
        base.weight,
        default_weight=default_weight,
    )
    return Backend(**fields)


def new_svc_from_model(
    base: models.ServiceSpec, *, default_weight: int = DEFAULT_BACKEND_WEIGHT
) -> SVC:
    """The service of a spec: the inverse of `SVC.get_model`.

    Backends have id 0, since the wire has none. An absent weight is `default_weight`.

    Raises:
        ConversionError: the frontend, a backend or the id is wrong.
    """
    try:
        frontend = _frontend_fields(base.frontend_address)
    except ConversionError as error:
        raise error.below("/frontend-address") from None
    backends: list[Backend] = []
    for index, backend in enumerate(base.backend_addresses or ()):
        try:
            converted = new_backend_from_backend_model(backend, default_weight=default_weight)
        except ConversionError as error:
            raise error.below(f"/backend-addresses/{index}") from None
        backends.append(converted)
    flags = base.flags.__dict__ if base.flags else None
    return SVC(**service_fields(frontend, backends, flags, base.id, _validated))


def new_svc_from_service(
    base: models.Service, *, default_weight: int = DEFAULT_BACKEND_WEIGHT
) -> SVC:
    """The service the API lists: what is realized of it, if anything is, else its spec.

    Raises:
        ConversionError: there is neither, or `new_svc_from_model` refuses it.
    """
    spec, pointer = spec_of_service(base)
    try:
        return new_svc_from_model(spec, default_weight=default_weight)
    except ConversionError as error:
        raise error.below(pointer) from None


def spec_of_service(base: models.Service) -> tuple[models.ServiceSpec, str]:
    """The spec that a service stands for, and the JSON Pointer to it.

    Raises:
        ConversionError: nothing is realized and there is no spec.
    """
    if base.status and base.status.realized:
        return base.status.realized, "/status/realized"
    if base.spec:
        return base.spec, "/spec"
    raise ConversionError("neither spec nor realized status", "service", "")


def frontend_address_model(
    addr: L3n4Addr, *, include_protocol: bool = True
) -> models.FrontendAddress:
    """What `L3n4Addr.get_model` returns."""
    values = frontend_values(addr, include_protocol=include_protocol)
    return models.FrontendAddress.model_validate(values)


def backend_address_model(backend: Backend) -> models.BackendAddress:
    """What `Backend.get_backend_model` returns."""
    return models.BackendAddress.model_validate(backend_values(backend))


def service_model(svc: SVC, *, include_protocol: bool = True) -> models.Service:
    """What `SVC.get_model` returns; spec and status share one ServiceSpec, as in Go."""
    spec = models.ServiceSpec.model_validate(spec_values(svc, include_protocol=include_protocol))
    return models.Service.model_validate({"spec": spec, "status": {"realized": spec}})


def _frontend_fields(base: models.FrontendAddress) -> dict[str, Any]:
    return frontend_fields(base.ip, base.port, base.protocol, base.scope)


def _validated(cls: type[DomainModel], fields: dict[str, Any]) -> DomainModel:
    # A wire model may have been changed after it had been validated.
    return cls(**fields)
