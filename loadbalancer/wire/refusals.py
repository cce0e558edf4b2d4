"""Every reason for which a wire model is not a domain object, in the words of the reference."""

from __future__ import annotations

from collections.abc import Iterator

from .. import models
from ..domain.addr_cluster import AddrCluster
from ..domain.backend_state import get_backend_state
from ..domain.l4 import new_l4_type
from ..domain.scalars import UINT32_MAX
from ..errors import AddressError, BackendStateError, ConversionError, L4ProtocolError, Side
from .words import SCOPES

__all__ = [
    "Convertible",
    "conversion_errors",
    "ip_errors",
    "spec_of_service",
    "state_update_errors",
    "updates_states",
]

Convertible = models.Service | models.ServiceSpec | models.FrontendAddress | models.BackendAddress
"""The wire models that stand for a domain object."""


def conversion_errors(base: Convertible) -> Iterator[ConversionError]:
    """The errors of converting a valid wire model: none exactly if its converter accepts it.

    The first one is what the converter raises. Of a Service, they are those of the spec that
    stands for it.
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


def updates_states(spec: models.ServiceSpec) -> bool:
    """Whether an agent takes a spec as an update of backend states: `updateServices`, no id.

    Of such a spec it reads the backends only: the frontend may be anything.
    """
    return bool(spec.update_services) and not spec.id


def state_update_errors(spec: models.ServiceSpec) -> Iterator[ConversionError]:
    """The errors of an update of backend states: those of its backends."""
    for index, backend in enumerate(spec.backend_addresses or ()):
        for each in _backend_errors(backend):
            yield each.below(f"/backend-addresses/{index}")


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


def _frontend_errors(base: models.FrontendAddress) -> Iterator[ConversionError]:
    if not base.ip:
        yield from ip_errors(None, "frontend")
    if base.protocol is not None:
        try:
            new_l4_type(base.protocol or "")
        except L4ProtocolError as error:
            yield ConversionError(str(error), "frontend", "/protocol")
    if base.ip:
        yield from ip_errors(base.ip, "frontend")
    try:
        SCOPES[base.scope or ""]
    except ValueError as error:
        yield ConversionError(str(error), "frontend", "/scope")


def _backend_errors(base: models.BackendAddress) -> Iterator[ConversionError]:
    # The ip is required, but a constructed model may lack it.
    yield from ip_errors(base.__dict__.get("ip"), "backend")
    try:
        get_backend_state(base.state or "")
    except BackendStateError:
        yield ConversionError(f"invalid backend state [{base.state}]", "backend", "/state")


def ip_errors(ip: str | None, side: Side) -> Iterator[ConversionError]:
    """What is wrong with the ip of an address."""
    if ip is None:
        yield ConversionError("missing IP address", side, "/ip")
        return
    try:
        AddrCluster.parse(ip)
    except AddressError as error:
        yield ConversionError(str(error), side, "/ip")


def _spec_errors(base: models.ServiceSpec) -> Iterator[ConversionError]:
    if frontend := base.__dict__.get("frontend_address"):
        for each in _frontend_errors(frontend):
            yield each.below("/frontend-address")
    yield from state_update_errors(base)
    if base.id is not None and not 0 <= base.id <= UINT32_MAX:
        reason = f"invalid service ID {base.id}: not in 0 … {UINT32_MAX}"
        yield ConversionError(reason, "frontend", "/id")


def _service_errors(base: models.Service) -> Iterator[ConversionError]:
    try:
        spec, pointer = spec_of_service(base)
    except ConversionError as error:
        yield error
        return
    for each in _spec_errors(spec):
        yield each.below(pointer)
