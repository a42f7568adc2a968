"""Where the boxes and lines of a diagram go. Owns the call to the layout engine and its cache.

Knows sizes and neighbours only, so that new counts on the same graph cost no new layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

Point = tuple[float, float]
Size = tuple[float, float]

MARGIN = 8.0
ROUND = 18.0
ARROW = 8.0
LABEL_HEIGHT = 16.0
LAYER_GAP, NODE_GAP = 52.0, 28.0


@dataclass(frozen=True)
class Placed:
    """Node corners (left, top) and edge lines, in the order they were asked for."""

    width: float
    height: float
    corners: tuple[Point, ...]
    lines: tuple[tuple[Point, ...], ...]


@lru_cache(maxsize=256)
def place(sizes: tuple[Size, ...], edges: tuple[tuple[int, int], ...], gap: float = LAYER_GAP) -> Placed:
    """Lay the graph out. Deterministic: the same graph looks the same on every page and in every process."""
    import graphlay

    if not sizes:
        return Placed(0, 0, (), ())
    graph = graphlay.Graph()
    for width, height in sizes:
        graph.node(width=width, height=height)
    for source, target in edges:
        graph.edge(source, target)
    options = {
        "direction": "leftright",
        "routing": {"style": "orthogonal"},
        "spacing": {"layer_gap": gap, "node_gap": NODE_GAP},
    }
    drawing = graphlay.layout(graph, options=options)
    boxes = [(n["center"]["x"], n["center"]["y"], n["size"]["width"], n["size"]["height"]) for n in drawing.nodes]
    lines = [[(p["x"], p["y"]) for p in edge["points"]] for edge in drawing.edges]
    xs = [x - w / 2 for x, _, w, _ in boxes] + [x for line in lines for x, _ in line]
    ys = [y - h / 2 for _, y, _, h in boxes] + [y for line in lines for _, y in line]
    right = max([x + w / 2 for x, _, w, _ in boxes] + xs)
    bottom = max([y + h / 2 for _, y, _, h in boxes] + ys)
    dx, dy = MARGIN - min(xs), MARGIN - min(ys)
    return Placed(
        width=right + dx + MARGIN,
        height=bottom + dy + MARGIN,
        corners=tuple((x - w / 2 + dx, y - h / 2 + dy) for x, y, w, h in boxes),
        lines=tuple(tuple((x + dx, y + dy) for x, y in line) for line in lines),
    )


def path(line: tuple[Point, ...]) -> str:
    """An SVG path along the line with its corners rounded, ending where the arrow head begins."""
    points = [*line[:-1], (line[-1][0] - ARROW, line[-1][1])]
    text = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        enter, leave = _towards(corner, before), _towards(corner, after)
        text += f"L{enter[0]:.1f} {enter[1]:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {leave[0]:.1f} {leave[1]:.1f}"
    return f"{text}L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def head(line: tuple[Point, ...]) -> str:
    """The arrow head at the end of the line."""
    x, y = line[-1]
    return f"M{x:.1f} {y:.1f}l-{ARROW:.0f}-4.5v9Z"


def label_point(line: tuple[Point, ...]) -> Point:
    """Where a label stands: the middle of the longest segment. (The engine's own anchors may lie off the line.)"""
    (x1, y1), (x2, y2) = max(pairwise(line), key=lambda ends: math.dist(*ends))
    return (x1 + x2) / 2, (y1 + y2) / 2


def label_spots(
    lines: Sequence[tuple[Point, ...]], widths: Sequence[float], first: Sequence[int]
) -> list[Point | None]:
    """A place on each line for a label of that width, no two on each other; None where there is no room.

    `first` are the lines that choose before the others. Only level stretches hold words.
    """
    spots: list[Point | None] = [None] * len(lines)
    taken: list[tuple[Point, float]] = []
    chosen = set(first)
    for index in [*first, *(number for number in range(len(lines)) if number not in chosen)]:
        for x, y in _candidates(lines[index], widths[index]):
            if all(abs(y - b) > LABEL_HEIGHT or abs(x - a) > (widths[index] + width) / 2 for (a, b), width in taken):
                spots[index] = x, y
                taken.append(((x, y), widths[index]))
                break
    return spots


def _candidates(line: tuple[Point, ...], width: float) -> Iterator[Point]:
    level = [ends for ends in pairwise(line) if abs(ends[0][1] - ends[1][1]) < 1]
    for (x1, y), (x2, _) in sorted(level, key=lambda ends: -math.dist(*ends)):
        room = abs(x2 - x1) - width - 2 * ARROW
        if room >= 0:
            middle = (x1 + x2) / 2
            yield from ((middle + room * share, y) for share in (0.0, 0.25, -0.25, 0.5, -0.5))


def _towards(corner: Point, other: Point) -> Point:
    """The point where the rounding of a corner meets the segment to `other`: at most at its middle."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = math.hypot(dx, dy)
    share = min(ROUND, length / 2) / length if length else 0.0
    return corner[0] + dx * share, corner[1] + dy * share
