"""Generated clients are made and run if they are asked for: they need packages from registries."""

from __future__ import annotations

import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from ..support import ROOT
from .running import PROGRAMS, run

HERE = Path(__file__).parent
NODE_MAJOR = 20


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`pytest tests/clients` (`make clients`) runs these tests, `pytest` alone does not."""
    asked = [config.invocation_params.dir / each.split("::")[0] for each in config.args]
    is_asked = any(each.resolve().is_relative_to(HERE) for each in asked)
    return None if is_asked or collection_path.suffix != ".py" else True


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("the TypeScript client needs Node.js with npm, which is not installed")
    version = run(node, "--version", cwd=PROGRAMS).strip()
    if int(version.lstrip("v").partition(".")[0]) < NODE_MAJOR:
        pytest.skip(f"the TypeScript client needs Node.js {NODE_MAJOR}, this is {version}")
    directory = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROGRAMS / name, directory)
    run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=directory)
    return directory / "node_modules"


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the generators and the type checker, and without this project."""
    directory = tmp_path_factory.mktemp("python")
    with (ROOT / "pyproject.toml").open("rb") as file:
        pins: list[str] = tomllib.load(file)["dependency-groups"]["dev"]
    pinned = [each for each in pins if each.startswith(("datamodel-code-generator==", "mypy=="))]
    assert len(pinned) == 2
    run(sys.executable, "-m", "venv", directory, cwd=directory)
    found = directory / "bin" / "python"
    requirements = Path(__file__).parent / "requirements.txt"
    run(found, "-m", "pip", "install", "--quiet", "-r", requirements, *pinned, cwd=directory)
    return found
