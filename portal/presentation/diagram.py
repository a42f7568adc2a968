"""The living diagram: steps as boxes, their order as lines, counts on the lines; ready for a template.

Owns the graph as a whole and the list that says the same in words. Never counts runs and never lays out:
counts come from the caller, positions from diagram_layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.presentation import diagram_layout
from portal.presentation.diagram_drawing import (
    DrawnEdge,
    DrawnNode,
    Edge,
    Node,
    draw_edge,
    draw_node,
    label_width,
    size_of,
)
from portal.presentation.diagram_folding import Folding, fold
from portal.presentation.diagram_layout import Point
from portal.presentation.quantities import number
from portal.presentation.words import Tone

__all__ = ["Diagram", "Edge", "Node", "build"]

MOST_DRAWN = 120


@dataclass(frozen=True)
class ListRow:
    title: str
    tone: str
    icon: str
    href: str
    count: str
    note: str


@dataclass(frozen=True)
class Diagram:
    width: int
    height: int
    nodes: list[DrawnNode]
    edges: list[DrawnEdge]
    rows: list[ListRow]
    summary: str
    folded: int
    folded_sentence: str


def build(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    *,
    summary: str = "",
    most: int = MOST_DRAWN,
    what: str = "steps",
    gap: float = diagram_layout.LAYER_GAP,
) -> Diagram:
    """Lay out and dress the graph; above `most` nodes it is folded, and `folded_sentence` says how much.

    `what` the nodes are called, and the `gap` between layers, which holds the labels of the lines.
    """
    by_id = _checked(nodes, edges)
    calm = {node.id for node in nodes if node.tone not in {"warn", "fail"} and not node.terminal}
    folding = fold(list(by_id), [(edge.source, edge.target) for edge in edges], calm, most)
    drawn = [_group(by_id[node.id], folding, by_id, what) for node in nodes if folding.home[node.id] == node.id]
    merged = _merge(edges, folding)
    index = {node.id: position for position, node in enumerate(drawn)}
    sizes = tuple(size_of(node) for node in drawn)
    placed = diagram_layout.place(
        sizes,
        tuple((index[edge.source], index[edge.target]) for edge in merged),
        gap,
    )
    most_taken = max((edge.count or 0 for edge in merged), default=0)
    into: dict[str, list[Edge]] = {}
    for edge in edges:
        into.setdefault(edge.target, []).append(edge)
    return Diagram(
        width=round(placed.width),
        height=round(placed.height),
        nodes=[
            draw_node(node, size, corner, node.id in folding.groups)
            for node, size, corner in zip(drawn, sizes, placed.corners, strict=True)
        ],
        edges=[
            draw_edge(edge, line, most_taken, spot)
            for edge, line, spot in zip(merged, placed.lines, _spots(merged, placed.lines), strict=True)
        ],
        rows=[_row(node, into.get(node.id, []), by_id) for node in nodes if not node.terminal],
        summary=summary or f"{len(nodes)} {what}, {len(edges)} connections; the list below says the same",
        folded=folding.folded,
        folded_sentence=_sentence(sum(not node.terminal for node in nodes), folding, what),
    )


def _spots(edges: Sequence[Edge], lines: Sequence[tuple[Point, ...]]) -> list[Point | None]:
    """Where labels stand. Counts are short and stand on their line's longest part; words need room, the worst first."""
    if not any(edge.label for edge in edges):
        return [diagram_layout.label_point(line) for line in lines]
    worst = [index for tone in ("fail", "warn") for index, edge in enumerate(edges) if edge.tone == tone]
    return diagram_layout.label_spots(lines, [label_width(edge) for edge in edges], worst)


def _checked(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, Node]:
    by_id = {node.id: node for node in nodes}
    if len(by_id) != len(nodes):
        raise ValueError("two nodes of the diagram have the same id: ids must be unique")
    for edge in edges:
        for end in (edge.source, edge.target):
            if end not in by_id:
                raise ValueError(f"edge {edge.source} to {edge.target}: there is no node {end}")
    return by_id


def _sentence(total: int, folding: Folding, what: str) -> str:
    if not folding.groups:
        return ""
    boxes = len(folding.groups)
    into = "one box" if boxes == 1 else f"{boxes} boxes"
    return f"{folding.folded:,} of {total:,} {what} are folded into {into}; show all {total:,} as a list"


def _group(node: Node, folding: Folding, by_id: dict[str, Node], what: str) -> Node:
    members = folding.groups.get(node.id)
    if members is None:
        return node
    worst = next((t for t in ("fail", "warn") if any(by_id[m].tone == t for m in members)), None)
    bad = sum(by_id[m].tone in {"fail", "warn"} for m in members)
    note = f"{bad:,} of them need a look" if bad else f"{by_id[members[0]].title} to {by_id[members[-1]].title}"
    tone: Tone | None = "fail" if worst == "fail" else "warn" if worst == "warn" else None
    return Node(node.id, f"{len(members):,} {what}", (note,), "grid", tone, never=all(by_id[m].never for m in members))


def _merge(edges: Sequence[Edge], folding: Folding) -> list[Edge]:
    """One line between two drawn boxes. Edges inside a folded box aren't drawn."""
    merged: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        source, target = folding.home[edge.source], folding.home[edge.target]
        if source == target:
            continue
        before = merged.get((source, target))
        counts = [e.count for e in (before, edge) if e and e.count is not None]
        never = edge.never and (before is None or before.never)
        tones = {e.tone for e in (before, edge) if e}
        tone: Tone | None = "fail" if "fail" in tones else "warn" if "warn" in tones else None
        alone = edge if before is None else Edge(source, target)
        total = sum(counts) if counts else None
        merged[source, target] = Edge(source, target, total, never, alone.label, alone.note, tone)
    return list(merged.values())


def _row(node: Node, sources: Sequence[Edge], by_id: dict[str, Node]) -> ListRow:
    counts = [edge.count for edge in sources if edge.count is not None]
    after = [by_id[edge.source].title for edge in sources if not by_id[edge.source].terminal]
    noted = [edge.note for edge in sources if edge.note]
    notes = noted or ([f"after {', '.join(after)}"] if after else [])
    notes = [*notes, *node.lines]
    return ListRow(
        title=node.title,
        tone=node.tone or "unk",
        icon=node.tone or node.icon,
        href=node.href,
        count=number(max(counts)) if counts else "",
        note="; ".join(notes),
    )
