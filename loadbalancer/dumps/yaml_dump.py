"""Dumps in YAML, as `cilium service list -o yaml` prints them: Go's field names in lower case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..domain.service import SVC
from .dump import Dump
from .inspection import ServiceLook
from .json_dump import Value, read_service
from .json_text.values import is_array, is_object
from .notes import DumpProblem, Look
from .vocabulary import BACKEND_KEYS, FLAG_KEYS, FRONTEND_KEYS, YAML_SINCE
from .yaml_text import YamlError, dump_yaml, load_yaml

__all__ = ["read_yaml", "write_yaml"]

_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_NULLS = ("", "~", "null", "Null", "NULL")
_NUMBERS = {"id", "port", "weight", "healthCheckNodePort"}
_BOOLEANS = {"preferred", "updateServices", "node-port"}
# Texts that may be any; what is empty of the others is absent.
_NAMES = {"ip", "name", "namespace", "nodeName", "zone", "cluster"}
_KEYS = {
    "spec": "spec",
    "status": "status",
    "realized": "realized",
    "backend-addresses": "backendaddresses",
    "frontend-address": "frontendaddress",
    "flags": "flags",
    **{
        key: key.replace("-", "").lower()
        for key in (*FRONTEND_KEYS, *BACKEND_KEYS, *FLAG_KEYS, "id", "updateServices")
    },
}
"""How a key of the JSON is spelled in YAML."""
_JSON_KEYS = {spelled: key for key, spelled in _KEYS.items()}


def read_yaml(data: str) -> Dump:
    """Read the services of a YAML dump.

    Raises:
        YamlMissingError: PyYAML is not installed.
    """
    problems: list[DumpProblem] = []
    documents: list[Any] = []
    try:
        # All scalars are read as texts: what kind of value is meant depends on the key alone, and
        # YAML's own guesses (`1:20` a number, `no` a boolean) are not those of Go.
        documents += load_yaml(data, scalars_as_text=True)
    except YamlError as error:
        problems.append(DumpProblem("", error.reason, error.line))
    services: list[SVC] = []
    good: list[Value] = []
    for each in _values(documents):
        svc, found = read_service(each)
        for problem in found:
            place = _yaml_pointer(problem.pointer)
            reason = problem.reason.replace("status.", "status/")
            problems.append(DumpProblem(place, reason, frontend=problem.frontend))
        if svc is not None:
            services.append(svc)
            good.append(each)
    return Dump(services, "yaml", problems, look=lambda: _look_at(good))


def write_yaml(services: Sequence[Mapping[str, Any]]) -> bytes:
    """The YAML of Service objects, given with all their keys, the empty ones too."""
    return dump_yaml([_spelled(each) for each in services]).encode()


def _values(documents: list[Any]) -> list[Value]:
    values: list[Value] = []
    for number, document in enumerate(documents):
        above = f"/{number}" if len(documents) > 1 else ""
        if is_array(document):
            for index, each in enumerate(document):
                values.append(Value(_as_json(each), f"{above}/{index}", 0))
        else:
            values.append(Value(_as_json(document), above, 0))
    return values


def _as_json(value: Any, key: str = "") -> Any:
    """The value as JSON has it: its keys, its numbers, and nothing where it is empty."""
    if is_object(value):
        items = ((_JSON_KEYS.get(name, name), each) for name, each in value.items())
        return {name: _as_json(each, name) for name, each in items}
    if is_array(value):
        return [_as_json(each) for each in value]
    if key in _NAMES or not isinstance(value, str):
        return value
    if value in _NULLS:
        return None
    if key in _NUMBERS and _INTEGER.fullmatch(value):
        return int(value)
    if key in _BOOLEANS and value in ("true", "false"):
        return value == "true"
    return value


def _spelled(value: Any) -> Any:
    if is_object(value):
        return {_KEYS[key]: _spelled(each) for key, each in value.items()}
    return [_spelled(each) for each in value] if is_array(value) else value


def _yaml_pointer(pointer: str) -> str:
    return "/".join(_KEYS.get(each, each) for each in pointer.split("/"))


def _look_at(values: list[Value]) -> Look:
    look = Look()
    look.span.since(YAML_SINCE)
    look.note("", "yaml-spelling", "keys are spelled as YAML spells Go's field names")
    services = ServiceLook(look, absence_counts=False, place=_yaml_pointer)
    for each in values:
        services.service(each.value, each.pointer)
        _narrow(each.value, look)
    return look


def _narrow(value: Any, look: Look) -> None:
    """Empty values are written: a key that is absent is one that the release does not have."""
    if is_array(value):
        for each in value:
            _narrow(each, look)
    if not is_object(value):
        return
    for key, each in value.items():
        if key == "flags" and is_object(each):
            _narrow_by(each, FLAG_KEYS, ("extTrafficPolicy", "intTrafficPolicy", "cluster"), look)
        elif key == "backend-addresses" and is_array(each):
            for backend in each:
                _narrow_by(backend, BACKEND_KEYS, ("weight", "zone", "protocol"), look)
        else:
            _narrow(each, look)


def _narrow_by(
    values: Mapping[str, Any], known: Mapping[str, int], keys: Sequence[str], look: Look
) -> None:
    for key in keys:
        if key in values:
            look.span.since(known[key])
        else:
            look.span.until(known[key] - 1)
