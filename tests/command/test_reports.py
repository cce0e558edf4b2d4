"""The reports of an audit: which findings count, and how programs and CI systems read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from loadbalancer.audit import MEANINGS

from .conftest import Invoke

KINDS = ["bpf-backend-not-found", "missing-service", "stale-backend", "wrong-policy", "wrong-state"]


def test_one_line_for_each_finding(invoke: Invoke) -> None:
    lines = invoke("audit", "--format", "concise", "sysdump").out.splitlines()
    assert [line.split(": ")[:3] for line in lines] == [
        ["worker-1", "error", "stale-backend"],
        ["worker-2", "error", "missing-service"],
        ["worker-2", "error", "missing-service"],
        ["worker-2", "warning", "wrong-state"],
        ["worker-3", "error", "bpf-backend-not-found"],
        ["worker-3", "warning", "wrong-policy"],
    ]


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (["--severity", "error"], ["bpf-backend-not-found", "missing-service", "stale-backend"]),
        (["--kind", "wrong-*"], ["wrong-policy", "wrong-state"]),
        (["--kind", "stale-backend", "--kind", "wrong-state"], ["stale-backend", "wrong-state"]),
        (["--name", "shop/web"], ["wrong-policy"]),
        (["--name", "ap?"], ["bpf-backend-not-found", "stale-backend", "wrong-state"]),
        (["--namespace", "monitoring"], ["missing-service"]),
        (["--node", "*-1", "--node", "worker-3"], [KINDS[0], KINDS[2], KINDS[3]]),
    ],
)
def test_only_some_findings(invoke: Invoke, options: list[str], kinds: list[str]) -> None:
    finished = invoke("audit", "--format", "json", *options, "sysdump")
    nodes = json.loads(finished.out)["nodes"]
    assert sorted({x["kind"] for node in nodes for x in node["findings"]}) == kinds
    assert finished.code == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--fail-on", "never"], 0),
        (["--fail-on", "error"], 1),
        (["--fail-on", "error", "--kind", "wrong-policy"], 0),
        (["--kind", "wrong-policy"], 1),
        (["--kind", "address-conflict"], 0),
    ],
)
def test_what_makes_it_fail(invoke: Invoke, options: list[str], code: int) -> None:
    assert invoke("audit", *options, "sysdump").code == code


def test_a_baseline_of_known_findings(invoke: Invoke, tmp_path: Path) -> None:
    baseline = tmp_path / "known.json"
    assert invoke("audit", "--write-baseline", str(baseline), "sysdump").code == 1
    document = json.loads(baseline.read_text())
    assert len(document["findings"]) == 6
    finished = invoke("audit", "--baseline", str(baseline), "--format", "concise", "sysdump")
    assert "6 known findings are left out" in finished.err
    assert finished.out == ""
    document["findings"][0]["until"] = "2020-01-01"
    baseline.write_text(json.dumps(document))
    finished = invoke("audit", "--baseline", str(baseline), "--format", "concise", "sysdump")
    assert (finished.code, len(finished.out.splitlines())) == (1, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "/findings: expected an array"),
        ('{"findings": [{"key": "a"}]}', "/findings/0/reason: expected text"),
        ('{"findings": [{"key": "a", "reason": "b", "until": "soon"}]}', "/findings/0/until: not"),
        ("{", "not JSON"),
    ],
)
def test_a_baseline_that_cannot_be_read(
    invoke: Invoke, tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "known.json"
    path.write_text(text)
    finished = invoke("audit", "--baseline", str(path), "sysdump")
    assert (finished.code, reason in finished.err) == (2, True)


def test_sarif(invoke: Invoke) -> None:
    log = json.loads(invoke("audit", "--format", "sarif", "sysdump").out)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = log["runs"][0]
    rules = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert rules == KINDS
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] in ("worker-1", "worker-2", "worker-3")
    prints = [each["partialFingerprints"]["key/v1"] for each in run["results"]]
    assert len({*prints}) == len(prints) == 6


def test_junit(invoke: Invoke) -> None:
    root = ElementTree.fromstring(invoke("audit", "--format", "junit", "sysdump").out)
    cases = {case.get("name"): case.find("failure") for case in root.iter("testcase")}
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "3", "3")
    assert {name: x is not None and x.get("type") for name, x in cases.items()} == {
        "worker-1": "stale-backend",
        "worker-2": "missing-service",
        "worker-3": "bpf-backend-not-found",
    }


def test_github_and_gitlab(invoke: Invoke) -> None:
    lines = invoke("audit", "--format", "github", "sysdump").out.splitlines()
    assert lines[0].startswith("::error file=worker-1,line=1,col=1,title=stale-backend::shop/api")
    report = json.loads(invoke("audit", "--format", "gitlab", "sysdump").out)
    assert {each["severity"] for each in report} == {"critical", "minor"}
    assert all(each["location"]["lines"]["begin"] == 1 for each in report)
    assert len({each["fingerprint"] for each in report}) == 6


def test_prometheus(invoke: Invoke) -> None:
    lines = invoke("audit", "--format", "prometheus", "sysdump").out.splitlines()
    assert (
        'cilium_lb_audit_findings{node="worker-2",kind="missing-service",severity="error"} 2'
        in lines
    )
    assert 'k8s_service_endpoint_count{node="worker-1"} 24' in lines
    assert "cilium_lb_audit_unreadable 0" in lines


def test_a_page_that_needs_nothing_else(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert invoke("audit", "--html", str(path), "sysdump").code == 1
    text = path.read_text()
    start = text.index("const data = ") + len("const data = ")
    data = json.loads(text[start : text.index(";\nconst byId", start)])
    assert (data["nodes"], data["clean"]) == (["worker-1", "worker-2", "worker-3"], 0)
    assert sorted({row[1] for row in data["kinds"]}) == KINDS
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "").replace('"http', "")


def test_what_a_kind_means(invoke: Invoke) -> None:
    finished = invoke("rules", "stale-backend")
    meaning = MEANINGS["stale-backend"]
    assert finished.out.splitlines()[:2] == ["error: stale-backend", f"    {meaning.text}"]
    assert json.loads(invoke("rules", "--format", "json").out).keys() == MEANINGS.keys()
    finished = invoke("rules", "stale-backed")
    assert (finished.code, "Did you mean stale-backend?" in finished.err) == (2, True)


CONFLICT = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: w1}}
- apiVersion: v1
  kind: Service
  metadata: {name: a, namespace: shop}
  spec: {type: ClusterIP, clusterIP: 10.96.0.1, externalIPs: [192.0.2.1], ports: [{port: 80}]}
- apiVersion: v1
  kind: Service
  metadata: {name: b, namespace: shop}
  spec: {type: ClusterIP, clusterIP: 10.96.0.2, externalIPs: [192.0.2.1], ports: [{port: 80}]}
"""


def test_objects_alone_are_checked_for_conflicts(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "objects.yaml"
    path.write_text(CONFLICT)
    finished = invoke("audit", "--kubernetes", str(path), "--format", "concise")
    assert (finished.code, finished.out) == (
        1,
        "-: error: address-conflict: 192.0.2.1:80/TCP is claimed by shop/a (ExternalIPs), "
        "shop/b (ExternalIPs)\n",
    )


def test_why_a_service_has_the_backends_that_it_has(invoke: Invoke) -> None:
    finished = invoke("explain", "shop/api", "--node", "worker-1", "sysdump")
    lines = [line.strip() for line in finished.out.splitlines()]
    assert finished.code == 0
    assert lines[0] == "worker-1: 10.96.0.20:80/TCP shop/api (ClusterIP)"
    assert "endpoints: 3 of 3 are used" in lines
    assert lines[-2] == (
        "the agent lists: 10.0.1.10:8080, 10.0.2.10:8080, 10.0.3.10:8080, 10.0.2.77:8080"
    )
    finished = invoke("explain", "shop/nothing", "--node", "worker-1", "sysdump")
    assert (finished.code, "there is no such service" in finished.out) == (1, True)
