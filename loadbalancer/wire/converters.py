"""Conversion between wire models and domain objects, one plain function for each direction."""

from __future__ import annotations

from functools import lru_cache
from typing import NoReturn

from pydantic import TypeAdapter

from .. import models
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import DEFAULT_BACKEND_WEIGHT, Backend
from ..domain.l3n4 import L3n4Addr
from ..domain.scalars import UInt16
from ..domain.service import SVC
from ..errors import ConversionError
from .defaults import Fields, backend_defaults
from .from_models import OtherObjectError, new_backend, new_frontend, new_service
from .refusals import Convertible, conversion_errors, ip_errors, spec_of_service

__all__ = [
    "new_backend_from_backend_model",
    "new_l3n4_addr_from_backend_model",
    "new_l3n4_addr_from_model",
    "new_svc_from_model",
    "new_svc_from_service",
]

# What a conversion may stumble on; `_refuse` says what was wrong.
_STUMBLES = (AttributeError, KeyError, TypeError, ValueError)


def new_l3n4_addr_from_model(base: models.FrontendAddress | None) -> L3n4Addr | None:
    """The frontend address of a wire model; None stays None (Go: `NewL3n4AddrFromModel`).

    Raises:
        ConversionError: the ip, the protocol or the scope is missing or wrong.
    """
    if base is None:
        return None
    try:
        return new_frontend(base)
    except _STUMBLES as error:
        _refuse(base, error)


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
    absent = _absent_backend(default_weight)
    try:
        return new_backend(base, absent)
    except _STUMBLES as error:
        _refuse(base, error)


def new_svc_from_model(
    base: models.ServiceSpec, *, default_weight: int = DEFAULT_BACKEND_WEIGHT
) -> SVC:
    """The service of a spec: the inverse of `SVC.get_model`.

    Backends have id 0, since the wire has none. An absent weight is `default_weight`.

    Raises:
        ConversionError: the frontend, a backend or the id is wrong.
    """
    absent_backend = _absent_backend(default_weight)
    try:
        return new_service(base, absent_backend)
    except _STUMBLES as error:
        _refuse(base, error)


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


def _refuse(base: Convertible, error: Exception) -> NoReturn:
    """Raise what is wrong with a wire model that could not be converted.

    Raises:
        ConversionError: the first thing wrong.
        pydantic.ValidationError: the model has been given values that no wire model has.
        TypeError: it is not such a model, or holds another one.
    """
    if isinstance(error, (KeyError, ValueError)):
        for each in conversion_errors(base):
            raise each from None
    if not isinstance(error, OtherObjectError):
        type(base).model_validate(base.model_dump(by_alias=True, warnings=False))
    raise error


@lru_cache(maxsize=128, typed=True)
def _absent_backend(default_weight: int) -> Fields:
    """What a backend has where the wire says nothing.

    Raises:
        pydantic.ValidationError: the weight is not one.
    """
    weight: TypeAdapter[int] = TypeAdapter(UInt16)
    return backend_defaults(int(weight.validate_python(default_weight)))
