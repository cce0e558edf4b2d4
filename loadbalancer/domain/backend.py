"""A backend: where a service sends its traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import ConfigDict

from .addr_cluster import AddrCluster
from .backend_state import BackendState
from .domain_model import to_models
from .l3n4 import L3n4Addr
from .l4 import L4Type
from .scalars import BackendID, FEPortName, Flag, Preferred, Text, UInt16

if TYPE_CHECKING:
    from .. import models

__all__ = [
    "DEFAULT_BACKEND_WEIGHT",
    "Backend",
    "new_backend",
    "new_backend_with_state",
    "state_word",
]

DEFAULT_BACKEND_WEIGHT = 100
"""The weight of a backend that is given none, 0 … 65535 (Go: `DefaultBackendWeight`)."""


class Backend(L3n4Addr):
    """An address with the facts of a backend (Go: `Backend`).

    It can be changed, and every assignment is validated; hence, unlike its address, it has
    no hash value.
    """

    # In the order of Go's struct of 1.13, then the fields that came later.
    __match_args__: ClassVar[  # pyright: ignore[reportIncompatibleVariableOverride]
        tuple[
            *tuple[Literal["fe_port_name"], Literal["id"], Literal["weight"], Literal["node_name"]],
            *tuple[Literal["addr_cluster"], Literal["protocol"], Literal["port"], Literal["scope"]],
            *tuple[Literal["state"], Literal["preferred"], Literal["zone"], Literal["serving"]],
        ]
    ] = (
        *("fe_port_name", "id", "weight", "node_name"),
        *("addr_cluster", "protocol", "port", "scope"),
        *("state", "preferred", "zone", "serving"),
    )

    model_config = ConfigDict(frozen=False)

    fe_port_name: FEPortName = ""
    """The name of the frontend's port this backend belongs to."""
    id: BackendID = 0
    """The identifier of the backend, 0 … 2³²-1; 0 until it is given one."""
    weight: UInt16 = DEFAULT_BACKEND_WEIGHT
    """The share of connections it gets, 0 … 65535, relative to the other backends."""
    node_name: Text = ""
    """The node it runs on, empty if unknown."""
    zone: Text = ""
    """The availability zone it runs in, empty if unknown; agents know it from 1.16 on."""
    state: BackendState = BackendState.ACTIVE
    """Whether it gets traffic, and of which kind."""
    serving: Flag = True
    """Whether a TERMINATING backend still serves existing connections.

    False together with TERMINATING is `terminating-not-serving`, known from 1.18.5 on (Go:
    `BackendStateTerminatingNotServing`).
    """
    preferred: Preferred = False
    """Whether it is taken before others that are not preferred."""

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def _order(self) -> tuple[Any, ...]:
        # By address and id: backends that differ in other facts alone are neither less nor greater.
        return (*super()._order(), self.id)

    def get_backend_model(self) -> models.BackendAddress:
        """The wire model of this backend (Go: `GetBackendModel`).

        The INVALID state and the protocol have no place on the wire and are left out.
        """
        model: models.BackendAddress = to_models().backend_model(self)
        return model


def state_word(backend: Backend) -> str:
    """Return the word for the state of a backend, `terminating-not-serving` included."""
    is_not_serving = backend.state is BackendState.TERMINATING and not backend.serving
    return "terminating-not-serving" if is_not_serving else str(backend.state)


# Pydantic would let the class inherit the hash of its frozen parent.
Backend.__hash__ = None


def new_backend(
    id: BackendID, protocol: L4Type, addr_cluster: AddrCluster, port_number: int
) -> Backend:
    """An ACTIVE backend of default weight, not preferred (Go: `NewBackend`)."""
    return new_backend_with_state(id, protocol, addr_cluster, port_number, BackendState.ACTIVE)


def new_backend_with_state(
    id: BackendID,
    protocol: L4Type,
    addr_cluster: AddrCluster,
    port_number: int,
    state: BackendState,
) -> Backend:
    """A backend of default weight in that state, not preferred (Go: `NewBackendWithState`)."""
    return Backend(
        id=id, protocol=protocol, addr_cluster=addr_cluster, port=port_number, state=state
    )
