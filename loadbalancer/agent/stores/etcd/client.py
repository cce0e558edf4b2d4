"""What the store asks of etcd, over the JSON gateway that every member has (etcd 3.4 and later).

Source: etcd's `api/etcdserverpb/rpc.proto`. One member at a time is asked; where it does not
answer, the next one is.
"""

from __future__ import annotations

import json
import random
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    TimeoutError,
)

from ..base import StoreBusyError, StoreError
from .address import EtcdAddress, StoreTLS

__all__ = [
    "PATIENCE",
    "Answer",
    "CompactedError",
    "Etcd",
    "FullError",
    "KeyValue",
    "TooLargeError",
    "UncertainError",
    "absent",
    "delete",
    "equals",
    "look_up",
    "put",
]

PATIENCE = 10.0
"""How many seconds a call may take, whatever happens to the members.

When their leader is lost, members of 3.4 answer nothing for up to 7 seconds.
"""
_ATTEMPT = 2.0
"""How many seconds a member has to answer."""
_CONNECT = 1.0
_CONNECTIONS = 32

# gRPC status codes, which the gateway puts into its answers. These say nothing about whether a
# change was made: cancelled, unknown, deadline exceeded, internal, unavailable.
_UNCERTAIN = frozenset({1, 2, 4, 13, 14})
_UNAUTHENTICATED = 16

Operation = dict[str, Any]


class UncertainError(StoreBusyError):
    """It is not known whether a change was made."""


class FullError(StoreBusyError):
    """etcd is out of space; of the change that filled it, it says so once that is made."""


class CompactedError(StoreError):
    """What a revision held is not there any longer."""


class TooLargeError(StoreError):
    """A change is more than etcd takes at once."""


class _NoAnswerError(Exception):
    """A member did not answer; it may have done what it was asked to, unless that was not sent."""

    def __init__(self, reason: str, *, is_sent: bool = True) -> None:
        super().__init__(reason)
        self.is_sent = is_sent


class _StaleTokenError(Exception):
    """The token has expired, or the member does not know it."""


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A key and its value."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a transaction was answered."""

    succeeded: bool
    revision: int
    ranges: list[list[KeyValue]]
    """What each range found, in the order in which they were asked for."""


def equals(key: bytes, value: bytes) -> Operation:
    """Compare: the key has this value."""
    return {"key": _text(key), "target": "VALUE", "result": "EQUAL", "value": _text(value)}


def absent(key: bytes) -> Operation:
    """Compare: there is no such key."""
    return {"key": _text(key), "target": "CREATE", "result": "EQUAL", "create_revision": "0"}


def put(key: bytes, value: bytes) -> Operation:
    """Put a value."""
    return {"request_put": {"key": _text(key), "value": _text(value)}}


def delete(start: bytes, end: bytes) -> Operation:
    """Delete the keys from `start` on, before `end`."""
    return {"request_delete_range": {"key": _text(start), "range_end": _text(end)}}


def look_up(
    start: bytes, end: bytes | None = None, *, limit: int = 0, revision: int = 0
) -> Operation:
    """Get the keys from `start` on, before `end`; without an end the key itself."""
    asked: dict[str, Any] = {"key": _text(start), "limit": str(limit), "revision": str(revision)}
    if end is not None:
        asked["range_end"] = _text(end)
    return {"request_range": asked}


