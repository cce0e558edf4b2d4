"""A client of the agent's service API, on httpx (extra `client`).

    with Client("unix:///var/run/cilium/cilium.sock") as agent:
        agent.put(svc)
        print(*agent.services(), sep="\\n")

`AsyncClient` has the same methods to await. Each status with which an agent refuses a request is
an exception of its own, below `RefusedError`; all exceptions are `AgentError`.
"""

from __future__ import annotations

from .clients import DEFAULT_ADDRESS, AsyncClient, Client
from .errors import (
    AgentError,
    InvalidBackendError,
    InvalidFrontendError,
    MalformedRequestError,
    RefusedError,
    ServiceFailureError,
    ServiceNotFoundError,
    TokenError,
    UnavailableError,
    UnreachableError,
    UnreadableAnswerError,
    UpdateBackendFailureError,
)

__all__ = [
    "DEFAULT_ADDRESS",
    "AgentError",
    "AsyncClient",
    "Client",
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
]
