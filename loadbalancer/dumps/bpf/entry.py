"""One frontend in the kernel's service map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ...domain.l3n4 import L3n4Addr, L3n4AddrID
from ...domain.service_flags import ServiceFlags
from ...errors import LoadBalancerError

__all__ = ["DatapathEntry", "DatapathError", "parse_entry_address"]


class DatapathError(LoadBalancerError):
    """A text is not what `cilium bpf lb list` prints.

    `reason` says why, and `place` where: `line 3`, or in JSON a JSON Pointer (RFC 6901).
    """

    def __init__(self, reason: str, place: str) -> None:
        super().__init__(reason, place)
        self.reason = reason
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


# The same addresses stand in many rows, and in those of all nodes.
@lru_cache(maxsize=1 << 16)
def parse_entry_address(text: str) -> L3n4Addr:
    """Return an address; the protocol ANY, which an agent has for all without one, is left out."""
    for end in ("/ANY", "/ANY/i"):
        if text.endswith(end):
            text = text.removesuffix(end) + end.removeprefix("/ANY")
    return L3n4Addr.parse(text)


@dataclass(frozen=True, slots=True)
class DatapathEntry:
    """A frontend as the kernel has it, with its backends."""

    frontend: L3n4AddrID
    """Its id is the REVNAT_ID, 0 … 65535, which is the id of the service; 0 if no row says it."""
    flags: ServiceFlags | None
    """None if slot 0 is missing, without which the kernel does not find the frontend."""
    later_words: tuple[str, ...] = ()
    """Words of the flags that releases after 1.13 print, as they stand."""
    backends: tuple[L3n4Addr | int, ...] = ()
    """In the order of slots; a number is the id of a backend that the backend map lacks."""
    l7lb_proxy_port: int = 0
    """The port of the proxy that balances on layer 7, 0 … 65535; 0 is none."""
    has_slot_0: bool = True
    """Whether slot 0 is there; up to 1.6 it has no flags."""
    count: int | None = None
    """How many slots slot 0 counts; None if the text does not say."""

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for all other ports of an address, as agents from 1.19 on set it up."""
        return self.frontend.port == 0
