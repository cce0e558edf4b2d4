"""What is wrong with a payload, all of it, for people who want to know before they send it."""

from __future__ import annotations

from collections.abc import Generator

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from ..errors import ConversionError
from ..models import Service, ServiceSpec
from ..wire.refusals import conversion_errors, spec_of_service
from .requests import Problem, problems_of

__all__ = ["check_payload"]


def check_payload(body: bytes) -> tuple[str, list[Problem]]:
    """What the payload is taken for, and what is wrong with it.

    A list is what `GET /service` answers, an object with `spec` or `status` what
    `GET /service/{id}` does, and anything else the body of a `PUT`.
    """
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        return "JSON", [Problem("", f"Invalid JSON: {error}")]
    if isinstance(value, list):
        kind = "list of Service"
    elif isinstance(value, dict) and ("spec" in value or "status" in value):
        kind = "Service"
    else:
        kind = "ServiceSpec"
    try:
        if kind == "list of Service":
            services = TypeAdapter(list[Service]).validate_json(body)
            return kind, [
                problem
                for index, service in enumerate(services)
                for problem in _service_problems(service, f"/{index}")
            ]
        if kind == "Service":
            return kind, list(_service_problems(Service.model_validate_json(body), ""))
        return kind, list(_spec_problems(ServiceSpec.model_validate_json(body), ""))
    except ValidationError as error:
        return kind, problems_of(error)


def _service_problems(service: Service, pointer: str) -> Generator[Problem]:
    try:
        spec, place = spec_of_service(service)
    except ConversionError as error:
        yield Problem(pointer + error.pointer, str(error))
    else:
        yield from _spec_problems(spec, pointer + place)


def _spec_problems(spec: ServiceSpec, pointer: str) -> Generator[Problem]:
    # An update of backend states does not look at the frontend.
    changes_states = bool(spec.update_services) and not spec.id
    for error in conversion_errors(spec):
        if error.side == "backend" or not changes_states:
            yield Problem(pointer + error.pointer, str(error))
