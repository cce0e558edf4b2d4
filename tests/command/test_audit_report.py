"""The JSON report of an audit, and its JSON Schema: `loadbalancer schema AuditReport`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from loadbalancer import schemas
from loadbalancer.audit import FindingKind
from loadbalancer.dumps.json_text.values import is_object

from ..support import DATA, Row, rows
from .conftest import Invoke
from .test_reports import CONFLICT

SCHEMA = schemas.schema("AuditReport")
# Its stubs leave an argument without a type.
VALIDATOR: Any = Draft202012Validator(SCHEMA)
CASES = rows(DATA / "audits" / "audits.jsonl")
with gzip.open(DATA / "audits" / "later.jsonl.gz", "rt", encoding="utf-8") as file:
    LATER = [json.loads(line) for line in file]
FIELD = [
    each["argv"]
    for each in rows(DATA / "field" / "expected.jsonl")
    # One is refused as a whole: there is no report.
    if each["argv"][0] == "audit" and "C3-bpf-revnat.txt" not in each["argv"]
]


def errors(report: Any) -> list[str]:
    return [f"{each.json_path}: {each.message}" for each in VALIDATOR.iter_errors(report)]


def reported(invoke: Invoke, *arguments: str) -> dict[str, Any]:
    """The report of the command, which the schema allows."""
    report: dict[str, Any] = json.loads(invoke("audit", "--format", "json", *arguments).out)
    assert errors(report) == []
    return report


def findings(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for node in report["nodes"]:
        yield from node["findings"]
    yield from report["conflicts"]


def report_of(invoke: Invoke, folder: Path, case: Row) -> dict[str, Any]:
    """The report of a case, its objects and its dump given as files."""
    keys = ("services", "endpointslices", "pods", "others")
    items = [each for key in keys for each in case.get(key, [])]
    (folder / "objects.json").write_text(json.dumps({"kind": "List", "items": items}))
    (folder / "dump.json").write_text(json.dumps(case["dump"]))
    options = ["--release", case["release"]] if "release" in case else []
    paths = ["--kubernetes", str(folder / "objects.json"), str(folder / "dump.json")]
    return reported(invoke, "--node", case["config"]["node"], *options, *paths)


def test_every_audit_case_of_the_test_data(invoke: Invoke, tmp_path: Path) -> None:
    kinds: set[str] = set()
    for case in [*CASES, *LATER]:
        report = report_of(invoke, tmp_path, case)
        found = {each["kind"] for each in findings(report)}
        assert report["meanings"].keys() == found
        kinds |= found
    assert kinds >= {each["kind"] for case in [*CASES, *LATER] for each in case["findings"]}


@pytest.mark.parametrize("arguments", FIELD, ids=lambda each: each[-1])
def test_every_audit_of_input_as_people_publish_it(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(DATA / "field")
    assert reported(invoke, *arguments[1:]).keys() == SCHEMA["properties"].keys()


def test_a_sysdump_with_findings_of_all_layers(invoke: Invoke) -> None:
    report = reported(invoke, "sysdump")
    assert len([*findings(report)]) == 6
    assert report["disagreements"] != []


def test_conflicts_of_objects_alone(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "objects.yaml"
    path.write_text(CONFLICT)
    assert len(reported(invoke, "--kubernetes", str(path))["conflicts"]) == 1


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """All objects of a fixed shape within a schema."""
    if is_object(schema):
        if "properties" in schema:
            yield schema
        for each in schema.values():
            yield from objects(each)


def test_every_object_is_closed_and_every_key_described() -> None:
    assert len([*objects(SCHEMA)]) == 6
    for each in objects(SCHEMA):
        assert each["additionalProperties"] is False
        assert each["required"] == [*each["properties"]]
        assert [key for key, value in each["properties"].items() if not value["description"]] == []
    assert SCHEMA["$defs"]["Finding"]["properties"]["kind"]["enum"] == [*get_args(FindingKind)]


def test_what_is_no_report_is_refused(invoke: Invoke) -> None:
    report = reported(invoke, "sysdump")
    del report["nodes"][0]["findings"][0]["key"]
    report["nodes"][1]["findings"][0]["kind"] = "wrong-weather"
    report["more"] = 1
    assert sorted(each.partition(": ")[0] for each in errors(report)) == [
        "$",
        "$.nodes[0].findings[0]",
        "$.nodes[1].findings[0].kind",
    ]
