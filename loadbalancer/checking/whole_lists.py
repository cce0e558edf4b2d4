"""Many services of a list read at once, if all is well with each of them.

Whether it is, say those who are asked service by service, too: the readers of JSON, who know keys,
and the look at releases. Where one of them has something to say, nothing is taken, and
the services are looked at one by one, for the place and the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from loadbalancer import SVC

from ..dumps.service_schema import read_services as read_services_of_any_release
from ..wire.services import equal_specs, last_between, read_services
from .kinds import Kind, has_unknown_keys, recognise
from .release_check import ReleaseLook

__all__ = ["WholeLists"]

# How often in a text it may turn out that there is something to say, before nobody tries any more.
_MOST_FAILURES = 2
# The words that Pydantic takes for numbers, and JSON does not know.
_NO_JSON = ("NaN", "Infinity")


@dataclass
class WholeLists:
    """Reads lists of services, piece by piece."""

    is_strict: bool
    """Whether they are to be as release 1.13 has them."""
    looks_at_keys: bool
    """Whether there is something to say of a key that is not known."""
    look: ReleaseLook | None
    _failures: int = 0

    def take(self, text: str, at: int) -> tuple[Sequence[SVC], int]:
        """The services from an index on, but for the last, and where they end."""
        end, _ = last_between(text, at)
        if end < 0 or self._failures == _MOST_FAILURES:
            return (), at
        services = self._read(text[at:end])
        if services is None:
            self._failures += 1
            return (), at
        return services, end

    def _read(self, text: str) -> Sequence[SVC] | None:
        if any(word in text for word in _NO_JSON):
            return None
        data = f"[{text}]".encode()
        # The parser has the last word on whether that is a list of services.
        services = read_services(data) if self.is_strict else _of_any_release(data)
        return services if services and self._is_plain(data) else None

    def _is_plain(self, data: bytes) -> bool:
        """Whether there is nothing to say of services that could be read."""
        specs = equal_specs(data)
        if specs is None:
            values: list[Any] = from_json(data)
            are_services = all(recognise(each) is Kind.SERVICE for each in values)
            return are_services and self._is_known(values, Kind.SERVICE) and self._is_usual(values)
        if not self.looks_at_keys and self.look is None:
            return True
        read = [from_json(each)[0][0][0] for each in specs]
        values = [{"spec": each, "status": {"realized": each}} for each in read]
        return self._is_known(read, Kind.SPEC) and self._is_usual(values)

    def _is_known(self, values: Iterable[Any], kind: Kind) -> bool:
        return not self.looks_at_keys or not any(has_unknown_keys(each, kind) for each in values)

    def _is_usual(self, values: Iterable[Any]) -> bool:
        return self.look is None or self.look.is_plain(values)


def _of_any_release(data: bytes) -> list[SVC] | None:
    try:
        return read_services_of_any_release(data)
    except ValidationError:
        return None
