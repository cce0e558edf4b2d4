"""What an agent is configured with."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What an agent is configured with as far as the rules depend on it."""

    nat46x64: bool = False
    """Whether a service may have backends of the other address family."""
    node_name: str = ""
    """The name of the own node: services of local traffic keep no backends of other nodes."""
