"""The tables of a store that keeps its services as objects, and transactions over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ...domain.backend_state import BackendState
from ...domain.identity import identity
from ...domain.service import SVC
from ...wire.services import dump_service
from .base import RETIRED_BACKENDS_KEPT, KnownBackend

__all__ = ["Changes", "Tables", "joined"]

K = TypeVar("K")
V = TypeVar("V")


class Tables:
    """What is committed: a view. It changes by `Changes.apply` alone.

    Threads may read while a rule collects its changes, but not while these are applied.
    """

    def __init__(self) -> None:
        self.services: dict[int, SVC] = {}
        self.backends: dict[bytes, KnownBackend] = {}
        self.retired: dict[bytes, BackendState] = {}
        """The youngest stand last."""
        self.first_free_id = 1
        # What follows from the services and the backends.
        self.ids: dict[bytes, int] = {}
        self.backends_of_services: dict[int, tuple[bytes, ...]] = {}
        self.users: dict[bytes, frozenset[int]] = {}
        self.backend_ids: dict[int, bytes] = {}
        # Written when they are first asked for after a change.
        self.texts: dict[int, bytes] = {}
        self.all_text: bytes | None = None

    def everything(self) -> Changes:
        """The transaction that makes these tables of empty ones."""
        changes = Changes(Tables())
        changes.services.update(self.services)
        changes.backends.update(self.backends)
        changes.retired.update(self.retired)
        changes.first_free_id = self.first_free_id
        return changes

    def service(self, id: int) -> SVC | None:
        return self.services.get(id)

    def service_at(self, frontend: bytes) -> SVC | None:
        id = self.ids.get(frontend)
        return None if id is None else self.services[id]

    def backends_of(self, id: int) -> tuple[bytes, ...]:
        return self.backends_of_services.get(id, ())

    def service_json(self, id: int) -> bytes | None:
        text = self.texts.get(id)
        if text is None:
            svc = self.services.get(id)
            if svc is None:
                return None
            text = self.texts[id] = dump_service(svc)
        return text

    def services_json(self) -> bytes:
        text = self.all_text
        if text is None:
            text = self.all_text = joined(self.service_texts().values())
        return text

    def service_texts(self) -> dict[int, bytes]:
        return _texts(self, self.services)

    def service_count(self) -> int:
        return len(self.services)

    def services_with(self, backend: bytes) -> list[SVC]:
        return [self.services[id] for id in sorted(self.users.get(backend, ()))]

    def is_used(self, backend: bytes) -> bool:
        return backend in self.users

    def backend(self, backend: bytes) -> KnownBackend | None:
        return self.backends.get(backend)

    def retired_state(self, backend: bytes) -> BackendState | None:
        return self.retired.get(backend)

    def next_backend_id(self) -> int:
        return self.first_free_id

    def is_backend_id_used(self, id: int) -> bool:
        return id in self.backend_ids


class Changes:
    """A transaction: the tables as they will be. Nothing happens to them before `apply`.

    The tables may not change between the first call and `apply`: stores let one transaction
    run at a time. One that is given up needs nothing to be undone.
    """

    __slots__ = (
        *("_backend_ids", "_backends_of", "_ids", "_tables", "_users"),
        *("backends", "first_free_id", "retired", "services"),
    )

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        # What takes the place of what the tables have; None where nothing does.
        self.services: dict[int, SVC | None] = {}
        self.backends: dict[bytes, KnownBackend | None] = {}
        self.retired: dict[bytes, BackendState | None] = {}
        """The youngest stand last."""
        self.first_free_id: int | None = None
        self._ids: dict[bytes, int | None] = {}
        self._backends_of: dict[int, tuple[bytes, ...] | None] = {}
        self._users: dict[bytes, frozenset[int] | None] = {}
        self._backend_ids: dict[int, bytes | None] = {}

    def __bool__(self) -> bool:
        """Whether anything was written."""
        return bool(
            self.services or self.backends or self.retired or self.first_free_id is not None
        )

    def apply(self) -> None:
        """Make the tables what the transaction has seen."""
        tables = self._tables
        if self.services:
            _replace(tables.services, self.services)
            if self._ids:
                _replace(tables.ids, self._ids)
            if self._backends_of:
                _replace(tables.backends_of_services, self._backends_of)
                _replace(tables.users, self._users)
            for id in self.services:
                tables.texts.pop(id, None)
            tables.all_text = None
        if self.backends:
            _replace(tables.backends, self.backends)
            _replace(tables.backend_ids, self._backend_ids)
        if self.retired:
            self._retire(tables.retired)
        if self.first_free_id is not None:
            tables.first_free_id = self.first_free_id

    def service(self, id: int) -> SVC | None:
        return _seen(self.services, self._tables.services, id)

    def service_at(self, frontend: bytes) -> SVC | None:
        id = _seen(self._ids, self._tables.ids, frontend)
        return None if id is None else self.service(id)

    def backends_of(self, id: int) -> tuple[bytes, ...]:
        return _seen(self._backends_of, self._tables.backends_of_services, id) or ()

    def service_json(self, id: int) -> bytes | None:
        if id not in self.services:
            return self._tables.service_json(id)
        svc = self.services[id]
        return None if svc is None else dump_service(svc)

    def services_json(self) -> bytes:
        if not self.services:
            return self._tables.services_json()
        return joined(self.service_texts().values())

    def service_texts(self) -> dict[int, bytes]:
        return _texts(self, self._tables.services.keys() | self.services.keys())

    def service_count(self) -> int:
        count = len(self._tables.services)
        for id, svc in self.services.items():
            count += (svc is not None) - (id in self._tables.services)
        return count

    def services_with(self, backend: bytes) -> list[SVC]:
        services = [self.service(id) for id in sorted(self._users_of(backend))]
        return [svc for svc in services if svc is not None]

    def is_used(self, backend: bytes) -> bool:
        return _seen(self._users, self._tables.users, backend) is not None

    def backend(self, backend: bytes) -> KnownBackend | None:
        return _seen(self.backends, self._tables.backends, backend)

    def retired_state(self, backend: bytes) -> BackendState | None:
        return _seen(self.retired, self._tables.retired, backend)

    def next_backend_id(self) -> int:
        id = self.first_free_id
        return self._tables.first_free_id if id is None else id

    def is_backend_id_used(self, id: int) -> bool:
        return _seen(self._backend_ids, self._tables.backend_ids, id) is not None

    def put_service(self, svc: SVC, backends: tuple[bytes, ...]) -> None:
        id = svc.frontend.id
        present = self.service(id)
        self.services[id] = svc
        if present is None or present.frontend is not svc.frontend:
            if present is not None:
                self._free_frontend(present)
            self._ids[identity(svc.frontend)] = id
        self._link(id, backends)

    def delete_service(self, id: int) -> None:
        present = self.service(id)
        if present is None:
            return
        self.services[id] = None
        self._free_frontend(present)
        self._link(id, ())

    def put_backend(self, backend: bytes, known: KnownBackend) -> None:
        before = self.backend(backend)
        if before is not None and before.id != known.id:
            self._backend_ids[before.id] = None
        self.backends[backend] = known
        self._backend_ids[known.id] = backend
        if self.retired_state(backend) is not None:
            self.retired[backend] = None

    def delete_backend(self, backend: bytes) -> None:
        known = self.backend(backend)
        if known is not None:
            self.backends[backend] = None
            self._backend_ids[known.id] = None

    def retire_backend(self, backend: bytes, state: BackendState) -> None:
        self.delete_backend(backend)
        # Popped first, for the youngest to stand last.
        self.retired.pop(backend, None)
        self.retired[backend] = state

    def set_next_backend_id(self, id: int) -> None:
        self.first_free_id = id

    def _retire(self, retired: dict[bytes, BackendState]) -> None:
        for backend, state in self.retired.items():
            # Popped first, for the youngest to stand last.
            retired.pop(backend, None)
            if state is not None:
                retired[backend] = state
        while len(retired) > RETIRED_BACKENDS_KEPT:
            del retired[next(iter(retired))]

    def _free_frontend(self, svc: SVC) -> None:
        key = identity(svc.frontend)
        # Another service may have got it meanwhile.
        if _seen(self._ids, self._tables.ids, key) == svc.frontend.id:
            self._ids[key] = None

    def _users_of(self, backend: bytes) -> frozenset[int]:
        return _seen(self._users, self._tables.users, backend) or frozenset()

    def _link(self, id: int, backends: tuple[bytes, ...]) -> None:
        """Note which backends a service has."""
        before = self.backends_of(id)
        if backends == before:
            return
        self._backends_of[id] = backends or None
        old, new = set(before), set(backends)
        for backend in old - new:
            self._users[backend] = (self._users_of(backend) - {id}) or None
        for backend in new - old:
            self._users[backend] = self._users_of(backend) | {id}


def _seen(changed: Mapping[K, V | None], table: Mapping[K, V], key: K) -> V | None:
    """What a transaction sees in a table."""
    return changed[key] if key in changed else table.get(key)


def _replace(table: dict[K, V], changed: Mapping[K, V | None]) -> None:
    for key, value in changed.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


def _texts(view: Tables | Changes, ids: Iterable[int]) -> dict[int, bytes]:
    return {id: text for id in sorted(ids) if (text := view.service_json(id)) is not None}


def joined(texts: Iterable[bytes]) -> bytes:
    """The texts of services as the text of their list."""
    pieces = [*texts] or [b""]
    # Others wait while a long text is copied: it is copied once.
    pieces[0] = b"[" + pieces[0]
    pieces[-1] += b"]"
    return b",".join(pieces)
