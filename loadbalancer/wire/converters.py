"""Conversion between wire models and domain objects, one plain function for each direction."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pydantic_core import SchemaValidator

from .. import models
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import DEFAULT_BACKEND_WEIGHT, Backend
from ..domain.l3n4 import L3n4Addr
from ..domain.service import SVC
from ..errors import ConversionError
from .pydantic_inside import validator
from .reading import reading_of_models
from .refusals import Convertible, conversion_errors, ip_errors, spec_of_service
from .writing import backend_json, frontend_json, spec_json

__all__ = [
    "backend_address_model",
    "frontend_address_model",
    "new_backend_from_backend_model",
    "new_l3n4_addr_from_backend_model",
    "new_l3n4_addr_from_model",
    "new_svc_from_model",
    "new_svc_from_service",
    "service_model",
]

# What `model_validate_json` and `model_validate` do, without their options.
_read_frontend_address: Callable[[str], models.FrontendAddress]
_read_frontend_address = models.FrontendAddress.__pydantic_validator__.validate_json
_read_backend_address: Callable[[str], models.BackendAddress]
_read_backend_address = models.BackendAddress.__pydantic_validator__.validate_json
_read_spec: Callable[[str], models.ServiceSpec]
_read_spec = models.ServiceSpec.__pydantic_validator__.validate_json
_new_service: Callable[[dict[str, Any]], models.Service]
_new_service = models.Service.__pydantic_validator__.validate_python


def new_l3n4_addr_from_model(base: models.FrontendAddress | None) -> L3n4Addr | None:
    """The frontend address of a wire model; None stays None (Go: `NewL3n4AddrFromModel`).

    Raises:
        ConversionError: the ip, the protocol or the scope is missing or wrong.
    """
    return None if base is None else _convert(_frontend_validator(), base)


def new_l3n4_addr_from_backend_model(base: models.BackendAddress) -> L3n4Addr:
    """The address of a backend, external and of no protocol (Go: `NewL3n4AddrFromBackendModel`).

    Raises:
        ConversionError: the ip is not an address.
    """
    for error in ip_errors(base.ip, "backend"):
        raise error
    return L3n4Addr(addr_cluster=AddrCluster(base.ip), port=base.port or 0)


def new_backend_from_backend_model(
    base: models.BackendAddress, *, default_weight: int = DEFAULT_BACKEND_WEIGHT
) -> Backend:
    """The backend of a wire model, with id 0 (Go: `NewBackendFromBackendModel`).

    A weight of 0 puts it into maintenance whatever its state says. An absent weight is
    `default_weight`, 0 … 65535; the reference takes 0.

    Raises:
        ConversionError: the ip is not an address, or there is no such state.
    """
    backend: Backend = _convert(_backend_validator(default_weight), base)
    return backend


def new_svc_from_model(
    base: models.ServiceSpec, *, default_weight: int = DEFAULT_BACKEND_WEIGHT
) -> SVC:
    """The service of a spec: the inverse of `SVC.get_model`.

    Backends have id 0, since the wire has none. An absent weight is `default_weight`.

    Raises:
        ConversionError: the frontend, a backend or the id is wrong.
    """
    svc: SVC = _convert(_spec_validator(default_weight), base)
    return svc


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


def frontend_address_model(
    addr: L3n4Addr, *, include_protocol: bool = True
) -> models.FrontendAddress:
    """What `L3n4Addr.get_model` returns."""
    return _read_frontend_address(frontend_json(addr, include_protocol=include_protocol))


def backend_address_model(backend: Backend) -> models.BackendAddress:
    """What `Backend.get_backend_model` returns."""
    return _read_backend_address(backend_json(backend))


def service_model(svc: SVC, *, include_protocol: bool = True) -> models.Service:
    """What `SVC.get_model` returns; spec and status share one ServiceSpec, as in Go."""
    spec = _read_spec(spec_json(svc, include_protocol=include_protocol))
    return _new_service({"spec": spec, "status": {"realized": spec}})


def _convert(converter: SchemaValidator, base: Convertible) -> Any:
    """What a validator makes of a wire model.

    Raises:
        ConversionError: the first thing wrong.
        pydantic.ValidationError: the model has been given values that no wire model has.
        TypeError: it is not such a model.
    """
    try:
        return converter.validate_python(base)
    except ValueError:
        for error in conversion_errors(base):
            raise error from None
        raise


@lru_cache(maxsize=1)
def _frontend_validator() -> SchemaValidator:
    return validator(reading_of_models(DEFAULT_BACKEND_WEIGHT).frontend(), "FrontendAddress")


@lru_cache(maxsize=128, typed=True)
def _backend_validator(default_weight: int) -> SchemaValidator:
    return validator(reading_of_models(default_weight).backend(), "BackendAddress")


@lru_cache(maxsize=128, typed=True)
def _spec_validator(default_weight: int) -> SchemaValidator:
    return validator(reading_of_models(default_weight).spec(), "ServiceSpec")
