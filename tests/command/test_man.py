"""The manual page that `make man` writes: all commands and options, in valid roff."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from loadbalancer.command.app import app

from ..support import ROOT


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("man") / "new" / "loadbalancer.1"
    subprocess.run([sys.executable, str(ROOT / "tools" / "man.py"), str(path)], check=True)
    return path


def test_it_has_all_commands_and_options(page: Path) -> None:
    root = app.make_context("loadbalancer", [], resilient_parsing=True)
    _, *sections = page.read_text().split(".SS loadbalancer ")
    assert [each.split()[0] for each in sections] == app.list_commands(root)
    for section in sections:
        command = app.get_command(root, section.split()[0])
        assert command is not None
        names = [
            max((*each.opts, *each.secondary_opts), key=len)
            for each in command.params
            if isinstance(each, click.Option)
        ]
        assert [name for name in names if name.replace("-", "\\-") not in section] == []
        assert ".B \\-h, \\-\\-help\n" in section


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_warns_of_nothing(page: Path) -> None:
    shown = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-rLL=200n", str(page)],
        capture_output=True,
        check=True,
    )
    assert shown.stderr == b""
    assert "loadbalancer validate payload.json" in shown.stdout.decode()
