"""The client against a served agent: over a unix socket and TCP, waiting and awaited."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from loadbalancer import SVC, BackendState, L4Type, models, new_svc_from_model, write_dump
from loadbalancer.client import (
    AsyncClient,
    Client,
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
from loadbalancer.server import Limits, MemoryStore, Settings, create_app
from loadbalancer.server.app import create_server
from loadbalancer.server.guard import Guard
from loadbalancer.testing.agent import ServedAgent

from ..server.payloads import backend, spec


class Awaited:
    """An `AsyncClient` whose methods are called as those of `Client`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._runner = asyncio.Runner()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            return self._runner.run(getattr(self._client, name)(*arguments))

        return call

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


@pytest.fixture(params=["unix", "tcp", "awaited"])
def agent(request: pytest.FixtureRequest, served_agent: ServedAgent) -> Generator[Any]:
    unix = f"unix://{served_agent.socket}"
    if request.param == "awaited":
        client: Any = Awaited(AsyncClient(unix))
    else:
        client = Client(served_agent.url if request.param == "tcp" else unix)
    yield client
    client.close()


def model(*backends: dict[str, Any], id: int = 1, ip: str = "") -> models.ServiceSpec:
    return models.ServiceSpec.model_validate(spec(id, *backends, ip=ip))


def test_services_come_and_go(agent: Any, example_services: list[SVC]) -> None:
    assert agent.services() == []
    assert [agent.put(each) for each in example_services] == [True, True, True]
    assert agent.put(example_services[0]) is False
    found = agent.services()
    assert [each.frontend for each in found] == [each.frontend for each in example_services]
    assert [each.get_model() for each in found] == [each.get_model() for each in example_services]
    assert agent.service(2) == found[1]
    agent.delete(2)
    assert [each.frontend.id for each in agent.services()] == [1, 3]
    assert agent.config()["status"]["datapathMode"] == "lb-only"


def test_a_list_is_sent_once(agent: Any, served_agent: ServedAgent) -> None:
    assert agent.changed_services() == []
    assert agent.changed_services() is None
    agent.put(model(backend()))
    assert [each.frontend.id for each in agent.changed_services()] == [1]
    assert agent.changed_services() is None
    assert len(agent.services()) == 1
    assert agent.changed_services() is None


def test_states_are_updated(agent: Any) -> None:
    agent.put(model(backend(), backend("10.0.0.2")))
    svc = agent.service(1)
    svc.backends[0].state = BackendState.MAINTENANCE
    agent.update_backends(svc.backends)
    assert [each.state for each in agent.service(1).backends] == [
        BackendState.MAINTENANCE,
        BackendState.ACTIVE,
    ]
    svc.backends[0].state = BackendState.TERMINATING
    svc.backends[1].state = BackendState.QUARANTINED
    with pytest.raises(UpdateBackendFailureError) as caught:
        agent.update_backends(svc.backends)
    assert caught.value.status == 501
    assert caught.value.reason == (
        "invalid state transition for backend[10.0.0.1:80] (maintenance) -> (terminating)"
    )
    assert agent.service(1).backends[1].state is BackendState.QUARANTINED


REFUSED: dict[type[RefusedError], tuple[Callable[[Any], Any], int, str]] = {
    ServiceNotFoundError: (lambda agent: agent.service(9), 404, ""),
    InvalidFrontendError: (
        lambda agent: agent.put(model(ip="x")),
        460,
        'invalid frontend address "x"',
    ),
    InvalidBackendError: (lambda agent: agent.put(model(backend("y"))), 461, '"y"'),
    ServiceFailureError: (lambda agent: agent.put(model(id=0)), 500, "invalid service ID 0"),
    MalformedRequestError: (lambda agent: agent.service(2**63), 422, "id in path"),
}


@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.__name__)
def test_an_exception_for_each_refusal(kind: type[RefusedError], agent: Any) -> None:
    call, status, part = REFUSED[kind]
    with pytest.raises(RefusedError) as caught:
        call(agent)
    assert (type(caught.value), caught.value.status) == (kind, status)
    assert part.split('"')[-1] in str(caught.value)
    assert agent.services() == []


