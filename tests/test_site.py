"""The documentation site: what is on its pages. `make docs` builds it, and is strict as well."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import loadbalancer
from benchmarks.plot import plot

from .server.browser import Browser, find_browser
from .support import ROOT

sys.path.insert(0, str(ROOT / "tools"))
PAGES = [*import_module("reference_pages").pages()]
PACKAGES = [
    "loadbalancer",
    *(f"loadbalancer.{each}" for each in ("audit", "datapath", "kubernetes", "models")),
    *(f"loadbalancer.{each}" for each in ("frames", "schemas", "server", "sysdump", "text")),
]
DOCS = sorted((ROOT / "docs").glob("*.md"))
READ = [ROOT / each for each in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]


def public_names(name: str) -> set[str]:
    package = import_module(name)
    if name == "loadbalancer.models":
        # It has no list: its classes are what the OpenAPI document has schemas for.
        schemas = loadbalancer.schemas.names()
        return {f"{name}.{each}" for each in schemas if hasattr(package, each)}
    names: list[str] = package.__all__
    return {
        f"{name}.{each}" for each in names if not isinstance(getattr(package, each), ModuleType)
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_on_one_page_of_the_reference(package: str) -> None:
    shown = Counter(re.findall(r"^::: (\S+)$", "\n".join(page.text for page in PAGES), re.M))
    assert {name: shown[name] for name in public_names(package)} == dict.fromkeys(
        public_names(package), 1
    )


def test_a_field_is_shown_with_its_range() -> None:
    (page,) = (page for page in PAGES if page.file == "backends")
    (row,) = (line for line in page.text.splitlines() if line.startswith("| `weight`"))
    assert row.startswith("| `weight` | integer 0 … 65535 | `100` | ")


def page_of(file: str) -> str:
    text: str
    (text,) = (page.text for page in PAGES if page.file == file)
    return text


def test_fields_and_members_have_their_names_in_go() -> None:
    assert "| `l7lb_proxy_port` | " in (services := page_of("services"))
    for name in ("L7LBProxyPort", "SessionAffinityTimeoutSec", "LoopbackHostport", "SvcExtLocal"):
        assert services.count(f" | `{name}` |\n") == 1 + (name == "LoopbackHostport")
    assert "| `fe_port_name` | " in (backends := page_of("backends"))
    assert " | `FEPortName` |\n" in backends
    state = "| `QUARANTINED` | `2` | `BackendStateQuarantined` | It was found unhealthy: "
    assert state in backends


def test_every_member_of_an_enum_has_a_meaning() -> None:
    rows = [row for page in PAGES for row in enum_rows(page.text)]
    assert len(rows) > 40
    assert [row for row in rows if row.endswith("|  |")] == []


def enum_rows(text: str) -> list[str]:
    tables = re.findall(r"^\| member \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [row for table in tables for row in table.splitlines()]


def test_the_transitions_of_states_are_a_table() -> None:
    assert """\
| from \\ to | `ACTIVE` | `TERMINATING` | `QUARANTINED` | `MAINTENANCE` | `INVALID` |
|---|---|---|---|---|---|
| `ACTIVE` | yes | yes | yes | yes | no |
| `TERMINATING` | no | yes | no | no | no |
| `QUARANTINED` | yes | yes | yes | no | no |
| `MAINTENANCE` | yes | no | no | yes | no |
| `INVALID` | no | no | no | no | yes |
""" in page_of("backends")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
    return folder


@pytest.mark.parametrize("name", ["L7LBProxyPort", "GetBackendStateFromFlags", "in_words"])
def test_the_search_works_in_the_folder(site: Path, name: str) -> None:
    program = find_browser()
    if program is None:
        pytest.skip("no browser is installed")
    with Browser(program) as browser:
        browser.open(f"{site.as_uri()}/index.html")
        browser.wait_for("document.readyState === 'complete'")
        browser.wait_for("document.querySelector('.md-search__input') !== null")
        browser.evaluate(
            "{const field = document.querySelector('.md-search__input');"
            f"field.focus(); field.value = {name!r};"
            "field.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true})); 0}"
        )
        browser.wait_for(
            f"document.querySelector('.md-search-result__list')?.innerText.includes({name!r})"
        )
        assert browser.complaints == []
        assert [each for each in browser.requested if not each.startswith(("file:", "data:"))] == []


def test_the_plot_of_the_marks_is_drawn_from_the_marks() -> None:
    marks = json.loads((ROOT / "benchmarks" / "marks.json").read_bytes())
    assert (ROOT / "docs" / "assets" / "marks.svg").read_text(encoding="utf-8") == plot(marks)


def test_every_guide_is_in_the_navigation() -> None:
    named = re.findall(r"^ +- [^:]+: ([a-z_-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    assert {page.name for page in DOCS} <= set(named)


@pytest.mark.parametrize("page", [*DOCS, *READ], ids=lambda page: page.name)
def test_links_lead_to_files_of_the_repository(page: Path) -> None:
    links = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_files_of_the_repository_name_what_is_committed() -> None:
    """A link to a file that only happens to lie there would lead nowhere for others."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout")
    files = {ROOT / each for each in listed.stdout.splitlines()}
    known = files | {parent for each in files for parent in each.parents}
    for page in [*DOCS, *READ]:
        for link in re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).resolve() in known, (page.name, link)
