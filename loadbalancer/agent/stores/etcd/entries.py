"""What is stored: a log of all changes, and from time to time the sum of them.

Under the prefix there are

- `settings`: what all replicas have to be configured with alike, and the version of all this,
- `head`: the number and id of the last change,
- `log/NUMBER`: a change; each is stored once and names the one before it,
- `sum`: up to which number changes have been summed up, and where; there, changes that make
  the tables of empty ones. What the log has before it is deleted, but for the last few.

Numbers are hexadecimal digits of one length: keys are sorted as their numbers are.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ....domain.backend_state import BackendState
from ....domain.identity import identity
from ....domain.service import SVC
from ...settings import Settings
from ..base import KnownBackend, StoreError
from ..tables import Changes, Tables

__all__ = ["Change", "Head", "Keys", "Origin", "Sum", "new_id", "parts"]

VERSION = 1
# Services and backends together; compressed, one takes some tens of bytes.
_PART_SIZE = 5_000

T = TypeVar("T")


def new_id() -> str:
    """An id that nothing else has."""
    return secrets.token_hex(12)


class Keys:
    """The keys under a prefix."""

    def __init__(self, prefix: str) -> None:
        self.start = prefix.encode()
        self.end = _after(self.start)
        self.settings = self.start + b"settings"
        self.head = self.start + b"head"
        self.sum = self.start + b"sum"
        self.log_end = _after(self.start + b"log/")
        self.sums = self.start + b"sums/"

    def log(self, number: int) -> bytes:
        """The key of a change."""
        return self.start + b"log/%016x" % number

    def sums_before(self, number: int) -> tuple[bytes, bytes]:
        """The range of all sums of fewer changes."""
        return self.sums, self.sums + b"%016x" % number

    def sum_parts(self, name: str) -> tuple[bytes, bytes]:
        """The range of the parts of a sum."""
        start = self.sums + name.encode() + b"/"
        return start, _after(start)

    def sum_part(self, name: str, index: int) -> bytes:
        """The key of a part of a sum."""
        return self.sum_parts(name)[0] + b"%08x" % index


def _after(prefix: bytes) -> bytes:
    """The first key that does not begin with the prefix, which ends with a slash."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


class _Stored(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    def encode(self) -> bytes:
        """As JSON."""
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read it; keys that only a later version knows are ignored, those of services too.

        Raises:
            StoreError: it is something else.
        """
        try:
            return cls.model_validate_json(data, extra="ignore")
        except ValidationError as error:
            text = f"what is stored as {cls.__name__.lower()} is damaged: {error}"
            raise StoreError(text) from None


class Origin(_Stored):
    """What is stored once, when the first replica opens an empty prefix."""

    version: int = VERSION
    nat46x64: bool
    node_name: str

    @classmethod
    def of(cls, settings: Settings) -> Origin:
        """That of a replica with these settings."""
        return cls(nat46x64=settings.nat46x64, node_name=settings.node_name)

    def difference(self, own: Origin) -> str:
        """In what the own settings differ from those that were stored; empty if in nothing."""
        stored, wanted = self.model_dump(), own.model_dump()
        return ", ".join(
            f"{name} is {stored[name]!r} there and {wanted[name]!r} here"
            for name in stored
            if stored[name] != wanted[name]
        )


class Head(_Stored):
    """The last change. An empty store has number 0."""

    number: int = 0
    id: str = ""
    """Of this change alone: who made it knows it by that."""
    bytes: int = 0
    """How much all changes up to this one take up together."""

    def followed_by(self, id: str, size: int) -> Head:
        """The head once a change of that id and size has followed."""
        return Head(number=self.number + 1, id=id, bytes=self.bytes + size)


class Sum(_Stored):
    """Where changes are summed up, in parts."""

    head: Head = Head()
    """The last of them."""
    name: str = ""
    parts: int = 0
    bytes: int = 0


class _Backend(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    hash: bytes
    id: int
    state: BackendState
    owner: int | None


class Change(_Stored):
    """What one transaction wrote."""

    id: str
    after: str
    """The id of the change before it."""
    services: list[SVC] = []
    deleted_services: list[int] = []
    backends: list[_Backend] = []
    deleted_backends: list[bytes] = []
    retired: list[tuple[bytes, BackendState | None]] = []
    """In the order in which they are to be remembered; None for those that are not retired."""
    next_backend_id: int | None = None

    def encode(self) -> bytes:
        """As compressed JSON."""
        return zlib.compress(super().encode(), 1)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read it.

        Raises:
            StoreError: it is something else.
        """
        try:
            return super().decode(zlib.decompress(data))
        except zlib.error as error:
            raise StoreError(f"what is stored as change is damaged: {error}") from None

    @classmethod
    def of(cls, changes: Changes, after: str) -> Change:
        """What a transaction has collected."""
        return cls.model_construct(
            id=new_id(),
            after=after,
            services=[svc for svc in changes.services.values() if svc is not None],
            deleted_services=[id for id, svc in changes.services.items() if svc is None],
            backends=[_backend(key, each) for key, each in changes.backends.items() if each],
            deleted_backends=[key for key, each in changes.backends.items() if each is None],
            retired=[*changes.retired.items()],
            next_backend_id=changes.first_free_id,
        )

    def onto(self, tables: Tables) -> Changes:
        """The same as a transaction on tables."""
        changes = Changes(tables)
        for id in self.deleted_services:
            changes.delete_service(id)
        for svc in self.services:
            changes.put_service(svc, tuple(map(identity, svc.backends)))
        for key in self.deleted_backends:
            changes.delete_backend(key)
        for each in self.backends:
            changes.put_backend(each.hash, KnownBackend(each.id, each.state, each.owner))
        for key, state in self.retired:
            changes.retired.pop(key, None)
            changes.retired[key] = state
        if self.next_backend_id is not None:
            changes.set_next_backend_id(self.next_backend_id)
        return changes

    def halves(self) -> list[Change]:
        """A part of a sum as two, in order; it alone if it holds but one thing."""
        if len(self.services) + len(self.backends) + len(self.retired) < 2:
            return [self]
        first, second = self.model_copy(), self.model_copy()
        first.services, second.services = _halves(self.services)
        first.backends, second.backends = _halves(self.backends)
        first.retired, second.retired = _halves(self.retired)
        return [first, second]


def parts(everything: Changes) -> Iterator[Change]:
    """A transaction as several changes, none of which is too large to store."""
    services: list[SVC] = []
    size = 0
    for svc in everything.services.values():
        if svc is None:
            continue
        if size and size + len(svc.backends) > _PART_SIZE:
            yield Change(id="", after="", services=services)
            services, size = [], 0
        services.append(svc)
        size += 1 + len(svc.backends)
    yield Change(id="", after="", services=services, next_backend_id=everything.first_free_id)
    for known in _batched(everything.backends.items()):
        backends = [_backend(key, each) for key, each in known if each is not None]
        yield Change(id="", after="", backends=backends)
    for retired in _batched(everything.retired.items()):
        yield Change(id="", after="", retired=retired)


def _backend(key: bytes, known: KnownBackend) -> _Backend:
    return _Backend.model_construct(hash=key, id=known.id, state=known.state, owner=known.owner)


def _halves(items: list[T]) -> tuple[list[T], list[T]]:
    middle = (len(items) + 1) // 2
    return items[:middle], items[middle:]


def _batched(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while some := list(islice(iterator, _PART_SIZE)):
        yield some