def test_the_token() -> None:
    store = MemoryStore()
    app = create_server(
        store, settings=Settings(), limits=Limits(), guard=Guard(token=b"open sesame")
    )
    with ServedAgent(store, app=app) as served:
        with Client(served.url) as agent, pytest.raises(TokenError) as caught:
            agent.put(model(backend()))
        assert caught.value.status == 401
        assert str(caught.value) == "changes need the token: Authorization: Bearer TOKEN (401)"
        with Client(served.url, token="open sesame") as agent:
            assert agent.put(model(backend())) is True


@pytest.mark.parametrize(
    "release", ["1.13", "1.14", "1.15", "1.16", "1.17", "1.18", "1.19", "1.20"]
)
def test_agents_of_other_releases(release: str, example_services: list[SVC]) -> None:
    svc = example_services[0]
    svc.frontend = svc.frontend.model_copy(update={"protocol": L4Type.TCP})
    for each in svc.backends:
        each.zone = "a" if release >= "1.16" else ""
    listed = write_dump(example_services, release=release)
    with Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=listed))) as it:
        found = it.services()
    assert [str(each.frontend) for each in found] == [
        str(each.frontend) for each in example_services
    ]
    assert [str(each) for each in found[0].backends] == [str(each) for each in svc.backends]


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (200, b"<html>", UnreadableAnswerError, "the answer cannot be read"),
        (200, b'[{"spec":{"id":1}},{}]', UnreadableAnswerError, "/0/spec/frontend-address"),
        (503, b'{"code":503,"message":"busy"}', UnavailableError, "busy (503)"),
        (599, b"", RefusedError, "HTTP status 599"),
        (500, b'"a\\u001b[31m\\n"', ServiceFailureError, "a\\x1b[31m\\n (500)"),
        (500, b"[" * 100_000, ServiceFailureError, "[[["),
    ],
)
def test_answers_of_something_else(
    status: int, body: bytes, kind: type[Exception], text: str
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    with Client(transport=transport) as agent, pytest.raises(kind) as caught:
        agent.services()
    assert str(caught.value).startswith(text) or text in str(caught.value)
    assert len(str(caught.value)) < 2500


def test_a_list_is_no_service() -> None:
    with (
        Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"[]"))) as it,
        pytest.raises(UnreadableAnswerError, match="the answer has 0 services, not one"),
    ):
        it.service(1)


# httpcore leaves a unix socket that cannot connect to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestNoAnswer:
    @pytest.fixture(autouse=True)
    def _collect(self) -> Generator[None]:
        yield
        gc.collect()

    def test_no_socket(self, tmp_path: Path) -> None:
        with Client(f"unix://{tmp_path}/none") as agent, pytest.raises(UnreachableError) as caught:
            agent.services()
        assert str(caught.value).startswith(f"no answer from the agent at unix://{tmp_path}/none: ")

    def test_awaited(self, tmp_path: Path) -> None:
        agent = Awaited(AsyncClient(f"unix://{tmp_path}/none"))
        with pytest.raises(UnreachableError):
            agent.services()
        agent.close()

    def test_too_late(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "s"))
            listener.listen()
            with (
                Client(f"unix://{tmp_path}/s", timeout=0.05) as agent,
                pytest.raises(UnreachableError, match="timed out"),
            ):
                agent.services()


@pytest.mark.parametrize("address", ["", "unix://", "10.0.0.1:80", "ftp://x", "/run/x.sock"])
def test_what_is_not_an_address(address: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(ValueError, match="is not unix:///PATH, tcp://HOST:PORT") as caught:
            kind(address)
        assert repr(address) in str(caught.value)


def test_an_application_in_the_same_process() -> None:
    async def use() -> list[SVC]:
        transport = httpx.ASGITransport(create_app())
        async with AsyncClient("http://agent", transport=transport) as agent:
            await agent.put(new_svc_from_model(model(backend())))
            return await agent.services()

    assert [str(each.frontend) for each in asyncio.run(use())] == ["10.96.0.1:80"]


@pytest.fixture(autouse=True)
def _a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not used: no agent is behind one."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
