"""`loadbalancer validate --format` for CI systems: the problems in each format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import loadbalancer

from .conftest import Invoke

PUT = """\
{"frontend-address": {"ip": "10.96.0.1", "port": "80", "scope": "external"},
 "backend_addresses": []}
"""
FORMATS = ("concise", "sarif", "junit", "github", "gitlab")
VALUE = 'found "80", expected an integer, 0 … 65535; did you mean 80?'
KEY = 'unknown key "backend_addresses" is ignored; did you mean backend-addresses?'


@pytest.fixture(autouse=True)
def in_repository(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a directory with a good payload, and one with an error and a warning."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    Path("a b/put.json").write_text(PUT)
    Path("good.json").write_text('{"ip": "10.0.0.1"}')


def reported(invoke: Invoke, output_format: str, *arguments: str) -> str:
    """What is reported of the two payloads and of one that is not there."""
    paths = ("./a b/put.json", "good.json", "none.json")
    finished = invoke("validate", "--format", output_format, *arguments, *paths)
    assert finished.err == "loadbalancer: cannot read none.json: No such file or directory\n"
    assert finished.code == 2
    return finished.out


def test_a_line_for_each_problem(invoke: Invoke) -> None:
    assert reported(invoke, "concise") == (
        f"a b/put.json:1:50: error: invalid-value: /frontend-address/port: {VALUE}\n"
        f"a b/put.json:2:2: warning: unknown-key: /backend_addresses: {KEY}\n"
        "none.json:1:1: error: unreadable: cannot be read: No such file or directory\n"
    )


def test_annotations_of_github(invoke: Invoke) -> None:
    assert reported(invoke, "github") == (
        "::error file=a b/put.json,line=1,col=50,title=invalid-value::"
        f"/frontend-address/port: {VALUE}\n"
        f"::warning file=a b/put.json,line=2,col=2,title=unknown-key::/backend_addresses: {KEY}\n"
        "::error file=none.json,line=1,col=1,title=unreadable::"
        "cannot be read: No such file or directory\n"
    )


def test_junit(invoke: Invoke) -> None:
    port = f"/frontend-address/port: {VALUE}"
    quoted = port.replace('"', "&quot;")
    reason = "cannot be read: No such file or directory"
    assert reported(invoke, "junit") == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuites tests="3" failures="2">\n'
        '  <testsuite name="loadbalancer validate" tests="3" failures="2">\n'
        '    <testcase name="a b/put.json" classname="loadbalancer validate">\n'
        f'      <failure type="invalid-value" message="{quoted}">'
        f"a b/put.json:1:50: error: invalid-value: {port}\n"
        f"a b/put.json:2:2: warning: unknown-key: /backend_addresses: {KEY}</failure>\n"
        "    </testcase>\n"
        '    <testcase name="good.json" classname="loadbalancer validate" />\n'
        '    <testcase name="none.json" classname="loadbalancer validate">\n'
        f'      <failure type="unreadable" message="{reason}">'
        f"none.json:1:1: error: unreadable: {reason}</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def without_prints(entries: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """The entries without their fingerprints, all of which differ."""
    prints = [json.dumps(each.pop(key)) for each in entries]
    assert len({*prints}) == len(prints)
    return entries


def test_code_quality_of_gitlab(invoke: Invoke) -> None:
    def entry(rule: str, text: str, severity: str, path: str, line: int) -> dict[str, Any]:
        place = {"path": path, "lines": {"begin": line}}
        facts = {"description": text, "check_name": rule, "severity": severity}
        return {**facts, "location": place}

    reason = "cannot be read: No such file or directory"
    assert without_prints(json.loads(reported(invoke, "gitlab")), "fingerprint") == [
        entry("invalid-value", f"/frontend-address/port: {VALUE}", "critical", "a b/put.json", 1),
        entry("unknown-key", f"/backend_addresses: {KEY}", "minor", "a b/put.json", 2),
        entry("unreadable", reason, "critical", "none.json", 1),
    ]


def test_sarif(invoke: Invoke) -> None:
    def result(
        rule: tuple[str, int], level: str, text: str, place: tuple[str, int, int], pointer: str
    ) -> dict[str, Any]:
        uri, line, column = place
        region = {"startLine": line, "startColumn": column}
        location: dict[str, Any] = {
            "physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}
        }
        if pointer:
            location["logicalLocations"] = [{"fullyQualifiedName": pointer}]
            text = f"{pointer}: {text}"
        facts = {"ruleId": rule[0], "ruleIndex": rule[1], "level": level}
        return {**facts, "message": {"text": text}, "locations": [location]}

    log = json.loads(reported(invoke, "sarif"))
    results = without_prints(log["runs"][0].pop("results"), "partialFingerprints")
    path = "a%20b/put.json"
    port, key = "/frontend-address/port", "/backend_addresses"
    reason = "cannot be read: No such file or directory"
    assert results == [
        result(("invalid-value", 0), "error", VALUE, (path, 1, 50), port),
        result(("unknown-key", 1), "warning", KEY, (path, 2, 2), key),
        result(("unreadable", 2), "error", reason, ("none.json", 1, 1), ""),
    ]
    texts = {
        "invalid-value": "The value is not allowed there.",
        "unknown-key": "The API has no such key: it is ignored, or an error with --strict-keys.",
        "unreadable": "The file cannot be opened, or not be read to its end.",
    }
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in texts.items()]
    driver = {
        "name": "loadbalancer",
        "version": loadbalancer.__version__,
        "informationUri": "https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/",
        "rules": rules,
    }
    assert log == {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints"}],
    }


@pytest.mark.parametrize("output_format", FORMATS)
def test_nothing_is_wrong(invoke: Invoke, output_format: str) -> None:
    finished = invoke("validate", "--format", output_format, "good.json")
    assert (finished.code, finished.err) == (0, "")
    match output_format:
        case "sarif":
            run = json.loads(finished.out)["runs"][0]
            assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
        case "junit":
            assert '<testsuites tests="1" failures="0">' in finished.out
        case _:
            assert finished.out == ("[]\n" if output_format == "gitlab" else "")


def test_files_whose_problems_are_not_shown_have_failed(invoke: Invoke) -> None:
    Path("more.json").write_text(PUT)
    Path("warned.json").write_text('{"ip": "10.0.0.1", "Weight": 5}')
    paths = ("a b/put.json", "more.json", "warned.json")
    finished = invoke("validate", "--format", "concise", "--max-problems", "1", *paths)
    assert (finished.code, finished.out) == (
        1,
        f"a b/put.json:1:50: error: invalid-value: /frontend-address/port: {VALUE}\n"
        "a b/put.json:1:1: warning: not-shown: 1 more problem not shown; "
        "--max-problems 0 shows all\n"
        "more.json:1:1: error: not-shown: 2 more problems not shown; --max-problems 0 shows all\n"
        "warned.json:1:1: warning: not-shown: 1 more problem not shown; "
        "--max-problems 0 shows all\n",
    )


def test_the_same_problem_twice_has_two_fingerprints_which_stay(invoke: Invoke) -> None:
    line = '{"ip": "10.0.0.1", "port": "80"}\n'
    prints: list[list[str]] = []
    for text in (line * 2, "\n\n" + line * 2):
        Path("lines.json").write_text(text)
        finished = invoke("validate", "--format", "gitlab", "lines.json")
        prints.append([each["fingerprint"] for each in json.loads(finished.out)])
    assert len({*prints[0]}) == 2
    assert prints[0] == prints[1]


SERVICE = """{"spec": {"frontend-address": {"ip": "10.96.0.1", "port": 80, "protocol": "TCP",
"scope": "external"}, "id": 1}}"""


@pytest.mark.parametrize(
    ("rule", "text", "options"),
    [
        ("not-json", '{"ip": "10.0.0.1"', ()),
        ("not-json", "", ()),
        ("unrecognised", '{"a": 1}', ()),
        ("unrecognised", "42", ()),
        ("unrecognised", "no dump", ()),
        ("unrecognised", '{"kind": "Service", "apiVersion": "v1"}', ()),
        ("invalid-value", '{"ip": "10.0.0.256"}', ()),
        ("invalid-value", "services: []\nendpoints: []\n", ()),
        ("missing-key", '{"port": 80, "weight": 1}', ("--as", "backend")),
        ("unknown-key", '{"ip": "10.0.0.1", "note": 1}', ("--strict-keys",)),
        ("unknown-key", '{"IP": "10.0.0.1"}', ("--as", "backend")),
        ("unknown-key", "servcies: []\nendpoints: []\n", ("--allow-empty",)),
        ("wrong-release", SERVICE, ("--release", "1.6")),
    ],
)
def test_the_rule_of_a_problem(
    invoke: Invoke, rule: str, text: str, options: tuple[str, ...]
) -> None:
    Path("a.json").write_text(text)
    finished = invoke("validate", "--format", "concise", *options, "a.json")
    assert [line.split(": ")[2] for line in finished.out.splitlines()] == [rule]
    document = json.loads(invoke("validate", "--format", "json", *options, "a.json").out)
    assert [each["rule"] for each in document["files"][0]["problems"]] == [rule]


def test_paths_are_those_of_the_repository(invoke: Invoke, tmp_path: Path) -> None:
    finished = invoke("validate", "--format", "github", f"{tmp_path}/a b/put.json")
    assert finished.out.startswith("::error file=a b/put.json,line=1,")
