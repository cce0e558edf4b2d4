"""The store: reads and writes of one replica."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, NoReturn, TypeVar

from ...settings import Settings
from ..base import StoreBusyError, StoreError, Transaction, View
from ..tables import Changes
from .address import EtcdAddress
from .client import (
    CompactedError,
    Etcd,
    FullError,
    KeyValue,
    TooLargeError,
    UncertainError,
    absent,
    equals,
    look_up,
    put,
)
from .entries import VERSION, Change, Head, Keys, Origin
from .mirror import DivergedError, Mirror
from .summing import Summing, load

__all__ = ["EtcdStore"]

T = TypeVar("T")

OPENING_PATIENCE = 20.0
"""How many seconds opening may take; no client is waiting yet."""
_CHANGES_AT_ONCE = 32


class EtcdStore:
    """Keeps services in an etcd cluster, which any number of these stores share.

    A write is on the disks of most of the members when `write` returns, and whole. Reads and
    writes of all stores on one prefix are linearizable: a read sees every write that had
    returned before the read began, wherever it was made.

    Each store has a replica of all that is stored. A read asks etcd whether there are changes,
    one round trip that reads at the same time share. A write runs its function on the replica
    and stores what it wrote if no other server was faster; else it applies the changes of the
    others and runs the function again.
    """

    blocks = True

    def __init__(self, address: EtcdAddress, settings: Settings | None = None) -> None:
        """Open what is stored under the prefix, or begin with it.

        Raises:
            StoreError: it cannot be reached, is something else, or was stored with other
                settings than these.
        """
        self.address = address
        self.conflicts = 0
        """How often a write ran again because another replica was faster."""
        self._origin = Origin.of(settings or Settings())
        self._keys = Keys(address.prefix)
        self._etcd = Etcd(address)
        self._mirror = Mirror()
        self._looks = _Looks(self._look)
        self._write_lock = Lock()
        self._summing = Summing(self._etcd, self._keys, self._mirror)
        self._is_closed = False
        deadline = time.monotonic() + OPENING_PATIENCE
        try:
            self._agree(deadline)
            self._load(deadline)
        except BaseException:
            self._etcd.close()
            raise

    @property
    def revision(self) -> int:
        """The number of the last change that this replica has taken in."""
        return self._mirror.head.number

    def sum_up(self) -> bool:
        """Sum up the log of changes if it is long, which happens by itself as well.

        Returns whether that was done.

        Raises:
            StoreError: it could not be done.
        """
        return self._summing.sum_up_if_long()

    def read(self, function: Callable[[View], T]) -> T:
        """What the function makes of what is stored now."""
        self._looks.share(self._deadline())
        return self._mirror.read(function)

    def service_json_at_once(self, id: int) -> bytes | None:
        """What is stored now is never known without asking."""
        raise StoreBusyError(f"{self.address} has to be asked")

    def write(self, function: Callable[[Transaction], T]) -> T:
        """What the function returns, once all that it wrote is on most members' disks."""
        deadline = self._deadline()
        if not self._write_lock.acquire(timeout=max(0, deadline - time.monotonic())):
            raise StoreBusyError(f"{self.address}: changes before this one take too long")
        attempts: dict[str, T] = {}
        try:
            return self._write(function, attempts, deadline)
        except StoreError as error:
            if not attempts:
                raise
            raise UncertainError(f"it is not known whether this was stored: {error}") from None
        finally:
            self._write_lock.release()

    def close(self) -> None:
        """Close the connections, once the calls under way have returned."""
        with self._write_lock:
            self._is_closed = True
        self._summing.stop()
        self._etcd.close()

    def _deadline(self) -> float:
        if self._is_closed:
            raise StoreError(f"{self.address} is closed")
        return self._etcd.deadline()

    def _write(
        self, function: Callable[[Transaction], T], attempts: dict[str, T], deadline: float
    ) -> T:
        """Run the function and store what it wrote, again and again until it is clear.

        `attempts` holds the results of those changes on one head, `tried`, of which it is not
        known whether they were stored. All of them name that head: one at most ever will be.
        """
        tried: Head | None = None
        turn = 0
        while True:
            with self._mirror.transaction() as (base, changes):
                outcome = _run(function, changes)
            if tried is not None and base != tried:
                # Another change has followed on it.
                next_id = self._next_id(tried)
                if next_id in attempts:
                    return attempts[next_id]
                attempts.clear()
                tried = None
            if turn and time.monotonic() > deadline:
                raise StoreBusyError(f"{self.address}: others were faster {turn} times")
            if changes and isinstance(outcome, _Returned):
                change = Change.of(changes, base.id)
                try:
                    if self._store(base, change, changes, deadline):
                        return outcome.result
                except (UncertainError, FullError) as error:
                    attempts[change.id] = outcome.result
                    tried = base
                    self._looks.share(deadline)
                    if isinstance(error, FullError) and self._mirror.head == base:
                        del attempts[change.id]
                        raise
            else:
                # Nothing to store, which is right of the tables as they are since this call.
                if not turn:
                    self._looks.share(deadline)
                if turn or self._mirror.head is base:
                    return outcome.get()
            time.sleep(random.uniform(0, min(0.05, 0.001 * 2**turn)))
            turn += 1

    def _store(self, base: Head, change: Change, changes: Changes, deadline: float) -> bool:
        """Store a change if nothing has changed since; else take in what has."""
        keys, data = self._keys, change.encode()
        head = base.followed_by(change.id, len(data))
        stored = [put(keys.log(head.number), data), put(keys.head, head.encode())]
        news = self._news_after(base)
        try:
            answer = self._etcd.commit(
                [equals(keys.head, base.encode())], stored, news, deadline=deadline
            )
        except TooLargeError:
            raise StoreError(
                f"{self.address}: the change takes {len(data):,} bytes, more than etcd takes "
                "at once (its --max-request-bytes): nothing was changed"
            ) from None
        if answer.succeeded:
            self._mirror.put_in_own(base, head, changes)
            self._summing.consider(base, head)
            return True
        self.conflicts += 1
        try:
            is_all = self._take_in(base, answer.ranges)
        except DivergedError:
            is_all = False
        if not is_all:
            self._looks.share(deadline)
        return False

    def _next_id(self, base: Head) -> str:
        """The id of the change that followed on a head.

        Raises:
            StoreError: it is not known any longer.
        """
        found = self._mirror.id_of(base.number + 1)
        if found is None:
            raise StoreError(f"{self.address}: too much has changed meanwhile")
        return found

    def _look(self, deadline: float) -> None:
        """Take in all that was stored before this call."""
        try:
            while True:
                base = self._mirror.head
                answer = self._etcd.read(*self._news_after(base), deadline=deadline)
                if self._take_in(base, answer.ranges):
                    return
        except DivergedError:
            # It may be others' by now.
            for each in self._etcd.read(look_up(self._keys.settings), deadline=deadline).ranges[0]:
                self._compare(each.value)
            self._load(deadline)

    def _news_after(self, base: Head) -> list[dict[str, object]]:
        log = self._keys.log(base.number + 1)
        return [
            look_up(self._keys.head),
            look_up(log, self._keys.log_end, limit=_CHANGES_AT_ONCE),
        ]

    def _take_in(self, base: Head, news: Sequence[Sequence[KeyValue]]) -> bool:
        """Put what was stored after a head into the mirror. Returns whether this is all.

        Raises:
            DivergedError: the changes that follow on it are not there (any longer).
        """
        heads, log = news
        if not heads:
            raise StoreError(f"{self.address}: what was stored there is gone")
        head = Head.decode(heads[0].value)
        if head.number < base.number:
            raise DivergedError
        self._mirror.check(head)
        last, changes = base, list[tuple[Head, Change]]()
        for each in log:
            change = Change.decode(each.value)
            last = last.followed_by(change.id, len(each.value))
            if each.key != self._keys.log(last.number):
                raise DivergedError
            changes.append((last, change))
        if last.number < head.number and len(log) < _CHANGES_AT_ONCE:
            raise DivergedError
        self._mirror.put_in(changes)
        return last.number >= head.number

    def _load(self, deadline: float) -> None:
        while True:
            try:
                self._mirror.start_over(*load(self._etcd, self._keys, deadline))
                return
            except CompactedError:
                if time.monotonic() > deadline:
                    raise

    def _agree(self, deadline: float) -> None:
        """Compare the settings with those that were stored, or store them if none were.

        Raises:
            StoreError: they differ, or what is stored is something else.
        """
        keys = self._keys
        while True:
            found = self._etcd.read(
                look_up(keys.settings),
                look_up(keys.head),
                look_up(keys.start, keys.end, limit=1),
                deadline=deadline,
            )
            settings, head, anything = found.ranges
            if settings:
                break
            if anything and not head:
                raise StoreError(f"{self.address}: there are keys of another program")
            compares, changes = [absent(keys.settings)], [put(keys.settings, self._origin.encode())]
            if not head:
                compares.append(absent(keys.head))
                changes.append(put(keys.head, Head().encode()))
            try:
                self._etcd.commit(compares, changes, deadline=deadline)
            except UncertainError:
                if time.monotonic() > deadline:
                    raise
        self._compare(settings[0].value)

    def _compare(self, settings: bytes) -> None:
        """Compare the settings with those that were stored.

        Raises:
            StoreError: they differ, or are those of another version.
        """
        stored = Origin.decode(settings)
        if stored.version != VERSION:
            raise StoreError(f"{self.address} has data of version {stored.version}, not {VERSION}")
        if different := stored.difference(self._origin):
            raise StoreError(f"{self.address} belongs to servers with other settings: {different}")


