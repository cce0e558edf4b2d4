"""The examples for a cluster name what the commands ask for, and have."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from loadbalancer.live.objects import CLUSTER_KINDS

from ..command.running import run

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "examples" / "kubernetes"


def documents(name: str) -> list[dict[str, Any]]:
    return [*yaml.safe_load_all((FOLDER / name).read_text("utf-8"))]


def test_the_roles_allow_what_is_read_and_nothing_else() -> None:
    rules = [rule for each in documents("rbac.yaml") for rule in each.get("rules", ())]
    allowed = {
        f"{resource}.{group}".rstrip("."): rule["verbs"]
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert allowed == {
        **{key: ["get", "list"] for key in CLUSTER_KINDS},
        "configmaps": ["get"],
        "pods/exec": ["get", "create"],
    }


def test_the_job_calls_the_command_with_options_it_has() -> None:
    [job] = documents("cronjob.yaml")
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    asked = run(*container["args"], "--kubectl", "/nowhere/kubectl")
    assert asked.code == 2
    assert "/nowhere/kubectl" in asked.err


def test_the_alerts_use_metrics_that_are_written() -> None:
    written = run("audit", "--format", "prometheus", "sysdump")
    metrics = set(re.findall(r"^(\w+)", written.out, re.MULTILINE))
    [group] = documents("alerts.yaml")[0]["groups"]
    named = {name for rule in group["rules"] for name in re.findall(r"cilium_\w+", rule["expr"])}
    assert named == {"cilium_lb_audit_findings", "cilium_lb_audit_unreadable"}
    assert named <= metrics


def test_the_image_runs_the_command() -> None:
    text = (ROOT / "examples" / "container" / "audit.Containerfile").read_text("utf-8")
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    sources = [source for each in copies for source in shlex.split(each)]
    assert [each for each in sources if not (ROOT / each).exists()] == []
    assert 'ENTRYPOINT ["loadbalancer"]' in text
