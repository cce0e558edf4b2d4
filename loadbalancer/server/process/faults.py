"""Delays and failures on purpose, for tests of clients."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import random

from ..answers import Answer, refusal
from ..requests import RequestError

__all__ = ["Faults"]


@dataclass(frozen=True, slots=True)
class Faults:
    """What is done to requests of the service API before they are answered."""

    delay: float = 0.0
    """How many seconds each of them waits."""
    fail_rate: float = 0.0
    """Which share of them is refused, from 0 to 1."""

    async def answer(self) -> Answer | None:
        """Wait, and return a refusal (503) for a request that is to fail."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if random() < self.fail_rate:
            return refusal(RequestError(503, "made to fail by --fail-rate"))
        return None
