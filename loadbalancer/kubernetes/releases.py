"""Which rules of reflection came with which release of the agent."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import LoadBalancerError

__all__ = ["Rules", "rules_of"]

_number = re.compile(r"v?1\.([0-9]{1,3})(?:\.[0-9]+)?").fullmatch


class Rules(NamedTuple):
    """What differs between releases."""

    ports_by_protocol: bool
    """From 1.17 on: two ports of one number and different protocols are two frontends."""
    states_by_conditions: bool
    """From 1.19 on: all conditions of an endpoint decide its state."""


def rules_of(release: str) -> Rules:
    """The rules of a release such as `1.13` or `v1.18.2`.

    Raises:
        LoadBalancerError: it is not the name of a release.
    """
    match = _number(release)
    if match is None:
        raise LoadBalancerError(f"not a release of Cilium: {release!r}, expected such as 1.18")
    minor = int(match[1])
    return Rules(minor >= 17, minor >= 19)
