"""State files checked: all that is wrong, with line and column, and the services of valid ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..dumps.json_text.positions import pointer
from ..dumps.yaml_text import YamlError, YamlMissingError, compose_yaml, load_yaml
from ..kubernetes.documents import objects_of
from ..kubernetes.node import Node
from ..kubernetes.reading import read_objects
from ..kubernetes.state_file.checking import Path, check_state_file, is_like_state_file
from ..kubernetes.state_file.reading import STATE_FILE_RELEASE, listed_of
from ..releases import Release
from .checker import Checked, Item
from .kinds import Kind
from .problems import Finding, Problem, Rule, Severity
from .suggestions import nearest

__all__ = ["check_state_text", "state_file_of"]

_BEGINNING = re.compile(
    r"""\s*(?:(?:\#.*|---.*)\n\s*)*(?:\{\s*)?["']?[se][a-z]{5,10}["']?\s*:""",
    re.IGNORECASE,
)


def state_file_of(text: str) -> Any:
    """Return the document of a state file, misspelled keys or not; None for other texts."""
    if not _BEGINNING.match(text):
        return None
    try:
        documents = [*load_yaml(text)]
    except (YamlError, YamlMissingError):
        return None
    return documents[0] if len(documents) == 1 and is_like_state_file(documents[0]) else None


def check_state_text(
    text: str, document: Any, file: str, *, release: str | None, allow_empty: bool
) -> Checked:
    """Return the services of a state file, and all that is wrong with it."""
    parsed = STATE_FILE_RELEASE if release is None else Release.parse(release)
    problems = [*check_state_file(document, release=parsed, allow_empty=allow_empty)]
    checked = Checked(is_list=True)
    if problems:
        marks = compose_yaml(text)
        for each in problems:
            meant = nearest(each.unknown, each.known) if each.unknown else None
            reason = f"unknown key {each.unknown!r}" if each.unknown else each.reason
            if meant:
                reason += f"; did you mean {meant!r}?"
            severity = Severity.ERROR if each.severity == "error" else Severity.WARNING
            line, column = _place(marks, each.path)
            rule: Rule = "unknown-key" if each.unknown else "invalid-value"
            finding = Finding(reason, severity=severity, rule=rule)
            checked.problems.append(Problem(file, line, column, pointer(each.path), finding))
        checked.problems.sort(key=lambda each: (each.line, each.column))
    if any(each.finding.severity is Severity.ERROR for each in checked.problems):
        checked.refused.append(Kind.SERVICE)
        return checked
    services = listed_of(read_objects(objects_of(document)), Node(), parsed)
    checked.items = [Item(Kind.SERVICE, svc) for svc in services]
    return checked


def _place(node: Any, path: Path) -> tuple[int, int]:
    """Return line and column of a part of a document, or of what is around it."""
    mark = node.start_mark
    for token in path:
        found = next(_below(node, token), None)
        if found is None:
            break
        mark, node = found
    return mark.line + 1, mark.column + 1


def _below(node: Any, token: str | int) -> Iterator[tuple[Any, Any]]:
    """Yield the mark and the node of an element or member."""
    value: list[Any] = node.value if isinstance(node.value, list) else []  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    members: list[Any] = [each for each in value if isinstance(each, tuple)]
    if isinstance(token, int):
        for each in value[token : token + 1]:
            yield each.start_mark, each
        return
    for key, each in members:
        if key.value == token:
            yield key.start_mark, each
