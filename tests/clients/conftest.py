"""Generated clients are made and run if they are asked for: they need packages from registries."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`pytest tests/clients` (`make clients`) runs these tests, `pytest` alone does not."""
    asked = [config.invocation_params.dir / each.split("::")[0] for each in config.args]
    is_asked = any(each.resolve().is_relative_to(HERE) for each in asked)
    return None if is_asked or collection_path.suffix != ".py" else True
