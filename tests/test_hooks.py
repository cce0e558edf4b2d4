"""The hooks for pre-commit are calls of the command that work, on files that hold services."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from .command.running import run
from .support import ROOT

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_bytes())
BY_ID = {hook["id"]: hook for hook in HOOKS}
GOOD = {
    "loadbalancer-validate": "service_list.json",
    "loadbalancer-validate-specs": "client_put_1.json",
}
NAMES = {
    "loadbalancer-validate": {
        "cilium-services.json": True,
        "dumps/cilium_service-node1.yaml": True,
        "cilium-services.txt": True,
        "services.json": False,
        "cilium-services.json.orig": False,
        "cilium-values.yaml": False,
    },
    "loadbalancer-validate-specs": {
        "cilium-service-spec.json": True,
        "payloads/cilium-service-specs-dns.yml": True,
        "cilium-services.json": False,
        "spec.json": False,
    },
}


def called(hook: dict[str, Any], name: str) -> tuple[int, str]:
    command, *arguments = shlex.split(hook["entry"])
    assert command == "loadbalancer"
    finished = run(*arguments, name)
    assert finished.err == ""
    return finished.code, finished.out


@pytest.mark.parametrize("id", BY_ID)
def test_a_hook_calls_the_command(id: str) -> None:
    assert called(BY_ID[id], GOOD[id]) == (0, "")
    code, output = called(BY_ID[id], "broken.json")
    assert code == 1
    assert "broken.json:4:54: error: /0/frontend-address/port: " in output


@pytest.mark.parametrize("id", BY_ID)
def test_it_is_for_files_of_services(id: str) -> None:
    found = {name: bool(re.search(BY_ID[id]["files"], name)) for name in NAMES[id]}
    assert found == NAMES[id]
