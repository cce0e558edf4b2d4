"""A repository with the hooks of this one: pre-commit installs and runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ..support import ROOT
from .running import run


def test_pre_commit_runs_the_hooks(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("pre-commit takes hooks from a git repository, and this is none")
    for name in [each for each in os.environ if each.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "cache"))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name, copy in {
        "service_list.json": "cilium-services.json",
        "client_put_1.json": "cilium-service-spec-dns.json",
        "broken.json": "unrelated.json",
    }.items():
        shutil.copy(ROOT / "examples" / name, theirs / copy)
    run("git", "init", "--quiet", cwd=theirs)
    run("git", "add", "--all", cwd=theirs)
    command: list[str | Path] = [
        python,
        "-m",
        "pre_commit",
        "try-repo",
        ROOT,
        "--all-files",
        "--color",
        "never",
    ]
    passed = run(*command, cwd=theirs)
    assert [
        line.rpartition(".")[2] for line in passed.splitlines() if "validate Cilium" in line
    ] == [
        "Passed",
        "Passed",
    ]
    shutil.copy(ROOT / "examples" / "broken.json", theirs / "cilium-services-broken.json")
    run("git", "add", "--all", cwd=theirs)
    failed = subprocess.run(command, cwd=theirs, capture_output=True, text=True, timeout=300)
    assert failed.returncode == 1
    problem = 'cilium-services-broken.json:4:54: error: /0/frontend-address/port: found "53", '
    assert problem in failed.stdout
