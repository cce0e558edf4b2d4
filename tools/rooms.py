"""Draw the rooms of the package: the arrows are those that tests/test_house.py holds."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["picture", "reduced"]

ROOT = Path(__file__).resolve().parent.parent

# What is said in each box, and where it stands: the middle of it, in columns from the left.
_ROOMS = {
    "command": ("the terminal: Click and printing", 2.0),
    "server": ("the service API over HTTP", 3.0),
    "sysdump": ("archives of a cluster", 1.0),
    "kubernetes": ("objects and what they ask for", 1.45),
    "datapath": ("the kernel's maps", 0.35),
    "payloads": ("JSON, YAML, text of all releases", 1.45),
    "audit": ("what differs, as findings", 0.35),
    "wire": ("JSON and domain, one release", 1.45),
    "agent": ("the agent's rules, and stores", 3.0),
    "domain": ("addresses, backends, services", 1.45),
    "models": ("wire models, generated", 2.55),
    "schemas": ("JSON Schemas, OpenAPI", 3.65),
}
_WIDTH, _HEIGHT = 236, 58
_COLUMN, _ROW, _MARGIN = 262, 112, 24


def rooms() -> dict[str, set[str]]:
    """What each room may import."""
    sys.path.insert(0, str(ROOT))
    from tests.test_house import MAY_IMPORT

    return {**MAY_IMPORT, "models": set()}


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows that do not follow from others."""

    def reached(start: str) -> set[str]:
        return {start}.union(*(reached(each) for each in graph[start]))

    return {
        room: {
            each
            for each in targets
            if not any(each in reached(other) for other in targets - {each})
        }
        for room, targets in graph.items()
    }


def levels(graph: dict[str, set[str]]) -> dict[str, int]:
    """How many rooms lie below each, along the longest way."""

    def level(room: str) -> int:
        return max((level(each) + 1 for each in graph[room]), default=0)

    return {room: level(room) for room in graph}


def picture() -> str:
    """The picture as SVG, for bright and dark pages alike."""
    graph = rooms()
    height = levels(graph)
    top = max(height.values())
    middle = {
        room: (
            round(_MARGIN + _WIDTH / 2 + (_ROOMS[room][1] - 0.35) * _COLUMN),
            _MARGIN + _HEIGHT // 2 + (top - height[room]) * _ROW,
        )
        for room in graph
    }
    width = max(x for x, _ in middle.values()) + _WIDTH // 2 + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} '
        f'{2 * _MARGIN + top * _ROW + _HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" text-anchor="middle">',
        "<!-- Generated from tests/test_house.py by `make generate`. Do not edit. -->",
        "<title>The rooms of the package and which imports which</title>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="#5c6bc0"/></marker></defs>',
        '<rect width="100%" height="100%" rx="12" fill="#f6f7fb"/>',
    ]
    for room, targets in reduced(graph).items():
        for target in sorted(targets):
            (x, y), (to_x, to_y) = middle[room], middle[target]
            y, to_y = y + _HEIGHT // 2, to_y - _HEIGHT // 2 - 2
            bend = (to_y - y) // 2
            lines.append(
                f'<path d="M{x} {y}C{x} {y + bend} {to_x} {to_y - bend} {to_x} {to_y}" fill="none" '
                'stroke="#5c6bc0" stroke-width="1.6" marker-end="url(#head)"/>'
            )
    for room in graph:
        x, y = middle[room]
        text, _ = _ROOMS[room]
        lines.append(
            f'<rect x="{x - _WIDTH // 2}" y="{y - _HEIGHT // 2}" width="{_WIDTH}" '
            f'height="{_HEIGHT}" rx="8" fill="#fff" stroke="#3f51b5" stroke-width="1.2"/>'
            f'<text x="{x}" y="{y - 5}" font-size="16" font-weight="600" fill="#1a237e">{room}'
            f"</text>"
            f'<text x="{x}" y="{y + 16}" font-size="13" fill="#444">{text}</text>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"
