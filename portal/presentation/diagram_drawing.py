"""One box and one line of a diagram: what the caller gives, and the coordinates the template writes down.

Owns sizes, text that fits, and where things sit inside a box. The icon of a state bears the name of its tone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from portal.presentation import diagram_layout
from portal.presentation.quantities import number
from portal.presentation.words import Tone

_NARROWEST, _WIDEST, _TERMINAL = 152.0, 240.0, 64.0


@dataclass(frozen=True)
class Node:
    """`terminal` is a start or an end. `tone` None shows no state: nothing is known, or nothing can be."""

    id: str
    title: str
    lines: tuple[str, ...] = ()
    icon: str = "fn"
    tone: Tone | None = None
    href: str = ""
    never: bool = False
    terminal: bool = False
    #: Of boxes whose words change while one looks: the layout is found again only when a size does.
    least_width: float = _NARROWEST


@dataclass(frozen=True)
class Edge:
    """`label` stands on the line instead of the count; `note` says all of it on hover and in the list."""

    source: str
    target: str
    count: int | None = None
    never: bool = False
    label: str = ""
    note: str = ""
    tone: Tone | None = None


@dataclass(frozen=True)
class DrawnLine:
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class DrawnNode:
    title: str
    full: str
    lines: list[DrawnLine]
    icon: str
    state_icon: str
    tone: str
    href: str
    never: bool
    terminal: bool
    folded: bool
    left: float
    top: float
    width: float
    height: float
    radius: float
    icon_x: float
    icon_y: float
    state_x: float
    title_x: float
    title_y: float
    middle: float


@dataclass(frozen=True)
class DrawnEdge:
    path: str
    head: str
    thickness: str
    never: bool
    count: str
    label_x: float
    label_y: float
    across: bool
    label_left: float
    label_top: float
    label_width: float
    note: str
    tone: str
    icon_x: float
    icon_y: float


def size_of(node: Node) -> tuple[float, float]:
    if node.terminal:
        return max(_TERMINAL, 7.6 * len(node.title) + 28), 44.0
    text = max([7.8 * len(node.title) + 72, *(6.4 * len(line) + 24 for line in node.lines)])
    width = min(_WIDEST, max(node.least_width, 8 * -(-text // 8)))
    return width, 44.0 if not node.lines else 46.0 + 18.0 * len(node.lines)


def _fit(text: str, width: float, per_char: float) -> str:
    most = int(width // per_char)
    return text if len(text) <= most else text[: max(1, most - 1)].rstrip() + "…"


def draw_node(node: Node, size: tuple[float, float], corner: tuple[float, float], folded: bool) -> DrawnNode:
    (width, height), (x, y) = size, corner
    left, top = round(x) + 0.5, round(y) + 0.5
    first = top + (34 if node.terminal else 46)
    return DrawnNode(
        title=_fit(node.title, width - (24 if node.terminal else 64), 7.4),
        full="; ".join([node.title, *node.lines]),
        lines=[
            DrawnLine(left + (width / 2 if node.terminal else 12), first + 18 * n, _fit(line, width - 20, 6.2))
            for n, line in enumerate(node.lines)
        ],
        icon=node.icon,
        state_icon=node.tone or "",
        tone=node.tone or "unk",
        href=node.href,
        never=node.never,
        terminal=node.terminal,
        folded=folded,
        left=left,
        top=top,
        width=width,
        height=height,
        radius=22 if node.terminal else 6,
        icon_x=left + 12,
        icon_y=top + 12 if node.lines else top + 14,
        state_x=left + width - 28,
        title_x=left + 34,
        title_y=top + (19 if node.lines else 27) if node.terminal else top + (25 if node.lines else 27),
        middle=left + width / 2,
    )


def label_width(edge: Edge) -> float:
    """How wide the words on a line are, with the icon of a state that needs a look."""
    text = edge.label or ("" if edge.count is None else number(edge.count))
    return (5.9 if edge.label else 7.0) * len(text) + 6 + (18 if edge.tone in {"warn", "fail"} else 0)


def draw_edge(
    edge: Edge, line: tuple[tuple[float, float], ...], most: int, spot: tuple[float, float] | None
) -> DrawnEdge:
    """`spot` is where the label stands; None where there is no room for it."""
    count = edge.label or ("" if edge.count is None else number(edge.count))
    if spot is None:
        count = ""
    share = (edge.count or 0) / most if most else 0.5
    marked = edge.tone in {"warn", "fail"}
    width = label_width(edge)
    x, y = spot or diagram_layout.label_point(line)
    across = _lies_across(line, (x, y)) or bool(edge.label)
    return DrawnEdge(
        path=diagram_layout.path(line),
        head=diagram_layout.head(line),
        thickness="1.25" if edge.never else f"{1 + 1.5 * share:.2f}",
        never=edge.never,
        count=count,
        label_x=x + (9 if marked else 0),
        label_y=y + 4 if across else y - 6,
        across=across,
        label_left=x - width / 2,
        label_top=y - 8,
        label_width=width,
        note=edge.note,
        tone=edge.tone or "",
        icon_x=x - width / 2 + 2,
        icon_y=y - 7 if across else y - 17,
    )


def _lies_across(line: tuple[tuple[float, float], ...], anchor: tuple[float, float]) -> bool:
    """Whether the line runs vertically through its label: then the label needs ground of its own."""
    x, y = anchor
    return any(
        abs(x1 - x) < 1 and abs(x2 - x) < 1 and min(y1, y2) < y < max(y1, y2) for (x1, y1), (x2, y2) in pairwise(line)
    )
