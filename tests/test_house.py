"""The rooms of the package, and which of them knows which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import loadbalancer

from .support import ROOT

PACKAGE = ROOT / "loadbalancer"

# What a package may import beside itself; `errors` and `releases` may be imported by all.
MAY_IMPORT: dict[str, set[str]] = {
    "domain": {"models"},
    "text": {"domain"},
    "frames": {"domain"},
    "schemas": set(),
    "wire": {"domain", "models"},
    "dumps": {"domain", "wire"},
    "checking": {"domain", "wire", "models", "schemas", "dumps", "kubernetes"},
    "agent": {"domain", "wire"},
    "kubernetes": {"domain", "wire", "dumps", "agent"},
    "datapath": {"dumps"},
    "audit": {"domain", "wire", "dumps", "agent", "kubernetes"},
    "sysdump": {"domain", "wire", "dumps", "kubernetes", "audit"},
    "live": {"domain", "dumps", "kubernetes", "audit", "sysdump"},
    "reports": {"domain", "dumps", "kubernetes", "audit", "sysdump"},
    "client": {"domain", "models", "dumps"},
    "testing": {"domain", "models", "dumps", "agent", "server"},
    "server": {"domain", "wire", "models", "schemas", "dumps", "checking", "agent"},
    "command": {
        *("domain", "wire", "models", "schemas", "dumps", "checking", "agent", "server"),
        *("kubernetes", "datapath", "audit", "sysdump", "reports", "live"),
    },
}
# Against the arrows, by module: what it imports there, and why.
EXCEPTIONS: dict[str, tuple[set[str], str]] = {
    "domain.domain_model": ({"wire"}, "get_model is a method, as in Go"),
    "server.__main__": ({"command"}, "python -m loadbalancer.server is the command `serve`"),
}
# These belong to no room: the package itself and what everybody may know.
OUTSIDE = {"__init__", "__main__", "errors", "go_index", "releases"}
LONGEST_MODULE = 400
MOST_MODULES = 16


def modules() -> dict[str, Path]:
    """Every module of the rooms by its name within the package."""
    found: dict[str, Path] = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name and name not in OUTSIDE:
            found[name] = path
    return found


MODULES = modules()


def imported(name: str, path: Path) -> Iterator[str]:
    """What a module imports of the package, anywhere in it: in functions, for types, too."""
    package = ["loadbalancer", *name.split(".")]
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            # `from . import module` and `from loadbalancer import SVC`
            yield from (f"{source}.{each.name}" for each in node.names)


def rooms_imported(name: str, path: Path) -> set[str]:
    rooms: set[str] = set()
    defining: dict[str, str] = vars(loadbalancer)["_MODULE_OF_NAME"]
    for each in imported(name, path):
        package, _, rest = each.partition(".")
        if package == "loadbalancer" and rest:
            # A name of the whole package is one of the room that defines it.
            rooms.add(defining.get(rest, rest).split(".")[0])
    return rooms & {*MAY_IMPORT, "models"}


def test_every_module_is_in_a_room() -> None:
    assert {name.split(".")[0] for name in MODULES} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_arrows(name: str) -> None:
    room = name.split(".")[0]
    allowed = {room} | MAY_IMPORT[room]
    assert rooms_imported(name, MODULES[name]) - allowed == EXCEPTIONS.get(name, (set(), ""))[0]


def test_the_exceptions_have_reasons() -> None:
    assert EXCEPTIONS.keys() <= MODULES.keys()
    assert all(reason for _, reason in EXCEPTIONS.values())


def test_imports_are_seen_wherever_they_stand() -> None:
    name = "domain.domain_model"
    assert "loadbalancer.wire.to_models" in set(imported(name, MODULES[name]))
    assert rooms_imported(name, MODULES[name]) - {"domain"} == {"wire"}
    assert "command" not in {room for each in MAY_IMPORT.values() for room in each}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_can_be_taken_in(name: str) -> None:
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_a_folder_can_be_taken_in_at_a_glance() -> None:
    folders = {path.parent for path in MODULES.values()}
    modules = {each: {*each.glob("*.py")} - {each / "__init__.py"} for each in folders}
    crowded = {str(each) for each in folders if len(modules[each]) > MOST_MODULES}
    assert crowded == set()
