"""All that is wrong with one value, not just the first thing.

This is the slow way, for values that have been refused or have unknown keys. It asks the
same wire models and converters, and words what they say for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loadbalancer import ConversionError
from loadbalancer.models import ServiceSpec
from loadbalancer.wire.refusals import Convertible, conversion_errors, state_update_errors
from loadbalancer.wire.words import PROTOCOL_WORDS

from ..dumps.formats import KUBERNETES
from ..dumps.json_text.positions import Path, path_of
from .expectations import expected_at, listed, meant_at, schema_of
from .kinds import Kind, UnknownKey, keys_of, kubernetes_kind, model_of, unknown_keys
from .problems import Finding, Severity, shortened
from .suggestions import nearest, nearest_address

__all__ = ["Diagnosis", "diagnose", "diagnose_keys", "unrecognised"]


class Diagnosis(NamedTuple):
    """A finding and what it is about."""

    path: Path
    finding: Finding
    about: Literal["value", "key"] = "value"


_ANY_KIND = listed([f"a {kind}" for kind in Kind if kind is not Kind.STATE_UPDATE])


def unrecognised(value: Any) -> Diagnosis:
    """The finding on a value that is of no kind."""
    if kubernetes_kind(value):
        return Diagnosis((), Finding(KUBERNETES, rule="unrecognised"))
    finding = Finding(found=shortened(value), expected=_ANY_KIND, rule="unrecognised")
    return Diagnosis((), finding)


def diagnose(text: str, value: Any, kind: Kind, *, strict_keys: bool) -> list[Diagnosis]:
    """Everything that is wrong with a value; `value` is what `text` says, and is changed."""
    unknown = list(unknown_keys(value, kind))
    keys = [_key_diagnosis(each, strict_keys=strict_keys) for each in unknown]
    refused: list[Path] = []
    found: list[Diagnosis] = []
    for error in _wire_errors(text, kind):
        refused.append(error["loc"])
        found.append(_wire_diagnosis(error, value, kind, unknown))
    found += _conversion_diagnoses(value, kind, refused)
    told = {each.path for each in found}
    return found + [each for each in keys if each and each.path not in told]


def diagnose_keys(value: Any, kind: Kind, *, strict_keys: bool) -> Iterator[Diagnosis]:
    """The unknown keys: all of them, or else those that come close to a known one."""
    for unknown in unknown_keys(value, kind):
        if diagnosis := _key_diagnosis(unknown, strict_keys=strict_keys):
            yield diagnosis


def _key_diagnosis(unknown: UnknownKey, *, strict_keys: bool) -> Diagnosis | None:
    meant = nearest(unknown.key, unknown.known)
    if not meant and not strict_keys:
        return None
    name = shortened(unknown.key)
    if strict_keys:
        reason, severity = f"unknown key {name}", Severity.ERROR
    else:
        reason, severity = f"unknown key {name} is ignored", Severity.WARNING
    expected = listed(list(unknown.known)) if strict_keys else ""
    finding = Finding(reason, "", expected, meant or "", severity, "unknown-key")
    return Diagnosis(unknown.path, finding, "key")


def _wire_errors(text: str, kind: Kind) -> list[ErrorDetails]:
    try:
        model_of(kind).model_validate_json(text.encode(errors="surrogatepass"))
    except ValidationError as refusal:
        return refusal.errors(include_url=False)
    return []


def _wire_diagnosis(
    error: ErrorDetails, value: Any, kind: Kind, unknown: Iterable[UnknownKey]
) -> Diagnosis:
    path = error["loc"]
    if error["type"] == "json_invalid":
        # What the parser of the command reads and that of the library does not.
        reason = "nested too deeply" if "recursion" in error["msg"] else error["msg"]
        reason = _preamble.sub("", _place.sub("", reason))
        return Diagnosis((), Finding(f"not JSON: {reason}", rule="not-json"))
    if error["type"] == "missing":
        return _missing(path, kind, unknown)
    refused = error["input"]
    meant = meant_at(kind, path, refused)
    finding = Finding(
        found=shortened(refused),
        expected=expected_at(kind, path) or error["msg"],
        meant="" if meant is None else json.dumps(meant),
    )
    return Diagnosis(path, finding)


_place = re.compile(r" at line \d+ column \d+$")
_preamble = re.compile(r"^Invalid JSON: ")


def _missing(path: Path, kind: Kind, unknown: Iterable[UnknownKey]) -> Diagnosis:
    """A key that is not there, or is there in another spelling."""
    name = str(path[-1])
    for each in unknown:
        if each.path[:-1] == path[:-1] and nearest(each.key, [name]):
            reason = f"unknown key {shortened(each.key)}"
            finding = Finding(reason, expected=name, meant=name, rule="unknown-key")
            return Diagnosis(each.path, finding, "key")
    expected = expected_at(kind, path)
    finding = Finding(f"the key {name} is missing", expected=expected, rule="missing-key")
    return Diagnosis(path, finding)


def _conversion_diagnoses(value: Any, kind: Kind, refused: Sequence[Path]) -> Iterator[Diagnosis]:
    """What the converters refuse of the parts that the wire model accepts."""
    if () in refused:
        return
    for path in refused:
        _repair(value, path)
    model = model_of(kind).model_validate(value)
    assert isinstance(model, Convertible)
    if kind is Kind.STATE_UPDATE and isinstance(model, ServiceSpec):
        errors = state_update_errors(model)
    else:
        errors = conversion_errors(model)
    for error in errors:
        path = path_of(error.pointer, value)
        yield Diagnosis(path, _conversion_finding(error, path, value, kind))


def _conversion_finding(error: ConversionError, path: Path, value: Any, kind: Kind) -> Finding:
    refused = value
    for token in path:
        refused = refused[token] if isinstance(token, int) else refused.get(token)
    expected = expected_at(kind, path)
    meant = None
    match path[-1:]:
        case ("ip",):
            examples = schema_of("AddrCluster")["examples"][:2]
            expected = f"an IP address, such as {listed(examples)}"
            meant = nearest_address(refused) if isinstance(refused, str) else None
        case ("protocol",):
            words = list(PROTOCOL_WORDS.values())
            expected = listed(words)
            meant = nearest(refused, words)
        case ("id",):
            ids = schema_of("ID")
            expected = f"an integer, {ids['minimum']} … {ids['maximum']}"
        case ():
            expected = listed(list(keys_of(model_of(kind))))
        case _:
            pass
    found = "" if refused is None or not path else shortened(refused)
    return Finding(str(error), found, expected, "" if meant is None else json.dumps(meant))


# What is accepted in the place of what was refused; null elsewhere.
_ADDRESS = {"ip": "0.0.0.0", "scope": "external"}
_ACCEPTED: dict[str, Any] = {**_ADDRESS, "frontend-address": _ADDRESS}


def _repair(value: Any, path: Path) -> None:
    """Put what is accepted in the place of what was refused."""
    *above, last = path
    for token in above:
        value = value[token]
    if isinstance(last, int):
        value[last] = dict(_ADDRESS)
    else:
        value[last] = _ACCEPTED.get(last)
