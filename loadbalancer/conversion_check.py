"""Every reason for which a wire model is no domain object, where a converter stops at the first."""

from __future__ import annotations

from collections.abc import Iterator

from . import models
from .converters import (
    new_backend_from_backend_model,
    new_l3n4_addr_from_model,
    new_svc_from_model,
    spec_of_service,
)
from .errors import ConversionError

__all__ = ["Convertible", "conversion_errors"]

Convertible = models.Service | models.ServiceSpec | models.FrontendAddress | models.BackendAddress
"""The wire models that stand for a domain object."""

# What no converter objects to: put in the place of what was refused, it lets the next error
# come up. None is absent.
_UNOBJECTIONABLE = {"ip": "0.0.0.0", "protocol": None, "scope": "external"}
_FRONTEND = models.FrontendAddress(ip="0.0.0.0", scope="external")


def conversion_errors(base: Convertible) -> Iterator[ConversionError]:
    """The errors of converting a wire model, worded and located as the converters do.

    There are none exactly if the converter of the model accepts it, and the first one is
    among those a converter raises. Of a Service, that is the spec that stands for it.
    """
    match base:
        case models.FrontendAddress():
            return _frontend_errors(base)
        case models.BackendAddress():
            return _backend_errors(base)
        case models.ServiceSpec():
            return _spec_errors(base)
        case models.Service():
            return _service_errors(base)


def _frontend_errors(base: models.FrontendAddress) -> Iterator[ConversionError]:
    for _ in _UNOBJECTIONABLE:
        try:
            new_l3n4_addr_from_model(base)
        except ConversionError as error:
            yield error
            field = error.pointer.removeprefix("/")
            base = base.model_copy(update={field: _UNOBJECTIONABLE[field]})
        else:
            return


def _backend_errors(base: models.BackendAddress) -> Iterator[ConversionError]:
    try:
        new_backend_from_backend_model(base)
    except ConversionError as error:
        yield error


def _spec_errors(base: models.ServiceSpec) -> Iterator[ConversionError]:
    for each in _frontend_errors(base.frontend_address):
        yield each.below("/frontend-address")
    for index, backend in enumerate(base.backend_addresses or ()):
        for each in _backend_errors(backend):
            yield each.below(f"/backend-addresses/{index}")
    rest = {"frontend_address": _FRONTEND, "backend_addresses": None}
    try:
        new_svc_from_model(base.model_copy(update=rest))
    except ConversionError as error:
        yield error


def _service_errors(base: models.Service) -> Iterator[ConversionError]:
    try:
        spec, pointer = spec_of_service(base)
    except ConversionError as error:
        yield error
        return
    for each in _spec_errors(spec):
        yield each.below(pointer)
