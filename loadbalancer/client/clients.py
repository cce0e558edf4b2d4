"""`Client` and `AsyncClient`: the calls over a connection of httpx."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any, Self, TypedDict, TypeVar

import httpx

from .. import models
from ..domain.backend import Backend
from ..domain.service import SVC
from . import calls
from .calls import Answer, Call, Listing
from .errors import UnreachableError

__all__ = ["DEFAULT_ADDRESS", "AsyncClient", "Client"]

_T = TypeVar("_T")

DEFAULT_ADDRESS = "unix:///var/run/cilium/cilium.sock"
"""Where an agent listens."""

_TIMEOUT = 30.0
_UNIX = "unix://"
_SCHEMES = ("http://", "https://", "tcp://")


class Client:
    """A client of one agent, for several threads. It keeps its connections until it is closed.

    Every method raises `UnreachableError` if there is no answer, and a `RefusedError` if the
    agent refuses.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        token: str = "",
        timeout: float = _TIMEOUT,
        tls: ssl.SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare a client; the first call connects.

        Args:
            address: `unix:///PATH`, `tcp://HOST:PORT`, `http://HOST:PORT` or `https://HOST:PORT`.
            token: Is sent as a bearer token, as `serve --token-file` asks for.
            timeout: Seconds to connect, and to wait for the next bytes.
            tls: Certificates to trust and to show, by default those of certifi.
            transport: In place of the network, for tests.

        Raises:
            ValueError: the address has another form.
        """
        self.address = address
        base, socket = _parts(address)
        if transport is None:
            transport = httpx.HTTPTransport(uds=socket, verify=tls or socket is None)
        self._http = httpx.Client(transport=transport, **_options(base, token, timeout))
        self._listing = Listing()

    def services(self) -> list[SVC]:
        """Return all services, by id (`GET /service`), as an agent of any release lists them."""
        return self._make(Listing().call()) or []

    def changed_services(self) -> list[SVC] | None:
        """Return all services, or None if they are those that the last call returned (ETag)."""
        return self._make(self._listing.call())

    def service(self, id: int) -> SVC:
        """Return a service (`GET /service/{id}`).

        Raises:
            ServiceNotFoundError: no service has the id.
        """
        return self._make(calls.get(id))

    def put(self, service: SVC | models.ServiceSpec) -> bool:
        """Create or replace a service (`PUT /service/{id}`); return True if it was created.

        Of an `SVC`, what the wire cannot carry is left out: see `get_model`.

        Raises:
            InvalidFrontendError, InvalidBackendError, ServiceFailureError: as the agent judges.
        """
        return self._make(calls.put(service))

    def update_backends(self, backends: Iterable[Backend]) -> None:
        """Set state and preference of backends in all services that have them.

        Backends that no service has are ignored.

        Raises:
            UpdateBackendFailureError: a transition is not valid; the others were made.
        """
        self._make(calls.update_backends(backends))

    def delete(self, id: int) -> None:
        """Delete a service (`DELETE /service/{id}`).

        Raises:
            ServiceNotFoundError: no service has the id.
        """
        self._make(calls.delete(id))

    def config(self) -> dict[str, Any]:
        """Return the agent's configuration (`GET /config`)."""
        return self._make(calls.config())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self, call: Call[_T]) -> _T:
        try:
            response = self._http.request(call.method, call.path, **_sent(call))
        except httpx.HTTPError as error:
            raise _unreachable(self.address, error) from error
        return call.result(_answer(response))


class AsyncClient:
    """A client of one agent for asyncio (or trio): the methods of `Client`, to be awaited."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        token: str = "",
        timeout: float = _TIMEOUT,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare a client, as `Client` does; `httpx.ASGITransport` is a transport for tests."""
        self.address = address
        base, socket = _parts(address)
        if transport is None:
            transport = httpx.AsyncHTTPTransport(uds=socket, verify=tls or socket is None)
        self._http = httpx.AsyncClient(transport=transport, **_options(base, token, timeout))
        self._listing = Listing()

    async def services(self) -> list[SVC]:
        """Return all services, as `Client.services`."""
        return await self._make(Listing().call()) or []

    async def changed_services(self) -> list[SVC] | None:
        """Return all services or None, as `Client.changed_services`."""
        return await self._make(self._listing.call())

    async def service(self, id: int) -> SVC:
        """Return a service, as `Client.service`."""
        return await self._make(calls.get(id))

    async def put(self, service: SVC | models.ServiceSpec) -> bool:
        """Create or replace a service, as `Client.put`."""
        return await self._make(calls.put(service))

    async def update_backends(self, backends: Iterable[Backend]) -> None:
        """Set state and preference of backends, as `Client.update_backends`."""
        await self._make(calls.update_backends(backends))

    async def delete(self, id: int) -> None:
        """Delete a service, as `Client.delete`."""
        await self._make(calls.delete(id))

    async def config(self) -> dict[str, Any]:
        """Return the agent's configuration, as `Client.config`."""
        return await self._make(calls.config())

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _make(self, call: Call[_T]) -> _T:
        try:
            response = await self._http.request(call.method, call.path, **_sent(call))
        except httpx.HTTPError as error:
            raise _unreachable(self.address, error) from error
        return call.result(_answer(response))


class _Options(TypedDict):
    base_url: str
    headers: dict[str, str]
    timeout: float
    trust_env: bool


class _Sent(TypedDict):
    content: bytes | None
    headers: dict[str, str]


def _parts(address: str) -> tuple[str, str | None]:
    """The base URL, and the path of the unix socket, if it is one."""
    if address.startswith(_UNIX) and len(address) > len(_UNIX):
        return "http://localhost/v1", address.removeprefix(_UNIX)
    if address.startswith(_SCHEMES):
        return address.replace("tcp://", "http://", 1).rstrip("/") + "/v1", None
    raise ValueError(f"{address!r} is not unix:///PATH, tcp://HOST:PORT, or http(s)://HOST:PORT")


def _options(base: str, token: str, timeout: float) -> _Options:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # Proxies of the environment do not lead to an agent.
    return {"base_url": base, "headers": headers, "timeout": timeout, "trust_env": False}


def _sent(call: Call[Any]) -> _Sent:
    headers = dict(call.headers)
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    return {"content": call.body, "headers": headers}


def _answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, response.content, response.headers.get("ETag", ""))


def _unreachable(address: str, error: httpx.HTTPError) -> UnreachableError:
    reason = str(error) or type(error).__name__
    return UnreachableError(f"no answer from the agent at {address}: {reason}")
