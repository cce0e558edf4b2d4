"""Each request of the API and what its answer means, without a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic_core import from_json

from .. import models
from ..domain.backend import Backend
from ..domain.service import SVC
from ..dumps.reading import read_dump
from .errors import UnreadableAnswerError, refusal

__all__ = ["Answer", "Call", "Listing", "config", "delete", "get", "put", "update_backends"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of an agent."""

    status: int
    body: bytes
    tag: str = ""
    """The ETag, empty if there is none."""


@dataclass(frozen=True, slots=True)
class Call(Generic[_T]):
    """A request, and what reads an answer to it that is not a refusal."""

    method: str
    path: str
    read: Callable[[Answer], _T]
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def result(self, answer: Answer) -> _T:
        """Return what the answer means.

        Raises:
            RefusedError: the agent refuses the request.
            UnreadableAnswerError: the answer is not what the API promises.
        """
        if answer.status not in (200, 201, 304):
            raise refusal(answer.status, answer.body)
        return self.read(answer)


class Listing:
    """The list of services, with the tag of the last one that was read."""

    def __init__(self) -> None:
        self._tag = ""

    def call(self) -> Call[list[SVC] | None]:
        """Return the request of the list; the result is None if it is the one read before."""
        headers = {"If-None-Match": self._tag} if self._tag else {}
        return Call("GET", "/service", self._read, headers=headers)

    def _read(self, answer: Answer) -> list[SVC] | None:
        if answer.status == 304:
            return None
        services = _services(answer)
        self._tag = answer.tag
        return services


def get(id: int) -> Call[SVC]:
    """Return the request of a service."""
    return Call("GET", f"/service/{id}", _service)


def put(service: SVC | models.ServiceSpec) -> Call[bool]:
    """Return the request that creates or replaces a service; True if it was created."""
    spec = service.get_model().spec if isinstance(service, SVC) else service
    assert spec is not None
    return Call("PUT", f"/service/{spec.id or 0}", _is_created, spec.model_dump_json().encode())


def update_backends(backends: Iterable[Backend]) -> Call[None]:
    """Return the request that changes the states of backends in all services that have them."""
    spec = models.ServiceSpec(
        frontend_address=models.FrontendAddress(),
        backend_addresses=[each.get_backend_model() for each in backends],
        update_services=True,
    )
    return Call("PUT", "/service/0", _nothing, spec.model_dump_json().encode())


def delete(id: int) -> Call[None]:
    """Return the request that deletes a service."""
    return Call("DELETE", f"/service/{id}", _nothing)


def config() -> Call[dict[str, Any]]:
    """Return the request of the agent's configuration."""
    return Call("GET", "/config", _object)


def _services(answer: Answer) -> list[SVC]:
    # As agents of every release write them.
    found = read_dump(answer.body)
    if found.problems:
        first = found.problems[0]
        more = f", and {len(found.problems) - 1} more" if len(found.problems) > 1 else ""
        raise UnreadableAnswerError(f"the answer cannot be read: {first}{more}", found.problems)
    return found.services


def _service(answer: Answer) -> SVC:
    services = _services(answer)
    if len(services) != 1:
        raise UnreadableAnswerError(f"the answer has {len(services)} services, not one")
    return services[0]


def _is_created(answer: Answer) -> bool:
    return answer.status == 201


def _nothing(answer: Answer) -> None:
    return None


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = from_json(answer.body)
    except ValueError as error:
        raise UnreadableAnswerError(f"the answer is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UnreadableAnswerError("the answer is not a JSON object")
    return found  # pyright: ignore[reportUnknownVariableType]
