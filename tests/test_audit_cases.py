"""Dumps that were damaged in known ways, beside the objects they come from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loadbalancer import read_dump
from loadbalancer.audit import MEANINGS, Finding, audit
from loadbalancer.kubernetes import expected_services

from .support import DATA, node_of, rows

CASES = rows(DATA / "audits" / "audits.jsonl")


def facts(finding: Finding) -> dict[str, Any]:
    """A finding as the cases have it: without what is None, and without words."""
    told = {
        "kind": finding.kind,
        "frontend": finding.frontend,
        "backend": finding.backend,
        "expected": finding.expected,
        "found": finding.found,
    }
    return {name: value for name, value in told.items() if value is not None}


@pytest.mark.parametrize("case", CASES, ids=map(str, range(len(CASES))))
def test_exactly_the_damage_is_found(case: dict[str, Any]) -> None:
    objects = [*case["services"], *case["endpointslices"], *case["pods"]]
    dump = read_dump(json.dumps(case["dump"]))
    assert dump.problems == []
    found = audit(expected_services(objects, node_of(case["config"])), dump.services)
    assert [facts(each) for each in found] == case["findings"]
    assert [each for each in found if each.severity != MEANINGS[each.kind].severity] == []
