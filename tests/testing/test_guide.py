"""The guide of testing: its examples are run by pytest, as a user's test would be."""

from __future__ import annotations

import re

import pytest

from ..support import ROOT

GUIDE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
EXAMPLES: list[str] = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def test_the_examples_run(pytester: pytest.Pytester) -> None:
    strategies, factories, plugins, store = EXAMPLES
    pytester.makeconftest(plugins)
    pytester.makepyfile(test_strategies=strategies, test_store=store, test_factories=factories)
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=10)


def test_every_fixture_is_in_the_table() -> None:
    from loadbalancer.testing import fixtures

    named = {*re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE)}
    assert named == {*fixtures.__all__} - {"ReleaseDump", "pytest_assertrepr_compare"}
