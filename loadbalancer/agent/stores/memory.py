"""A store in memory: nothing outlives the process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from threading import RLock
from typing import TypeVar

from ...domain.backend_state import BackendState
from ...domain.identity import identity
from ...domain.service import SVC
from ...wire.services import dump_service
from .base import RETIRED_BACKENDS_KEPT, KnownBackend, Transaction, View

__all__ = ["MemoryStore"]

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


class MemoryStore:
    """Keeps services in this process. One lock: a view is consistent, writes are atomic."""

    blocks = False

    def __init__(self) -> None:
        self._lock = RLock()
        self._tables = _Tables()

    def read(self, function: Callable[[View], T]) -> T:
        """What the function makes of a consistent view."""
        with self._lock:
            return function(self._tables)

    def write(self, function: Callable[[Transaction], T]) -> T:
        """What the function returns; if it raises, all it wrote is taken back."""
        with self._lock:
            try:
                return function(self._tables)
            except BaseException:
                self._tables.undo()
                raise
            finally:
                self._tables.undo_log.clear()

    def close(self) -> None:
        """Nothing to do."""


class _Tables:
    """The tables and, as long as a transaction runs, how to take its writes back."""

    def __init__(self) -> None:
        self.undo_log: list[Callable[[], object]] = []
        self._services: dict[int, SVC] = {}
        # Written when they are first asked for after a change.
        self._texts: dict[int, bytes] = {}
        self._all_text: bytes | None = None
        self._ids: dict[bytes, int] = {}
        self._backends: dict[bytes, KnownBackend] = {}
        self._backend_ids: dict[int, bytes] = {}
        self._users: dict[bytes, frozenset[int]] = {}
        self._retired: OrderedDict[bytes, BackendState] = OrderedDict()
        self._next_backend_id = 1

    def undo(self) -> None:
        for step in reversed(self.undo_log):
            step()
        self._texts.clear()
        self._all_text = None

    def service(self, id: int) -> SVC | None:
        return self._services.get(id)

    def service_at(self, frontend: bytes) -> SVC | None:
        id = self._ids.get(frontend)
        return None if id is None else self._services[id]

    def service_json(self, id: int) -> bytes | None:
        svc = self._services.get(id)
        if svc is None:
            return None
        text = self._texts.get(id)
        if text is None:
            text = self._texts[id] = dump_service(svc)
        return text

    def services_json(self) -> bytes:
        if self._all_text is None:
            texts = [self.service_json(id) or b"" for id in sorted(self._services)]
            self._all_text = b"[%b]" % b",".join(texts)
        return self._all_text

    def service_count(self) -> int:
        return len(self._services)

    def services_with(self, backend: bytes) -> list[SVC]:
        return [self._services[id] for id in sorted(self._users.get(backend, ()))]

    def is_used(self, backend: bytes) -> bool:
        return backend in self._users

    def backend(self, backend: bytes) -> KnownBackend | None:
        return self._backends.get(backend)

    def retired_state(self, backend: bytes) -> BackendState | None:
        return self._retired.get(backend)

    def next_backend_id(self) -> int:
        return self._next_backend_id

    def is_backend_id_used(self, id: int) -> bool:
        return id in self._backend_ids

    def put_service(self, svc: SVC) -> None:
        id = svc.frontend.id
        present = self._services.get(id)
        old = _backends_of(present)
        new = _backends_of(svc)
        if present is not None:
            self._pop(self._ids, identity(present.frontend))
        self._set(self._services, id, svc)
        self._forget_answer(id)
        self._set(self._ids, identity(svc.frontend), id)
        self._unlink(old - new, id)
        for backend in new - old:
            self._set(self._users, backend, self._users.get(backend, frozenset()) | {id})

    def delete_service(self, id: int) -> None:
        present = self._services[id]
        self._pop(self._services, id)
        self._forget_answer(id)
        self._pop(self._ids, identity(present.frontend))
        self._unlink(_backends_of(present), id)

    def put_backend(self, backend: bytes, known: KnownBackend) -> None:
        self._set(self._backends, backend, known)
        self._set(self._backend_ids, known.id, backend)
        self._pop(self._retired, backend)

    def delete_backend(self, backend: bytes) -> None:
        known = self._backends.get(backend)
        if known is not None:
            self._pop(self._backends, backend)
            self._pop(self._backend_ids, known.id)

    def retire_backend(self, backend: bytes, state: BackendState) -> None:
        self.delete_backend(backend)
        # Popped first, for the youngest to stand last.
        self._pop(self._retired, backend)
        self._set(self._retired, backend, state)
        if len(self._retired) > RETIRED_BACKENDS_KEPT:
            self._pop(self._retired, next(iter(self._retired)))

    def set_next_backend_id(self, id: int) -> None:
        old = self._next_backend_id

        def undo() -> None:
            self._next_backend_id = old

        self.undo_log.append(undo)
        self._next_backend_id = id

    def _forget_answer(self, id: int) -> None:
        self._texts.pop(id, None)
        self._all_text = None

    def _unlink(self, backends: set[bytes], id: int) -> None:
        for backend in backends:
            users = self._users[backend] - {id}
            if users:
                self._set(self._users, backend, users)
            else:
                self._pop(self._users, backend)

    def _set(self, table: MutableMapping[K, V], key: K, value: V) -> None:
        if key in table:
            old = table[key]
            self.undo_log.append(lambda: table.__setitem__(key, old))
        else:
            self.undo_log.append(lambda: table.pop(key))
        table[key] = value

    def _pop(self, table: MutableMapping[K, V], key: K) -> None:
        if key in table:
            old = table.pop(key)
            self.undo_log.append(lambda: table.__setitem__(key, old))


def _backends_of(svc: SVC | None) -> set[bytes]:
    return {identity(backend) for backend in svc.backends} if svc else set()
