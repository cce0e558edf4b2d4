"""Requests that are made up from the OpenAPI document, right ones and wrong ones."""
# Its types are not complete.
# pyright: basic

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from loadbalancer import schemas
from loadbalancer.server import create_app

schema = schemathesis.openapi.from_asgi("/openapi.json", create_app())

# The API refuses by rules that no schema tells, and has server errors of its own for it.
EXCLUDED: list[Any] = [not_a_server_error, positive_data_acceptance]

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@schema.parametrize()
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW)
def test_every_answer_is_as_the_document_says(case: schemathesis.Case[Any]) -> None:
    response = case.call_and_validate(excluded_checks=EXCLUDED)
    if response.status_code >= 460:
        # What was not foreseen would be an object.
        assert (response.status_code in (460, 461, 500, 501), type(response.json())) == (True, str)


def test_all_operations_are_tried() -> None:
    documented = {
        (method.upper(), path)
        for path, item in schemas.openapi()["paths"].items()
        for method in item
        if method != "parameters"
    }
    operations: list[Any] = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]
    assert {(each.method.upper(), each.path) for each in operations} == documented
