"""What is wrong with a service that no release could have written."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ..dumps.inspection import specs_of
from ..dumps.service_schema import read_spec
from ..dumps.vocabulary import PROTOCOLS, STATES
from .problems import Finding

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

__all__ = ["of_any_release"]

_WORDS: Mapping[str, Container[str]] = {"protocol": PROTOCOLS, "state": STATES}


def of_any_release(text: str, found: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Of what is wrong by release 1.13, what is wrong in every release."""
    from .diagnosis import Diagnosis

    left = [each for each in found if not _is_of_a_release(each)]
    if left:
        return left
    for part, spec in specs_of(json.loads(text)):
        try:
            read_spec().validate_python(spec)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            path = (*part.strip("/").split("/"), *first["loc"])
            return [Diagnosis(path, Finding(first["msg"].removeprefix("Value error, ")), "value")]
    return []


def _is_of_a_release(diagnosis: Diagnosis) -> bool:
    key = str(diagnosis.path[-1]) if diagnosis.path else ""
    found = diagnosis.finding.found
    # Up to 1.7 there is no scope.
    return (key == "scope" and not found) or found.strip('"') in _WORDS.get(key, ())
