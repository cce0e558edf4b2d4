"""Where in its source text a part of a JSON value stands.

Parsers of JSON give values without their places. This walks through the text of a value
that is known to be JSON, with a list for a stack, and is run only where there is something
to report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from json import loads
from typing import Any, NamedTuple

from .values import is_array, is_object

__all__ = ["TOKENS", "Path", "Span", "find_spans", "path_of", "pointer"]

Path = tuple[str | int, ...]
"""The keys and indices that lead to a part of a value."""


class Span(NamedTuple):
    """The indices into a text at which a value begins, and its key, if it has one."""

    value: int
    key: int | None


def pointer(path: Path) -> str:
    """The JSON Pointer (RFC 6901) of a path."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


def path_of(pointer: str, value: Any) -> Path:
    """The path that a JSON Pointer stands for in a value, where it leads to a part of it."""
    path: list[str | int] = []
    for each in pointer.split("/")[1:]:
        if is_array(value):
            path.append(int(each))
            value = value[int(each)]
        else:
            key = each.replace("~1", "/").replace("~0", "~")
            path.append(key)
            value = value.get(key) if is_object(value) else None
    return tuple(path)


@dataclass(slots=True)
class _Wanted:
    """The paths that are looked for, as a tree."""

    paths: list[Path] = field(default_factory=list[Path])
    below: dict[str | int, _Wanted] = field(default_factory=dict[str | int, "_Wanted"])


@dataclass(slots=True)
class _Container:
    """An array or object that is being walked through."""

    wanted: _Wanted | None
    is_object: bool
    index: int = 0
    key: str = ""
    key_at: int | None = None
    has_key: bool = False


TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
"""What JSON is made of: texts, the marks between values, and the other values."""


def find_spans(text: str, start: int, paths: Iterable[Path]) -> dict[Path, Span]:
    """The spans of the parts at the paths of the JSON value at an index of a text.

    Of a key that an object has twice it is the last, which is the one that counts. A path to
    nothing has the span of the innermost array or object that is there.
    """
    paths = list(paths)
    if not any(paths):
        return dict.fromkeys(paths, Span(start, None))
    tree = _Wanted()
    for path in paths:
        node = tree
        for token in path:
            node = node.below.setdefault(token, _Wanted())
        node.paths.append(path)
    spans: dict[Path, Span] = {}
    stack: list[_Container] = []
    for match in TOKENS.finditer(text, start):
        token = match[0]
        if token in "}]":
            stack.pop()
        elif token == ",":
            stack[-1].index += 1
            stack[-1].has_key = False
        elif token != ":":
            parent = stack[-1] if stack else None
            if parent and parent.is_object and not parent.has_key:
                parent.key = loads(token) if parent.wanted else ""
                parent.key_at = match.start()
                parent.has_key = True
                continue
            wanted = _enter(parent, tree)
            if wanted:
                _note(wanted, Span(match.start(), parent.key_at if parent else None), spans)
            if token in "{[":
                stack.append(_Container(wanted, token == "{"))
                continue
        if not stack:
            break
    return spans


def _enter(parent: _Container | None, tree: _Wanted) -> _Wanted | None:
    if parent is None:
        return tree
    if parent.wanted is None:
        return None
    return parent.wanted.below.get(parent.key if parent.is_object else parent.index)


def _note(wanted: _Wanted, span: Span, spans: dict[Path, Span]) -> None:
    """Note the span for what is looked for here, and for now for all that is below."""
    todo = [wanted]
    while todo:
        node = todo.pop()
        spans.update(dict.fromkeys(node.paths, span))
        todo.extend(node.below.values())
