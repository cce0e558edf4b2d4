"""What the rules need of a store: a consistent view, and transactions on one.

A rule is a function of a `Transaction`. It is called by the store, which may call it again:
a store on one machine locks, a distributed one reads at one revision, collects the writes,
commits them if nothing that was read has changed since (etcd: a transaction of compares and
puts) and else starts over. Hence a rule does nothing but read from its transaction and write
to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ...domain.backend_state import BackendState
from ...domain.service import SVC
from ...errors import LoadBalancerError

__all__ = [
    "RETIRED_BACKENDS_KEPT",
    "KnownBackend",
    "Store",
    "StoreBusyError",
    "StoreError",
    "Transaction",
    "View",
]

T = TypeVar("T")

RETIRED_BACKENDS_KEPT = 10_000
"""How many retired backends a store remembers; the oldest are forgotten first."""


class StoreError(LoadBalancerError):
    """A store cannot be opened, read or written."""


class StoreBusyError(StoreError):
    """A store was locked by others for too long; the same call may succeed later."""


@dataclass(frozen=True, slots=True)
class KnownBackend:
    """What is known of a backend over all services that have it."""

    id: int
    """The id that all services use for it, 1 … 2³²-1."""
    state: BackendState
    """The state that the next change of state is judged by."""
    owner: int | None
    """The id of the service that brought it in, as long as that service has it."""


class View(Protocol):
    """What is stored, at one moment. Backends and frontends are found by their `hash()`.

    The objects belong to the store: copy one to change it.
    """

    def service(self, id: int) -> SVC | None:
        """The service of that id."""
        ...

    def service_at(self, frontend: bytes) -> SVC | None:
        """The service of that frontend."""
        ...

    def backends_of(self, id: int) -> tuple[bytes, ...]:
        """The backends of a service, in the order in which it has them; empty if there is none."""
        ...

    def service_json(self, id: int) -> bytes | None:
        """The service of that id as `dump_service` writes it."""
        ...

    def services_json(self) -> bytes:
        """All services, by id, as `dump_services` writes them."""
        ...

    def service_texts(self) -> dict[int, bytes]:
        """Each service as `dump_service` writes it, by id in ascending order."""
        ...

    def service_count(self) -> int:
        """How many services there are."""
        ...

    def services_with(self, backend: bytes) -> list[SVC]:
        """The services that have the backend, by id."""
        ...

    def is_used(self, backend: bytes) -> bool:
        """Whether any service has the backend."""
        ...

    def backend(self, backend: bytes) -> KnownBackend | None:
        """What is known of a backend that services have."""
        ...

    def retired_state(self, backend: bytes) -> BackendState | None:
        """The last state of a backend that left with the last service which had it."""
        ...

    def next_backend_id(self) -> int:
        """The id to try first for a new backend; 1 in an empty store."""
        ...

    def is_backend_id_used(self, id: int) -> bool:
        """Whether a known backend has this id."""
        ...


class Transaction(View, Protocol):
    """A view that sees its own writes. All of them are stored, or none."""

    def put_service(self, svc: SVC, backends: tuple[bytes, ...]) -> None:
        """Store a service in place of the one that has its id, if any.

        `backends` is what its backends are found by, in their order: rules know that already.
        """
        ...

    def delete_service(self, id: int) -> None:
        """Delete the service of that id."""
        ...

    def put_backend(self, backend: bytes, known: KnownBackend) -> None:
        """Store what is known of a backend; it is not retired any longer."""
        ...

    def delete_backend(self, backend: bytes) -> None:
        """Forget a backend, with its id."""
        ...

    def retire_backend(self, backend: bytes, state: BackendState) -> None:
        """Forget a backend, with its id, but for its last state."""
        ...

    def set_next_backend_id(self, id: int) -> None:
        """Store the id to try first for the next new backend."""
        ...


class Store(Protocol):
    """Keeps services. All methods may be called from any thread."""

    @property
    def blocks(self) -> bool:
        """Whether a call waits for a disk or a network: it is then made in a thread."""
        ...

    def read(self, function: Callable[[View], T]) -> T:
        """What the function makes of a consistent view.

        Raises:
            StoreError: the store cannot be read.
        """
        ...

    def service_json_at_once(self, id: int) -> bytes | None:
        """`View.service_json`, without waiting for others: for callers that must not block.

        Raises:
            StoreBusyError: others, or a network, have to be waited for.
            StoreError: the store cannot be read.
        """
        ...

    def write(self, function: Callable[[Transaction], T]) -> T:
        """What the function returns, once all that it wrote is durable.

        If it raises, nothing is written and the exception is passed on. It may be called
        more than once.

        Raises:
            StoreError: the store cannot be written.
        """
        ...

    def close(self) -> None:
        """Release what the store holds."""
        ...
