"""The exceptions of the client: one for each way in which an agent refuses a request."""

from __future__ import annotations

import json

from ..dumps.notes import DumpProblem
from ..errors import LoadBalancerError, visible

__all__ = [
    "AgentError",
    "InvalidBackendError",
    "InvalidFrontendError",
    "MalformedRequestError",
    "RefusedError",
    "ServiceFailureError",
    "ServiceNotFoundError",
    "TokenError",
    "UnavailableError",
    "UnreachableError",
    "UnreadableAnswerError",
    "UpdateBackendFailureError",
    "refusal",
]

_LONGEST_REASON = 2000


class AgentError(LoadBalancerError):
    """Root of the exceptions of the client."""


class UnreachableError(AgentError):
    """No agent answers at the address, or not in time, or the connection broke.

    Whether a change was carried out is not known.
    """


class UnreadableAnswerError(AgentError):
    """An answer is not what the API promises. `problems` are the services that cannot be read."""

    def __init__(self, reason: str, problems: list[DumpProblem] | None = None) -> None:
        super().__init__(reason)
        self.problems: list[DumpProblem] = problems or []


class RefusedError(AgentError):
    """An agent refuses a request; nothing has changed, unless a subclass says otherwise."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        """The HTTP status."""
        self.reason = reason
        """The agent's own words."""

    def __str__(self) -> str:
        return f"{self.reason} ({self.status})" if self.reason else f"HTTP status {self.status}"


class MalformedRequestError(RefusedError):
    """The request is not what the API takes (400, 405, 413, 415, 422)."""


class TokenError(RefusedError):
    """The token is missing or wrong (401, 403)."""


class ServiceNotFoundError(RefusedError):
    """No service has the id (404)."""


class InvalidFrontendError(RefusedError):
    """The frontend is invalid, or registered under another id (460)."""


class InvalidBackendError(RefusedError):
    """A backend is invalid (461)."""


class ServiceFailureError(RefusedError):
    """The service cannot be set up as it is (500)."""


class UpdateBackendFailureError(RefusedError):
    """Some backend states could not be changed (501). The valid transitions were made."""


class UnavailableError(RefusedError):
    """The agent cannot answer now; the same request may succeed later (503)."""


_BY_STATUS: dict[int, type[RefusedError]] = {
    **dict.fromkeys((400, 405, 413, 415, 422), MalformedRequestError),
    **dict.fromkeys((401, 403), TokenError),
    404: ServiceNotFoundError,
    460: InvalidFrontendError,
    461: InvalidBackendError,
    500: ServiceFailureError,
    501: UpdateBackendFailureError,
    503: UnavailableError,
}


def refusal(status: int, body: bytes) -> RefusedError:
    """Return the exception for a status, with the reason that the body gives."""
    return _BY_STATUS.get(status, RefusedError)(status, _reason(body))


def _reason(body: bytes) -> str:
    """The text of an `Error`, the message of a request error, or else the body as text."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        found = found.get("message")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if not isinstance(found, str):
        found = body.decode(errors="replace").strip()
    return visible(found[:_LONGEST_REASON])