class Etcd:
    """A cluster. All methods may be called from any thread."""

    def __init__(self, address: EtcdAddress) -> None:
        """Prepare a client; the first call connects.

        Raises:
            StoreError: the files for TLS cannot be used.
        """
        self._address = address
        self._current = 0
        self._is_well = True
        self._token: str | None = None
        context = None if address.tls is None else _tls_context(address.tls)
        self._pool = urllib3.PoolManager(
            len(address.endpoints), maxsize=_CONNECTIONS, retries=False, ssl_context=context
        )

    def deadline(self) -> float:
        """Until when (of `time.monotonic`) a call that begins now may take.

        Once a call has waited in vain, those that follow wait for one member's answer alone, until
        one comes: else they would line up, and each would wait for all before it.
        """
        return time.monotonic() + (PATIENCE if self._is_well else min(PATIENCE, _ATTEMPT))

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def read(self, *ranges: Operation, deadline: float) -> Answer:
        """What ranges find at one moment, which is not before this call.

        Raises:
            StoreBusyError: no member has answered before the deadline (of `time.monotonic`).
            CompactedError: the revision asked for has been compacted.
            StoreError: it was refused.
        """
        try:
            return self._transact({"success": ranges}, deadline, is_change=False)
        except FullError:
            # Some releases (3.5.1) refuse transactions that change nothing, too.
            return self._read_one_by_one(ranges, deadline)

    def _read_one_by_one(self, ranges: Sequence[Operation], deadline: float) -> Answer:
        """What `read` answers: each range for itself, at the revision of the first."""
        while True:
            revision = 0
            found: list[list[KeyValue]] = []
            try:
                for each in ranges:
                    asked = each["request_range"]
                    if revision and asked["revision"] == "0":
                        asked = {**asked, "revision": str(revision)}
                    answer = self._range(asked, deadline)
                    revision = revision or answer.revision
                    found += answer.ranges
                return Answer(succeeded=True, revision=revision, ranges=found)
            except CompactedError:
                # As those do who make space. One that the caller asked for stays away.
                if not revision or time.monotonic() > deadline:
                    raise

    def commit(
        self,
        compares: Sequence[Operation],
        changes: Sequence[Operation],
        otherwise: Sequence[Operation] = (),
        *,
        deadline: float,
    ) -> Answer:
        """Make changes if all compares hold, else look up the ranges of `otherwise`.

        Raises:
            UncertainError: it may have been done or not, or may still be.
            FullError: it may have been done or not, which is decided by now.
            StoreBusyError: it was not done, for a reason that may pass.
            StoreError: it was refused.
        """
        body = {"compare": compares, "success": changes, "failure": otherwise}
        return self._transact(body, deadline, is_change=True)

    def _transact(self, body: dict[str, Any], deadline: float, *, is_change: bool) -> Answer:
        answer = self._ask("/v3/kv/txn", json.dumps(body).encode(), deadline, is_change=is_change)
        with self._reading():
            found = _answer(answer)
            asked = body["success" if found.succeeded or not is_change else "failure"]
            if len(found.ranges) != sum("request_range" in each for each in asked):
                raise ValueError("not what was asked for")
            return found

    def _range(self, asked: Operation, deadline: float) -> Answer:
        answer = self._ask("/v3/kv/range", json.dumps(asked).encode(), deadline, is_change=False)
        with self._reading():
            return _answer({**answer, "responses": [{"response_range": answer}]})

    @contextmanager
    def _reading(self) -> Generator[None]:
        try:
            yield
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{self._address}: an answer cannot be read: {error!r}") from None

    def _ask(self, path: str, body: bytes, deadline: float, *, is_change: bool) -> Any:
        """Ask one member after the other until one answers."""
        failures = 0
        while True:
            number = self._current
            try:
                answer = self._ask_member(number, path, body, deadline)
                self._is_well = True
                return answer
            except _StaleTokenError:
                self._token = None
                reason = "it takes no token"
            except _NoAnswerError as error:
                reason = str(error)
                if number == self._current:
                    self._current = (number + 1) % len(self._address.endpoints)
                if is_change and error.is_sent:
                    raise UncertainError(f"{self._address} does not answer: {reason}") from None
            failures += 1
            if failures >= len(self._address.endpoints):
                # All have been asked: wait for them to come to themselves.
                time.sleep(random.uniform(0.02, 0.1))
            if time.monotonic() >= deadline:
                self._is_well = False
                raise StoreBusyError(f"{self._address} does not answer: {reason}")

    def _ask_member(self, number: int, path: str, body: bytes, deadline: float) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._address.user:
            token = self._token
            if token is None:
                token = self._token = self._authenticate(number, deadline)
            headers["Authorization"] = token
        return self._post(number, path, body, headers, deadline)

    def _authenticate(self, number: int, deadline: float) -> str:
        body = {"name": self._address.user, "password": self._address.password}
        try:
            answer = self._post(
                number, "/v3/auth/authenticate", json.dumps(body).encode(), {}, deadline
            )
        except _NoAnswerError as error:
            raise _NoAnswerError(str(error), is_sent=False) from None
        try:
            return str(answer["token"])
        except (KeyError, TypeError):
            raise StoreError(f"{self._address}: an answer cannot be read: no token") from None

    def _post(
        self, number: int, path: str, body: bytes, headers: dict[str, str], deadline: float
    ) -> Any:
        """What one member answers.

        Raises:
            _NoAnswerError: nothing that can be relied on.
            _StaleTokenError: it wants another token.
            StoreError: it refuses.
        """
        left = deadline - time.monotonic()
        timeout = urllib3.Timeout(
            connect=max(0.01, min(_CONNECT, left)), read=max(0.01, min(_ATTEMPT, left))
        )
        url = self._address.endpoints[number]
        try:
            response = self._pool.request(
                "POST", url + path, body=body, headers=headers, timeout=timeout
            )
            data = response.data
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise _NoAnswerError(_reason(url, error), is_sent=False) from None
        except (HTTPError, OSError) as error:
            raise _NoAnswerError(_reason(url, error)) from None
        try:
            answer = json.loads(data)
        except ValueError:
            raise _NoAnswerError(f"{url}: status {response.status} without JSON") from None
        if response.status == 200:
            return answer
        raise self._failure(url, answer)

    def _failure(self, url: str, answer: Any) -> Exception:
        """What an answer that is an error means."""
        try:
            code, message = int(answer["code"]), str(answer["message"])
        except (KeyError, TypeError, ValueError):
            return _NoAnswerError(f"{url}: an error without code and message")
        text = _printable(f"{self._address}: {message}")
        if code == _UNAUTHENTICATED or "auth store is old" in message:
            return _StaleTokenError()
        if code in _UNCERTAIN:
            return _NoAnswerError(f"{url}: {_printable(message)}")
        if "too large" in message or "larger than max" in message:
            return TooLargeError(text)
        if "has been compacted" in message:
            return CompactedError(text)
        if "database space exceeded" in message:
            return FullError(f"{self._address} is out of space: {_printable(message)}")
        if "too many requests" in message:
            return StoreBusyError(text)
        return StoreError(text)


