"""Draw the rooms of the package: the arrows are those that tests/test_house.py holds."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["picture", "reduced"]

ROOT = Path(__file__).resolve().parent.parent

# What is said in each box, and where it stands: its column and row, from the left and the top.
_ROOMS: dict[str, tuple[str, float, int]] = {
    "command": ("the terminal: Click and printing", 2.5, 0),
    "testing": ("for tests of programs", 3.9, 0),
    "client": ("a client of the service API", 3.9, 3),
    "reports": ("audits as text, HTML, SARIF", 0.4, 1),
    "live": ("a cluster, over kubectl", 1.5, 1),
    "sysdump": ("archives of a cluster", 0.9, 2),
    "server": ("the service API over HTTP", 3.2, 1),
    "audit": ("what differs, as findings", 1.0, 3),
    "checking": ("what is wrong with an input", 2.9, 3),
    "datapath": ("the public name of bpf dumps", 0.0, 4),
    "kubernetes": ("objects, and expected services", 1.6, 4),
    "dumps": ("dumps of every release", 0.8, 5),
    "agent": ("the agent's rules, and stores", 2.2, 5),
    "schemas": ("JSON Schemas, OpenAPI", 3.9, 5),
    "text": ("numbers and states as text", 2.9, 6),
    "frames": ("services as tables of Arrow", 3.9, 6),
    "wire": ("JSON and domain, release 1.13", 1.1, 6),
    "models": ("wire models, generated", 3.5, 8),
    "domain": ("addresses, backends, services", 1.7, 7),
}
_WIDTH, _HEIGHT = 244, 62
_COLUMN, _ROW, _MARGIN = 256, 108, 20


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


def picture() -> str:
    """The picture as SVG, for bright and dark pages alike."""
    graph = rooms()
    middle = {
        room: (
            round(_MARGIN + _WIDTH / 2 + column * _COLUMN),
            _MARGIN + _HEIGHT // 2 + row * _ROW,
        )
        for room, (_, column, row) in _ROOMS.items()
    }
    if graph.keys() != middle.keys():
        raise ValueError(f"rooms and boxes differ: {graph.keys() ^ middle.keys()}")
    width = max(x for x, _ in middle.values()) + _WIDTH // 2 + _MARGIN
    height = max(y for _, y in middle.values()) + _HEIGHT // 2 + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
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
            if y >= to_y:
                raise ValueError(f"{room} imports {target}, which has to stand below it")
            y, to_y = y + _HEIGHT // 2, to_y - _HEIGHT // 2 - 2
            bend = (to_y - y) // 2
            lines.append(
                f'<path d="M{x} {y}C{x} {y + bend} {to_x} {to_y - bend} {to_x} {to_y}" fill="none" '
                'stroke="#5c6bc0" stroke-width="1.6" marker-end="url(#head)"/>'
            )
    for room in graph:
        x, y = middle[room]
        text = _ROOMS[room][0]
        lines.append(
            f'<rect x="{x - _WIDTH // 2}" y="{y - _HEIGHT // 2}" width="{_WIDTH}" '
            f'height="{_HEIGHT}" rx="8" fill="#fff" stroke="#3f51b5" stroke-width="1.2"/>'
            f'<text x="{x}" y="{y - 5}" font-size="18" font-weight="600" fill="#1a237e">{room}'
            f"</text>"
            f'<text x="{x}" y="{y + 18}" font-size="14" fill="#444">{text}</text>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"
