"""Which services are wanted, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..domain.identity import address_order

if TYPE_CHECKING:
    from loadbalancer import SVC

__all__ = ["ORDERS", "Selection"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What a service has to have; what is empty does not matter."""

    states: tuple[str, ...] = ()
    """A backend in one of these states."""
    name: str = ""
    """This name, `namespace/name` or the name alone, as a pattern with `*` and `?`."""
    types: tuple[str, ...] = ()

    def takes(self, service: SVC) -> bool:
        """Whether a service is wanted."""
        if self.types and str(service.type) not in self.types:
            return False
        if self.name:
            name = str(service.name) if "/" in self.name else service.name.name
            if not fnmatchcase(name, self.name):
                return False
        return not self.states or any(str(each.state) in self.states for each in service.backends)


ORDERS: dict[str, Callable[[SVC], Any]] = {
    "id": lambda service: service.frontend.id,
    "frontend": lambda service: address_order(service.frontend),
    "type": lambda service: (str(service.type), service.frontend.id),
    "name": lambda service: (str(service.name), service.frontend.id),
    "backends": lambda service: (-len(service.backends), service.frontend.id),
}
"""What services can be sorted by."""
