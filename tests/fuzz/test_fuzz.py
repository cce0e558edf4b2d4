"""A few hundred damaged inputs for each format; `python -m tests.fuzz` tries more."""

from __future__ import annotations

from random import Random

import pytest

from .mutating import FORMATS, mutated, try_one

TRIES = {"sysdump": 40, "objects": 60}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("seed", range(4))
def test_damaged_input_is_read_or_refused(name: str, seed: int) -> None:
    random, format = Random(seed), FORMATS[name]
    examples = format.examples()
    assert examples
    for _ in range(TRIES.get(name, 150)):
        data = mutated(random.choice(examples), random.choice(examples), random)
        try:
            try_one(format, data)
        except Exception as error:
            raise AssertionError(f"{error!r} of {data[:2000]!r}") from error