def _answer(answer: Any) -> Answer:
    responses = answer.get("responses", [])
    ranges = [each["response_range"] for each in responses if "response_range" in each]
    return Answer(
        succeeded=answer.get("succeeded", False),
        revision=int(answer["header"]["revision"]),
        ranges=[list(_key_values(each.get("kvs", []))) for each in ranges],
    )


def _key_values(found: Iterable[dict[str, str]]) -> Iterable[KeyValue]:
    for each in found:
        yield KeyValue(b64decode(each["key"]), b64decode(each.get("value", "")))


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text[:300])


def _reason(url: str, error: Exception) -> str:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, OSError) and cause.strerror:
        text = cause.strerror
    elif isinstance(error, TimeoutError):
        text = "timed out"
    else:
        text = type(error).__name__
    return _printable(f"{url}: {text}")


def _tls_context(tls: StoreTLS) -> ssl.SSLContext:
    if tls.key is not None and tls.cert is None:
        raise StoreError("the key for TLS to the store needs a certificate")
    try:
        context = ssl.create_default_context(cafile=None if tls.ca is None else str(tls.ca))
        if tls.cert is not None:
            # Without a key that can be read, the default would ask for a password on the terminal.
            context.load_cert_chain(tls.cert, tls.key, password="")
    except (OSError, ValueError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        raise StoreError(f"cannot use the certificates for TLS to the store: {reason}") from None
    return context
