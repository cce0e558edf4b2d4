"""Which rules of reflection came with which release of the agent."""

from __future__ import annotations

from typing import NamedTuple

from ..releases import Release

__all__ = ["Rules", "rules_of"]


class Rules(NamedTuple):
    """What differs between releases."""

    ports_by_protocol: bool
    """From 1.17 on: two ports of one number and different protocols are two frontends."""
    states_by_conditions: bool
    """From 1.19 on: all conditions of an endpoint decide its state."""


def rules_of(release: str) -> Rules:
    """Return the rules of a release such as `1.13` or `v1.18.2`.

    Raises:
        ReleaseError: it is not the name of a release.
    """
    found = Release.parse(release)
    return Rules(found.since(17), found.since(19))
