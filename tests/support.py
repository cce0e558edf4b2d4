"""What several test modules need: the data files, payloads, and calls seen as their outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from loadbalancer import SVC, ConversionError, models, new_svc_from_model, new_svc_from_service
from loadbalancer.kubernetes import Node

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
VECTORS = DATA / "vectors"
PAYLOADS = DATA / "payloads"

Row = dict[str, Any]
Text = str | bytes


def rows(path: Path) -> list[Row]:
    """The cases of a vector file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def vector(name: str) -> list[Row]:
    """The cases of the vector file of that name."""
    return rows(VECTORS / f"{name}.jsonl")


def payload(name: str) -> str:
    """The text of a payload file."""
    return (PAYLOADS / name).read_text(encoding="utf-8")


def compact(text: Text) -> str:
    """The same JSON without any space between its tokens."""
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def children(value: Any) -> list[Any]:
    """The values in a JSON object or list; there are none in any other value."""
    if isinstance(value, dict):
        return [*value.values()]
    return [*value] if isinstance(value, list) else []


def node_of(config: Row) -> Node:
    """The node of the `config` of a case."""
    return Node(
        name=config["node"],
        zone=config["zone"],
        addresses=tuple(config["addresses"]),
        ipv4=config["ipv4"],
        ipv6=config["ipv6"],
        node_port=config["nodePort"],
        host_port=config["hostPort"],
        terminating_endpoints=config["terminating"],
        topology=config["topology"],
        labels=config.get("labels", {}),
        local_redirect=config.get("flags", {}).get("enable-local-redirect-policy") == "true",
    )


def few(found: list[Any]) -> tuple[int, list[Any]]:
    """How many there are, and the first of them: what an assertion shows of a long list."""
    return len(found), found[:3]


NONE_FOUND: tuple[int, list[Any]] = (0, [])


def outcome(call: Callable[[], Any]) -> tuple[object, ...]:
    """What a call comes to, in values to compare: a result or all that an error says."""
    try:
        result = call()
    except ConversionError as error:
        return "ConversionError", str(error), error.reason, error.side, error.pointer
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        return "ValidationError", error.title, errors, str(error)
    return "result", result, repr(result)


_services: TypeAdapter[list[models.Service]] = TypeAdapter(list[models.Service])


def plain_service_spec(data: Text) -> SVC:
    """What `load_service_spec` stands for."""
    return new_svc_from_model(models.ServiceSpec.model_validate_json(data))


def plain_service(data: Text) -> SVC:
    """What `load_service` stands for."""
    return new_svc_from_service(models.Service.model_validate_json(data))


def plain_services(data: Text) -> list[SVC]:
    """What `load_services` stands for."""
    return [_converted(index, each) for index, each in enumerate(_services.validate_json(data))]


def _converted(index: int, service: models.Service) -> SVC:
    try:
        return new_svc_from_service(service)
    except ConversionError as error:
        reason, side = error.reason, error.side
        raise ConversionError(reason, side, f"/{index}{error.pointer}") from None
