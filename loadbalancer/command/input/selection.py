"""Which services are wanted, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ...domain.identity import address_order

if TYPE_CHECKING:
    from loadbalancer import SVC, L3n4Addr

__all__ = ["ORDERS", "Selection"]

_PROTOCOL = re.compile(r"/(?:TCP|UDP|SCTP)\b")


@dataclass(frozen=True, slots=True)
class Selection:
    """The conditions that a service has to meet; empty ones do not count."""

    states: tuple[str, ...] = ()
    """It has a backend in one of these states."""
    name: str = ""
    """It has this name, `namespace/name` or the name alone; a pattern with `*` and `?`."""
    types: tuple[str, ...] = ()
    frontend: str = ""
    """Its frontend has this address: `10.0.0.1`, `10.0.0.1:80` or `10.0.0.1:80/TCP`."""
    backend: str = ""
    """It has a backend of this address, written in the same way."""
    no_active: bool = False
    """It has no active backend."""

    def takes(self, service: SVC) -> bool:
        """Whether a service is wanted."""
        if self.frontend and not _is_at(service.frontend, self.frontend):
            return False
        if self.backend and not any(_is_at(each, self.backend) for each in service.backends):
            return False
        if self.no_active and any(str(each.state) == "active" for each in service.backends):
            return False
        if self.types and str(service.type) not in self.types:
            return False
        if self.name:
            name = str(service.name) if "/" in self.name else service.name.name
            if not fnmatchcase(name, self.name):
                return False
        return not self.states or any(str(each.state) in self.states for each in service.backends)


def _is_at(address: L3n4Addr, wanted: str) -> bool:
    if address.protocol == "NONE":
        # Dumps before 1.17 do not say the protocol: any may be meant.
        wanted = _PROTOCOL.sub("", wanted)
    return wanted in (
        str(address.addr_cluster),
        str(address).removesuffix("/i"),
        str(address),
        address.string_with_protocol().removesuffix("/i"),
        address.string_with_protocol(),
    )


ORDERS: dict[str, Callable[[SVC], Any]] = {
    "id": lambda service: service.frontend.id,
    "frontend": lambda service: address_order(service.frontend),
    "type": lambda service: (str(service.type), service.frontend.id),
    "name": lambda service: (str(service.name), service.frontend.id),
    "backends": lambda service: (-len(service.backends), service.frontend.id),
}
"""What services can be sorted by."""
