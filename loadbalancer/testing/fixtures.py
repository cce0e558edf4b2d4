"""The pytest plugin: fixtures, and assertions that show where services differ."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Protocol

import pytest
from pydantic import BaseModel

from ..agent.stores.base import Store
from ..agent.stores.memory import MemoryStore
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import Backend
from ..domain.backend_state import BackendState
from ..domain.l3n4 import L3n4AddrID
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCTrafficPolicy, SVCType
from ..dumps.writing import write_dump
from .comparison import differences

if TYPE_CHECKING:
    from .agent import ServedAgent

__all__ = [
    "ReleaseDump",
    "agent_store",
    "example_services",
    "pytest_assertrepr_compare",
    "release_dump",
    "served_agent",
]


class ReleaseDump(Protocol):
    """The type of the fixture `release_dump`."""

    def __call__(
        self, release: str = "1.18", format: str = "json", services: Iterable[SVC] | None = None
    ) -> bytes:
        """Return services as `cilium service list` of a release prints them.

        `format` is `json`, `yaml` or `text`. The services are by default `example_services`.
        """
        ...


@pytest.fixture
def agent_store() -> Store:
    """The store behind `served_agent`, empty and in memory; override it for another one."""
    return MemoryStore()


@pytest.fixture
def served_agent(agent_store: Store) -> Generator[ServedAgent]:
    """A running agent with `url`, `socket` and `store` (extra `server`)."""
    from .agent import ServedAgent

    with ServedAgent(agent_store) as agent:
        yield agent


@pytest.fixture
def example_services() -> list[SVC]:
    """Three services: a ClusterIP with a backend in each state, a NodePort, one without backends.

    Every release from 1.13 on can print them.
    """
    states = [BackendState(number) for number in range(BackendState.INVALID)]
    return [
        _service(1, "10.96.0.10", 53, SVCType.ClusterIP, "kube-dns", states),
        _service(2, "192.168.0.1", 30080, SVCType.NodePort, "web", states[:1]),
        _service(3, "fd00::a", 443, SVCType.ClusterIP, "empty", []),
    ]


@pytest.fixture
def release_dump(example_services: list[SVC]) -> ReleaseDump:
    """A function that returns a dump of services from a release."""

    def dump(
        release: str = "1.18", format: str = "json", services: Iterable[SVC] | None = None
    ) -> bytes:
        return write_dump(
            example_services if services is None else services, release=release, format=format
        )

    return dump


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show the fields that differ where models, or lists of them, are not equal."""
    if op != "==" or not any(map(_is_of_models, (left, right))):
        return None
    found = list(differences(left, right))
    return [f"{len(found)} differences, left != right:", *found] if found else None


def _is_of_models(value: object) -> bool:
    if isinstance(value, list):
        return any(isinstance(each, BaseModel) for each in value)  # pyright: ignore[reportUnknownVariableType]
    return isinstance(value, BaseModel)


def _service(
    id: int, ip: str, port: int, kind: SVCType, name: str, states: list[BackendState]
) -> SVC:
    return SVC(
        frontend=L3n4AddrID(addr_cluster=AddrCluster(ip), port=port, id=id),
        backends=[
            Backend(addr_cluster=AddrCluster(f"10.0.0.{number}"), port=port, state=state)
            for number, state in enumerate(states, 1)
        ],
        type=kind,
        ext_traffic_policy=SVCTrafficPolicy.Cluster,
        int_traffic_policy=SVCTrafficPolicy.Cluster,
        name=ServiceName(namespace="kube-system", name=name),
    )
