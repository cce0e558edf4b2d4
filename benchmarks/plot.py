"""Draw the marks that `make bench` has measured: `python -m benchmarks.plot MARKS.json PLOT.svg`.

One bar a piece of work: what it takes as a share of its mark, at the line.
"""

from __future__ import annotations

import argparse
import json
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["plot"]

_LABELS, _SCALE, _ROW, _TOP, _MARGIN = 500, 320, 28, 44, 16
_MET, _MISSED, _MARK = "#3f51b5", "#ef8a17", "#c62828"
# Bars end here, however much longer they would be.
_END = 2.0


def plot(marks: list[dict[str, Any]]) -> str:
    """Return the picture as SVG, for bright and dark pages alike."""
    width, height = _LABELS + _SCALE + 120, _TOP + _ROW * len(marks) + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#333">',
        "<!-- Drawn by benchmarks/plot.py. Do not edit. -->",
        "<title>What each piece of work takes beside its mark</title>",
        '<rect width="100%" height="100%" rx="12" fill="#f6f7fb"/>',
        f'<text x="{_x(1)}" y="26" text-anchor="middle" fill="{_MARK}">mark</text>',
        f'<path d="M{_x(1)} {_TOP - 8}V{height - _MARGIN}" stroke="{_MARK}" stroke-width="2"/>',
    ]
    for index, each in enumerate(marks):
        lines += _bar(each, _TOP + index * _ROW)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _x(share: float) -> int:
    return round(_LABELS + min(share, _END) / _END * _SCALE)


def _bar(mark: dict[str, Any], y: int) -> list[str]:
    label = escape(str(mark["work"]).replace("`", ""))
    share = mark["ratio"] / mark["mark"]
    right = max(_x(share), _x(1)) + 7
    return [
        f'<text x="{_LABELS - 10}" y="{y + 15}" text-anchor="end">{label}</text>',
        f'<rect x="{_LABELS}" y="{y + 3}" height="16" width="{_x(share) - _LABELS}" '
        f'fill="{_MET if share <= 1 else _MISSED}"/>',
        f'<text x="{right}" y="{y + 15}" font-size="11" fill="#555">'
        f"{mark['ratio']:.3g} of {mark['mark']:g}</text>",
    ]


def main() -> None:
    """Read the marks, write the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plot", description=__doc__)
    parser.add_argument("marks", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    marks: list[dict[str, Any]] = json.loads(arguments.marks.read_bytes())
    arguments.picture.write_text(plot(marks), encoding="utf-8")


if __name__ == "__main__":
    main()
