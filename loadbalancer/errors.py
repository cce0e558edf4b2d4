"""The exceptions of this package, with one root that is also a `ValueError`, and showing them."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "AddressError",
    "BackendStateError",
    "ConversionError",
    "L4ProtocolError",
    "LoadBalancerError",
    "Side",
    "visible",
]

Side = Literal["frontend", "backend", "service"]


class LoadBalancerError(ValueError):
    """Root of every error this package raises itself; validation errors are Pydantic's own."""


class AddressError(LoadBalancerError):
    """A text is not an address, a cluster id or a CIDR; the message is that of Go's `netip`."""


class L4ProtocolError(LoadBalancerError):
    """A name is not a layer 4 protocol (Go: the error of `NewL4Type`)."""


class BackendStateError(LoadBalancerError):
    """A text or number is not a backend state (Go: errors of `GetBackendState` and `String`)."""


class ConversionError(LoadBalancerError):
    """A valid wire model does not describe a domain object.

    `str(error)` is the reason alone, as the reference words it. `side` is what failed and
    `pointer` the place, a JSON Pointer (RFC 6901) into the payload that was converted.
    """

    def __init__(self, reason: str, side: Side, pointer: str) -> None:
        super().__init__(reason, side, pointer)
        self.reason = reason
        self.side: Side = side
        self.pointer = pointer

    def __str__(self) -> str:
        return self.reason

    def below(self, prefix: str) -> ConversionError:
        """The same error seen from further up: its pointer with `prefix` in front."""
        return ConversionError(self.reason, self.side, prefix + self.pointer)


def visible(text: str) -> str:
    """A text of unknown origin, without characters that a terminal takes for commands."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
