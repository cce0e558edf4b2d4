"""Write the reference of public names out of the docstrings."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

HEADER = """\
# Reference

<!-- Generated from the docstrings by `make generate`. Do not edit. -->

All of these are importable from `loadbalancer`. The docstrings (`help(loadbalancer.SVC)`) say
more: fields, ranges, errors.
"""


def reference(package: Path) -> str:
    """The reference as Markdown."""
    import loadbalancer

    told = dict(attribute_docstrings(package))
    objects = {
        name: getattr(loadbalancer, name)
        for name in loadbalancer.__all__
        if not isinstance(getattr(loadbalancer, name), ModuleType)
    }
    classes = {name: item for name, item in objects.items() if inspect.isclass(item)}
    functions = {name: item for name, item in objects.items() if inspect.isfunction(item)}
    others = objects.keys() - classes.keys() - functions.keys()
    parts = [
        HEADER,
        "## Types\n\n| type | |\n|---|---|",
        *(f"| `{name}` | {summary(item)} |" for name, item in sorted(classes.items())),
        "\n## Functions\n\n| function | |\n|---|---|",
        *(f"| `{call(item)}` | {summary(item)} |" for _, item in sorted(functions.items())),
        "\n## Ranges and constants\n\n| name | |\n|---|---|",
        *(f"| `{name}` | {told[name]} |" for name in sorted(others)),
        "\n## Members of the types\n",
        *(text for name, item in sorted(classes.items()) for text in members(name, item)),
        "## The Go index\n\n" + go_index(),
    ]
    return "\n".join(parts)


def go_index() -> str:
    """A table of the Go package's index beside what stands for each identifier here."""
    from loadbalancer import go_names

    rows = [f"| `{go}` | `{spelled(go, item)}` |" for go, item in go_names.items()]
    return "\n".join(["| Go | Python |", "|---|---|", *rows]) + "\n"


def members(name: str, cls: type[Any]) -> Iterator[str]:
    """What a type has beside its fields: properties, methods."""
    rows: list[str] = []
    for key, item in sorted(vars(cls).items()):
        if key.startswith("_") or key == "model_config":
            continue
        if isinstance(item, property):
            rows.append(f"| `.{key}` | {summary(item)} |")
        elif inspect.isfunction(item):
            rows.append(f"| `.{call(item)}` | {summary(item)} |")
        elif inspect.ismethod(bound := getattr(cls, key)):
            rows.append(f"| `{name}.{call(bound)}` | {summary(bound)} |")
    if rows:
        yield f"### {name}\n\n| | |\n|---|---|\n" + "\n".join(rows) + "\n"


def call(function: Any) -> str:
    """A function as it is called, without annotations."""
    names: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in names:
            names.append("*")
        has_default = parameter.default is not parameter.empty
        names.append(f"{parameter.name}={parameter.default!r}" if has_default else parameter.name)
    return f"{function.__name__}({', '.join(names)})"


def summary(item: object) -> str:
    """The first sentence or paragraph of a docstring, on one line."""
    text = inspect.getdoc(item) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


def spelled(go: str, item: Any) -> str:
    """How the Python object of a Go identifier is reached."""
    owner = f"{go.partition('.')[0]}." if "." in go else ""
    if isinstance(item, property):
        return f"{owner}{(item.fget or item).__name__}"  # type: ignore[union-attr]
    if inspect.isfunction(item):
        return f"{owner}{item.__name__}"
    if not inspect.isclass(item) and hasattr(item, "name"):
        return f"{type(item).__name__}.{item.name}"
    return {"AllProtocols": "ALL_PROTOCOLS", "DefaultBackendWeight": "DEFAULT_BACKEND_WEIGHT"}.get(
        go, go
    )


def attribute_docstrings(package: Path) -> Iterator[tuple[str, str]]:
    """The docstrings below assignments of the package's modules."""
    for path in package.rglob("*.py"):
        yield from docstrings_below(ast.parse(path.read_text(encoding="utf-8")).body)


def docstrings_below(body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    """The names that are assigned to, each with the docstring below, on one line."""
    for assignment, below in pairwise(body):
        target: ast.expr | None = None
        if isinstance(assignment, ast.Assign):
            target = assignment.targets[0]
        elif isinstance(assignment, ast.AnnAssign):
            target = assignment.target
        if (
            isinstance(target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            yield target.id, " ".join(below.value.value.split())
