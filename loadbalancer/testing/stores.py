"""The contract of a store, as tests to inherit.

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self) -> Iterator[Store]:
            store = MyStore(...)
            yield store
            store.close()

The fixture `store` returns a store without services, a new one for each test.
"""

from __future__ import annotations

import threading
from functools import partial

import pytest

from ..agent.stores.base import KnownBackend, Store, StoreError, Transaction, View
from ..agent.stores.memory import MemoryStore
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import Backend
from ..domain.backend_state import BackendState
from ..domain.l3n4 import L3n4AddrID
from ..domain.service import SVC

__all__ = ["StoreContract", "view_of_everything"]

_IDS = range(1, 9)
_RETIRED = b"retired"


class StoreContract:
    """What the rules of the API need of a store: views, transactions, all or nothing."""

    @pytest.fixture
    def store(self) -> Store:
        """The store under test, empty."""
        raise NotImplementedError("override the fixture `store`")

    def test_an_empty_store(self, store: Store) -> None:
        assert store.read(view_of_everything) == MemoryStore().read(view_of_everything)
        assert store.read(lambda view: view.next_backend_id()) == 1
        assert isinstance(store.blocks, bool)

    def test_it_has_what_a_store_in_memory_has(self, store: Store) -> None:
        other = MemoryStore()
        for change in (_fill, _replace, _remove):
            store.write(change)
            other.write(change)
            assert store.read(view_of_everything) == other.read(view_of_everything)

    def test_a_transaction_that_raises_leaves_nothing_behind(self, store: Store) -> None:
        store.write(_fill)
        before = store.read(view_of_everything)

        def spoil(tx: Transaction) -> None:
            _replace(tx)
            _remove(tx)
            assert view_of_everything(tx) != before
            raise _Refused

        with pytest.raises(_Refused):
            store.write(spoil)
        assert store.read(view_of_everything) == before

    def test_a_transaction_sees_its_own_writes(self, store: Store) -> None:
        def change(tx: Transaction) -> list[object]:
            seen: list[object] = [view_of_everything(tx)]
            for part in (_fill, _replace, _remove):
                part(tx)
                seen.append(view_of_everything(tx))
            return seen

        assert store.write(change) == MemoryStore().write(change)

    def test_a_transaction_may_undo_what_it_did(self, store: Store) -> None:
        store.write(_fill)
        before = store.read(view_of_everything)

        def undo(tx: Transaction) -> None:
            svc, known = tx.service(1), tx.backend(_backend(1).hash())
            assert svc is not None
            assert known is not None
            tx.delete_service(1)
            tx.delete_backend(_backend(1).hash())
            tx.put_backend(_backend(1).hash(), known)
            tx.put_service(svc, tuple(each.hash() for each in svc.backends))

        store.write(undo)
        assert store.read(view_of_everything) == before

    def test_transactions_of_many_threads_follow_one_another(self, store: Store) -> None:
        failed: list[BaseException] = []

        def count(tx: Transaction) -> None:
            tx.set_next_backend_id(tx.next_backend_id() + 1)

        def work() -> None:
            try:
                for _ in range(20):
                    store.write(count)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert store.read(lambda view: view.next_backend_id()) == 121

    def test_a_service_at_once(self, store: Store) -> None:
        store.write(_fill)
        text = store.read(lambda view: view.service_json(1))
        assert text is not None
        # A store may have to wait; it then raises StoreBusyError, which is a StoreError.
        for id, expected in ((1, text), (8, None)):
            try:
                found = store.service_json_at_once(id)
            except StoreError:
                continue
            assert found == expected

    def test_retired_backends_are_remembered(self, store: Store) -> None:
        store.write(_fill)
        key = _backend(1).hash()
        store.write(lambda tx: tx.retire_backend(key, BackendState.MAINTENANCE))
        assert store.read(partial(_of_backend, key)) == (None, BackendState.MAINTENANCE)
        known = KnownBackend(7, BackendState.ACTIVE, None)
        store.write(lambda tx: tx.put_backend(key, known))
        assert store.read(partial(_of_backend, key)) == (known, None)


def view_of_everything(view: View) -> tuple[object, ...]:
    """Return all that a view gives for the services 1 to 8, their backends and one retired."""
    services = [svc for id in _IDS if (svc := view.service(id)) is not None]
    keys = [_backend(id).hash() for id in _IDS]
    return (
        services,
        [view.backends_of(id) for id in _IDS],
        [view.service_at(_service(id).frontend.hash()) for id in _IDS],
        [view.service_json(id) for id in _IDS],
        view.services_json(),
        [*view.service_texts().items()],
        view.service_count(),
        [(view.services_with(key), view.is_used(key), view.backend(key)) for key in keys],
        [view.retired_state(key) for key in (*keys, _RETIRED)],
        [view.is_backend_id_used(id) for id in _IDS],
        view.next_backend_id(),
    )


class _Refused(Exception):
    pass


def _backend(number: int, state: BackendState = BackendState.ACTIVE) -> Backend:
    # A zone may end in what reads like a cluster id.
    address = AddrCluster(f"fe80::{number}%eth@3@0" if number % 2 else f"10.0.0.{number}@7")
    return Backend(addr_cluster=address, port=80, id=number, state=state)


def _service(id: int, *backends: Backend) -> SVC:
    frontend = L3n4AddrID(addr_cluster=AddrCluster(f"10.96.0.{id}"), port=80, id=id)
    return SVC(frontend=frontend, backends=list(backends))


def _put(tx: Transaction, svc: SVC) -> None:
    tx.put_service(svc, tuple(each.hash() for each in svc.backends))
    for each in svc.backends:
        tx.put_backend(each.hash(), KnownBackend(each.id, each.state, svc.frontend.id))


def _fill(tx: Transaction) -> None:
    _put(tx, _service(1, _backend(1), _backend(2, BackendState.QUARANTINED)))
    _put(tx, _service(2, _backend(2, BackendState.QUARANTINED), _backend(3)))
    _put(tx, _service(3))
    tx.set_next_backend_id(4)


def _replace(tx: Transaction) -> None:
    svc = tx.service(1)
    assert svc is not None
    changed = svc.deep_copy()
    changed.backends = [_backend(4), changed.backends[0]]
    _put(tx, changed)
    _put(tx, _service(4, _backend(5, BackendState.MAINTENANCE)))


def _remove(tx: Transaction) -> None:
    tx.delete_service(2)
    tx.retire_backend(_backend(3).hash(), BackendState.TERMINATING)
    tx.retire_backend(_RETIRED, BackendState.ACTIVE)
    tx.delete_backend(_backend(1).hash())
    tx.set_next_backend_id(2**32 - 1)


def _of_backend(key: bytes, view: View) -> tuple[KnownBackend | None, BackendState | None]:
    return view.backend(key), view.retired_state(key)
