"""Summing up the log, for it to stay short, and loading what is stored from the start."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from threading import Lock, Thread

from ..base import StoreError
from ..tables import Tables
from .client import (
    PATIENCE,
    Etcd,
    KeyValue,
    TooLargeError,
    UncertainError,
    absent,
    delete,
    equals,
    look_up,
    put,
)
from .entries import Change, Head, Keys, Sum, new_id, parts
from .mirror import Mirror

__all__ = ["Summing", "load"]

_log = logging.getLogger(__name__)

CHANGES = 1_000
"""After so many changes the log is summed up; if there are more services, after that many."""
BYTES = 16 * 1024 * 1024
"""Or after so many bytes of them, or twice as many as the last sum has."""
CHANGES_KEPT = 200
"""How many changes that were summed up stay in the log, for replicas that are behind."""
_EVERY = 50
_PAGE = 64


def load(etcd: Etcd, keys: Keys, deadline: float) -> tuple[Head, Tables]:
    """What is stored now. The deadline is for its beginning: how much there is takes its time.

    Raises:
        CompactedError: it took so long that it has to be done again.
        StoreError: it cannot be read.
    """
    answer = etcd.read(look_up(keys.head), look_up(keys.sum), deadline=deadline)
    heads, sums = answer.ranges
    if not heads:
        raise StoreError("what was stored is gone")
    head = Head.decode(heads[0].value)
    sum = Sum.decode(sums[0].value) if sums else Sum()
    tables = Tables()
    found = 0
    for each in _pages(etcd, *keys.sum_parts(sum.name), answer.revision):
        Change.decode(each.value).onto(tables).apply()
        found += 1
    last = sum.head
    for each in _pages(etcd, keys.log(last.number + 1), keys.log_end, answer.revision):
        change = Change.decode(each.value)
        if change.after != last.id:
            break
        last = last.followed_by(change.id, len(each.value))
        change.onto(tables).apply()
    if found != sum.parts or last != head:
        raise StoreError(f"what is stored is damaged: changes end with {last}, not with {head}")
    return head, tables


def _pages(etcd: Etcd, start: bytes, end: bytes, revision: int) -> Iterator[KeyValue]:
    """All of a range as it was at a revision."""
    while True:
        page = look_up(start, end, limit=_PAGE, revision=revision)
        (found,) = etcd.read(page, deadline=time.monotonic() + PATIENCE).ranges
        yield from found
        if len(found) < _PAGE:
            return
        start = found[-1].key + b"\0"


class Summing:
    """Sums up the log in a thread of its own, where it has become long.

    It may fail or be done twice at any point: changes count as summed up once `sum` says so.
    """

    def __init__(self, etcd: Etcd, keys: Keys, mirror: Mirror) -> None:
        self._etcd = etcd
        self._keys = keys
        self._mirror = mirror
        self._lock = Lock()
        self._thread: Thread | None = None
        self._is_stopped = False

    def consider(self, before: Head, after: Head) -> None:
        """Look whether the log is long, now and then: whenever an own change passes a mark."""
        is_mark = after.number % _EVERY == 0 or before.bytes // BYTES != after.bytes // BYTES
        if not is_mark:
            return
        with self._lock:
            if self._is_stopped or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = Thread(target=self._run, name="etcd log", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Wait for what has been begun."""
        with self._lock:
            self._is_stopped = True
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        try:
            self.sum_up_if_long()
        except StoreError as error:
            # The next mark is the next try.
            _log.warning("the log of changes was not summed up: %s", error)

    def sum_up_if_long(self) -> bool:
        """Sum up the log if it is long. Returns whether that was done."""
        answer = self._etcd.read(look_up(self._keys.sum), deadline=time.monotonic() + PATIENCE)
        found = answer.ranges[0]
        present = Sum.decode(found[0].value) if found else Sum()
        head = self._mirror.head
        changes = head.number - present.head.number
        services = self._mirror.read(lambda view: view.service_count())
        is_long = changes >= max(CHANGES, services) or (
            head.bytes - present.head.bytes >= max(BYTES, 2 * present.bytes)
        )
        return is_long and self._sum_up(found[0].value if found else None)

    def _sum_up(self, present: bytes | None) -> bool:
        keys = self._keys
        head, everything = self._mirror.everything()
        log = self._etcd.read(look_up(keys.log(head.number)), deadline=time.monotonic() + PATIENCE)
        last = [each.value for each in log.ranges[0]]
        if not last or Change.decode(last[0]).id != head.id:
            # Summed up by another one, or gone: etcd may have been set back to an older state.
            return False
        name = f"{head.number:016x}-{new_id()}"
        count = size = 0
        for part in parts(everything):
            for data in self._put_part(name, count, part):
                count += 1
                size += len(data)
        sum = Sum(head=head, name=name, parts=count, bytes=size)
        compares = [
            absent(keys.sum) if present is None else equals(keys.sum, present),
            equals(keys.log(head.number), last[0]),
        ]
        changes = [
            put(keys.sum, sum.encode()),
            delete(keys.log(0), keys.log(max(0, head.number - CHANGES_KEPT) + 1)),
            delete(*keys.sums_before(head.number)),
        ]
        # If it is not known whether this was done, the parts stay: they may be needed.
        done = self._etcd.commit(compares, changes, deadline=time.monotonic() + PATIENCE)
        if not done.succeeded:
            parts_of_it = delete(*keys.sum_parts(name))
            self._etcd.commit([], [parts_of_it], deadline=time.monotonic() + PATIENCE)
        return done.succeeded

    def _put_part(self, name: str, index: int, part: Change) -> Iterator[bytes]:
        """Put a part, as several where it is too large. Gives what was put."""
        data = part.encode()
        try:
            self._put(self._keys.sum_part(name, index), data)
        except TooLargeError:
            halves = part.halves()
            if len(halves) < 2:
                raise
            for half in halves:
                for each in self._put_part(name, index, half):
                    index += 1
                    yield each
        else:
            yield data

    def _put(self, key: bytes, data: bytes) -> None:
        """Put a key that no other server writes: repeating it does no harm."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._etcd.commit([], [put(key, data)], deadline=deadline)
                return
            except UncertainError:
                if time.monotonic() > deadline:
                    raise