@dataclass(frozen=True, slots=True)
class _Returned(Generic[T]):
    result: T

    def get(self) -> T:
        return self.result


@dataclass(frozen=True, slots=True)
class _Raised:
    error: Exception

    def get(self) -> NoReturn:
        raise self.error


def _run(function: Callable[[Transaction], T], changes: Changes) -> _Returned[T] | _Raised:
    try:
        return _Returned(function(changes))
    except Exception as error:
        return _Raised(error)


class _Looks:
    """Looks for news, one at a time, each for all who have asked before it began."""

    def __init__(self, look: Callable[[float], None]) -> None:
        self._look = look
        self._lock = Lock()
        self._begun = 0
        self._error: StoreError | None = None

    def share(self, deadline: float) -> None:
        """Return when a look has ended that began after this call.

        Raises:
            StoreError: it could not be done.
        """
        begun = self._begun
        if not self._lock.acquire(timeout=max(0, deadline - time.monotonic())):
            raise StoreBusyError("etcd does not answer")
        try:
            if self._begun == begun:
                self._begun += 1
                # For the others, too, if it fails in an unforeseen way.
                self._error = StoreError("it could not be looked for news")
                try:
                    self._look(deadline)
                    self._error = None
                except StoreError as error:
                    self._error = error
            if self._error is not None:
                raise type(self._error)(str(self._error))
        finally:
            self._lock.release()
