"""A workflow version as a graph that can be drawn: boxes, the lines that matter, and whether it is one straight path.

Owns what a version looks like before any run: callers keep the result, since a published version never changes.
Never knows states; `draw` adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.manifest import Plan
from portal.presentation.diagram import Diagram, Edge, Node, build
from portal.presentation.step_words import KIND_ICON, short_call
from portal.presentation.words import Look

#: Above this many steps one straight path is wider than a screen; the diagram scrolls and folds, the path does not.
LONGEST_PATH = 8
#: Longer words would widen their box, and a new size means a new layout.
WIDEST_WORD = 20
NOT_TAKEN = frozenset({"Not reached", "Skipped"})


@dataclass(frozen=True, slots=True)
class Shape:
    """Names in the plan's order, the lines between them, what each box says, and the manifest's head."""

    order: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    kinds: Mapping[str, str]
    calls: Mapping[str, str]
    dependencies: Mapping[str, str]
    runbooks: Mapping[str, str]
    runbook: str
    is_path: bool


def shape_of(plan: Plan, canonical: Mapping[str, Any]) -> Shape:
    """The shape of a version from its plan and its normal form."""
    declared = canonical["spec"]["steps"]
    edges = tuple(_needed(plan))
    after = {source for source, _ in edges}
    straight = len(edges) == len(plan.order) - 1 == len(after) == len({target for _, target in edges})
    return Shape(
        order=plan.order,
        edges=edges,
        kinds={name: step.kind for name, step in plan.steps.items()},
        calls={name: short_call(step.kind, declared[name]) for name, step in plan.steps.items()},
        dependencies={name: step.dependency for name, step in plan.steps.items() if step.dependency},
        runbooks={name: step["runbook"] for name, step in declared.items() if step.get("runbook")},
        runbook=canonical["metadata"].get("runbook", ""),
        is_path=straight and len(plan.order) <= LONGEST_PATH,
    )


def _needed(plan: Plan) -> list[tuple[str, str]]:
    """The edges without those that a longer way implies: a line that says nothing new is only in the way."""
    place = {name: index for index, name in enumerate(plan.order)}
    before: dict[str, int] = {}  # the steps before a step, as bits
    kept = []
    for name in plan.order:
        nearest = sorted(plan.steps[name].predecessors, key=place.__getitem__, reverse=True)
        seen = 0
        for source in nearest:
            if not seen >> place[source] & 1:
                kept.append((source, name))
            seen |= before[source] | 1 << place[source]
        before[name] = seen
    return kept


def draw(
    shape: Shape, href: Callable[[str], str], looks: Mapping[str, Look] | None = None, summary: str = ""
) -> Diagram:
    """The diagram: of the version alone, or with the state of every step of a run.

    Boxes keep their size whatever the states are, so that the layout is found once per version.
    """
    nodes = [_node(shape, name, href(name), looks) for name in shape.order]
    edges = [Edge(source, target, never=_untaken(looks, target)) for source, target in shape.edges]
    return build(nodes, edges, summary=summary)


def _node(shape: Shape, name: str, href: str, looks: Mapping[str, Look] | None) -> Node:
    kind = shape.kinds[name]
    icon = KIND_ICON.get(kind, "fn")
    if looks is None:
        line = shape.dependencies.get(name) or shape.calls[name]
        return Node(name, name, (line,), icon, None, href)
    look = looks[name]
    word = look.word if len(look.word) <= WIDEST_WORD else look.word.partition(",")[0][:WIDEST_WORD]
    return Node(name, name, (word,), icon, look.tone, href, never=_untaken(looks, name))


def _untaken(looks: Mapping[str, Look] | None, name: str) -> bool:
    return looks is not None and looks[name].word in NOT_TAKEN
