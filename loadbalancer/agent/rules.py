"""The rules of the service API, as plain functions of a transaction and domain objects.

They know of no web framework and no database. Each checks all it has to check before it
writes anything: what is refused changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import is_

from ..domain.backend import Backend
from ..domain.backend_state import BackendState, is_valid_state_transition
from ..domain.domain_model import changed_copy, same_or_changed
from ..domain.identity import identity
from ..domain.scalars import UINT32_MAX
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCNatPolicy, SVCType, nat_policy_of
from ..errors import LoadBalancerError
from .locality import backends_on_node
from .settings import Settings
from .stores.base import KnownBackend, Transaction

__all__ = [
    "FrontendTakenError",
    "RuleError",
    "UnsupportedServiceError",
    "delete_service",
    "update_backend_states",
    "upsert_service",
]


_TERMINATING = BackendState.TERMINATING
_REDIRECT = SVCType.LocalRedirect


class RuleError(LoadBalancerError):
    """A service is not set up, for the reason that the text tells."""


class FrontendTakenError(RuleError):
    """The frontend belongs to a service of another id."""


class UnsupportedServiceError(RuleError):
    """The service cannot be set up."""


def upsert_service(tx: Transaction, wanted: SVC, settings: Settings) -> bool:
    """Create the service of a frontend, or update it. Returns whether it is new.

    Raises:
        FrontendTakenError: the frontend is known under another id.
        UnsupportedServiceError: the id is another frontend's, or families or types do not
            go together.
    """
    is_translated = _is_translated(wanted, settings)
    present = tx.service_at(identity(wanted.frontend))
    if present is None:
        _check_id_is_free(tx, wanted)
        name = wanted.name
        frontend = wanted.frontend
        kept = {}
    else:
        _check_replaceable(present, wanted)
        name = _merged_name(present.name, wanted.name)
        frontend = present.frontend
        kept = dict(zip(tx.backends_of(frontend.id), present.backends, strict=True))
    taken = backends_on_node(wanted, settings.node_name)
    backends, keys = _numbered(tx, frontend.id, kept, taken)
    nat_policy = SVCNatPolicy.NONE
    if is_translated and backends:
        nat_policy = nat_policy_of(wanted.frontend.is_ipv6)
    svc = changed_copy(
        wanted, frontend=frontend, name=name, backends=backends, nat_policy=nat_policy
    )
    if present is not None and _is_same(present, svc):
        # Clients say the same again and again: a store need not write it each time.
        return False
    tx.put_service(svc, keys)
    _drop_backends(tx, frontend.id, kept.keys() - keys)
    return present is None


def delete_service(tx: Transaction, id: int) -> bool:
    """Delete a service and free its backends. Returns whether there was one.

    The last state of a backend that no other service has is remembered, as the agent does:
    it still decides whether a change of its state is valid.
    """
    present = tx.service(id)
    if present is None:
        return False
    backends = tx.backends_of(id)
    tx.delete_service(id)
    for backend in dict.fromkeys(backends):
        known = tx.backend(backend)
        if known is None:
            continue
        if tx.is_used(backend):
            _disown(tx, backend, known, id)
        else:
            tx.retire_backend(backend, known.state)
    return True


def update_backend_states(tx: Transaction, wanted: Iterable[Backend]) -> list[str]:
    """Change the state of backends in all services that have them.

    Unknown backends are skipped. Returns why states were not changed, a text for each; the
    other backends are changed all the same.
    """
    refused: list[str] = []
    for backend in wanted:
        key = identity(backend)
        known = tx.backend(key)
        old = known.state if known else tx.retired_state(key)
        if old is None or old == backend.state:
            continue
        if not is_valid_state_transition(old, backend.state):
            refused.append(
                f"invalid state transition for backend[{backend}] ({old}) -> ({backend.state})"
            )
        elif known is None:
            tx.retire_backend(key, backend.state)
        else:
            tx.put_backend(key, KnownBackend(known.id, backend.state, known.owner))
            _change_state(tx, key, backend)
    return refused


def _change_state(tx: Transaction, key: bytes, wanted: Backend) -> None:
    for svc in tx.services_with(key):
        keys = tx.backends_of(svc.frontend.id)
        backends = [
            changed_copy(backend, state=wanted.state, preferred=wanted.preferred)
            if each == key
            else backend
            for each, backend in zip(keys, svc.backends, strict=True)
        ]
        tx.put_service(changed_copy(svc, backends=backends), keys)


def _is_translated(wanted: SVC, settings: Settings) -> bool:
    """Whether the backends are of another family than the frontend.

    Raises:
        UnsupportedServiceError: they are of both families, or addresses are not translated.
    """
    families = {backend.addr_cluster.is6 for backend in wanted.backends}
    if not families or families == {wanted.frontend.is_ipv6}:
        return False
    if len(families) > 1:
        raise UnsupportedServiceError(
            f"Unable to upsert service {wanted.frontend} with a mixed set of IPv4 and IPv6 backends"
        )
    if not settings.nat46x64:
        raise UnsupportedServiceError(
            f"Unable to upsert service {wanted.frontend} as NAT46/64 is disabled"
        )
    return True


def _check_id_is_free(tx: Transaction, wanted: SVC) -> None:
    holder = tx.service(wanted.frontend.id)
    if holder is not None:
        id = wanted.frontend.id
        raise UnsupportedServiceError(
            f"Unable to allocate service ID {id} for {wanted.frontend}: "
            f'Service ID {id} is already registered to "{holder.frontend}"'
        )


def _check_replaceable(present: SVC, wanted: SVC) -> None:
    old, new = present.type, wanted.type
    if old is not new and _REDIRECT in (old, new):
        _check_redirect(present, wanted)
    if present.frontend.id != wanted.frontend.id:
        raise FrontendTakenError(
            f"the service provided is already registered with ID {present.frontend.id}, "
            f"please use that ID instead of {wanted.frontend.id}"
        )


def _check_redirect(present: SVC, wanted: SVC) -> None:
    """A LocalRedirect service may replace a ClusterIP one alone, which may not replace it."""
    if wanted.type is SVCType.ClusterIP:
        raise UnsupportedServiceError(
            f"local-redirect service exists for frontend {_fields(wanted)}, "
            f"skip update for svc {wanted.name}"
        )
    if wanted.type is _REDIRECT and present.type is not SVCType.ClusterIP:
        raise UnsupportedServiceError(
            f"skip local-redirect service for frontend {_fields(wanted)} "
            f"as it overlaps with svc {present.name} of type {present.type}"
        )


def _fields(wanted: SVC) -> str:
    """A frontend field by field: the agent prints the struct here, whose text needs a pointer."""
    frontend = wanted.frontend
    l4 = f"{{{frontend.protocol} {frontend.port}}}"
    return f"{{{{{frontend.addr_cluster} {l4} {frontend.scope:d}}} {frontend.id}}}"


def _is_same(present: SVC, svc: SVC) -> bool:
    """Whether a service that is to take the place of another one equals it."""
    old, new = present.backends, svc.backends
    # Those that are equal are the same by now: lists need not be looked through to be told apart.
    return len(old) == len(new) and all(map(is_, old, new)) and present.__dict__ == svc.__dict__


def _merged_name(present: ServiceName, wanted: ServiceName) -> ServiceName:
    """What is wanted; where that is empty, what is there."""
    parts = wanted.__dict__
    if not any(parts.values()):
        return present
    given = {part: text for part, text in parts.items() if text}
    return same_or_changed(present, present, **given)


def _numbered(
    tx: Transaction, service: int, kept: Mapping[bytes, Backend], wanted: Iterable[Backend]
) -> tuple[list[Backend], tuple[bytes, ...]]:
    """The backends a service is to have, with their ids and the states they keep; their keys."""
    numbered: list[Backend] = []
    keys: list[bytes] = []
    at: dict[bytes, int] = {}
    for each in wanted:
        key = identity(each)
        old = numbered[at[key]] if key in at else kept.get(key)
        if old is None:
            backend = changed_copy(each, id=_backend_id(tx, service, key, each))
        else:
            # Only these changes are taken: others go through update_backend_states.
            wanted_state, old_state = each.state, old.state
            terminated = wanted_state is _TERMINATING and old_state is not _TERMINATING
            reweighted = not terminated and each.weight != old.weight
            state = wanted_state if terminated or reweighted else old_state
            if terminated or reweighted:
                backend = changed_copy(each, id=old.id, state=state)
            else:
                backend = same_or_changed(old, each, id=old.id, state=state)
            if state is not old_state:
                _follow_owner(tx, service, key, state)
            if key in at:
                # Given twice: what the later one changes is changed in the earlier one, too.
                weight = each.weight if reweighted else old.weight
                numbered[at[key]] = changed_copy(old, state=state, weight=weight)
        at[key] = len(numbered)
        numbered.append(backend)
        keys.append(key)
    return numbered, tuple(keys)


def _backend_id(tx: Transaction, service: int, key: bytes, backend: Backend) -> int:
    """The id of a backend that is new to a service."""
    known = tx.backend(key)
    if known is not None:
        return known.id
    id = tx.next_backend_id()
    while tx.is_backend_id_used(id):
        id = _following(id)
    tx.set_next_backend_id(_following(id))
    tx.put_backend(key, KnownBackend(id, backend.state, service))
    return id


def _following(id: int) -> int:
    return id + 1 if id < UINT32_MAX else 1


def _follow_owner(tx: Transaction, service: int, key: bytes, state: BackendState) -> None:
    """Later changes are judged by the state in the service that brought the backend in."""
    known = tx.backend(key)
    if known is not None and known.owner == service:
        tx.put_backend(key, KnownBackend(known.id, state, service))


def _drop_backends(tx: Transaction, service: int, dropped: Iterable[bytes]) -> None:
    """Free the backends that a service had and has no longer."""
    for key in dropped:
        known = tx.backend(key)
        if known is None:
            continue
        if tx.is_used(key):
            _disown(tx, key, known, service)
        else:
            tx.delete_backend(key)


def _disown(tx: Transaction, key: bytes, known: KnownBackend, service: int) -> None:
    if known.owner == service:
        tx.put_backend(key, KnownBackend(known.id, known.state, None))
