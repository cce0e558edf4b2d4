"""Draw the marks that `make bench` has measured: `python -m benchmarks.plot MARKS.json PLOT.svg`.

One bar a piece of work: how many times its base it takes, in a new process and in a used heap.
The line across a bar is its mark.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["plot"]

_LABELS, _SCALE, _ROW, _TOP, _MARGIN = 500, 420, 34, 62, 16
_NEW, _USED, _MARK = "#3f51b5", "#9fa8da", "#c62828"


def plot(marks: list[dict[str, Any]]) -> str:
    """The picture as SVG, for bright and dark pages alike."""
    most = max(_values(marks))
    end = math.ceil(most * 2) / 2
    width, height = _LABELS + _SCALE + 70, _TOP + _ROW * len(marks) + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#333">',
        "<!-- Drawn by benchmarks/plot.py. Do not edit. -->",
        "<title>How many times its base each piece of work takes</title>",
        '<rect width="100%" height="100%" rx="12" fill="#f6f7fb"/>',
        *_legend(),
    ]
    step = 0.5 if end <= 4 else 1.0
    for index in range(int(end / step) + 1):
        x = _x(index * step, end)
        lines.append(
            f'<path d="M{x} {_TOP - 6}V{height - _MARGIN}" stroke="#d5d8e4"/>'
            f'<text x="{x}" y="{_TOP - 12}" text-anchor="middle" fill="#666">{index * step:g}'
            "</text>"
        )
    for index, each in enumerate(marks):
        lines += _bars(each, _TOP + index * _ROW, end)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _values(marks: Iterable[dict[str, Any]]) -> list[float]:
    return [each[key] for each in marks for key in ("mark", "new", "used") if each[key]]


def _x(ratio: float, end: float) -> int:
    return round(_LABELS + ratio / end * _SCALE)


def _legend() -> list[str]:
    x, lines = _LABELS, list[str]()
    for colour, text, length in ((_NEW, "new process", 110), (_USED, "used heap", 100)):
        lines.append(
            f'<rect x="{x}" y="13" width="12" height="12" fill="{colour}"/>'
            f'<text x="{x + 18}" y="24">{text}</text>'
        )
        x += length
    lines.append(
        f'<path d="M{x + 6} 10v18" stroke="{_MARK}" stroke-width="2"/>'
        f'<text x="{x + 16}" y="24">mark</text>'
    )
    return lines


def _bars(mark: dict[str, Any], y: int, end: float) -> list[str]:
    label = escape(str(mark["work"]).replace("`", ""))
    lines = [f'<text x="{_LABELS - 10}" y="{y + 19}" text-anchor="end">{label}</text>']
    bars = [(mark["new"], _NEW)] + ([(mark["used"], _USED)] if mark["used"] else [])
    thick = 20 // len(bars)
    for index, (ratio, colour) in enumerate(bars):
        lines.append(
            f'<rect x="{_LABELS}" y="{y + 4 + index * thick}" height="{thick - 1}" '
            f'width="{_x(ratio, end) - _LABELS}" fill="{colour}"/>'
        )
    x = _x(mark["mark"], end)
    told = " / ".join(f"{round(ratio, 2):g}" for ratio, _ in bars)
    right = max(x, *(_x(ratio, end) for ratio, _ in bars)) + 7
    lines.append(
        f'<path d="M{x} {y + 1}v26" stroke="{_MARK}" stroke-width="2"/>'
        f'<text x="{right}" y="{y + 18}" font-size="11" fill="#555">{told}</text>'
    )
    return lines


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
