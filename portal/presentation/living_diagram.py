"""A workflow version with what was observed on it: counts, errors and latency on boxes and lines, declared against observed.

Owns the words and which deviation is worth a sentence. Never queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.manifest import Plan
from portal.presentation.diagram import Diagram, Edge, Node, build
from portal.presentation.plan_graph import Shape
from portal.presentation.quantities import duration, number, percent
from portal.presentation.runs import listed
from portal.presentation.step_words import KIND_ICON
from portal.presentation.words import Look, Tone
from portal.selectors.observed import Observed, Seen

#: Wide enough for any count, rate and latency: the layout is found once for a version.
WIDTH = 192.0
#: From which error rate on a step warns and fails.
WARNS, FAILS = 0.01, 0.5


@dataclass(frozen=True, slots=True)
class Note:
    """Something declared that was observed otherwise."""

    tone: Tone
    icon: str
    word: str
    text: str


def draw(shape: Shape, plan: Plan, seen: Observed, dependencies: Mapping[str, Look]) -> Diagram:
    """The diagram; `dependencies` has the state of each service that a step calls."""
    nodes = [_node(shape, name, seen.of(name), dependencies) for name in shape.order]
    edges = [_edge(source, target, plan, seen) for source, target in shape.edges]
    return build(nodes, edges, summary=f"{len(nodes)} steps with what was observed; the list below says the same")


def notes(plan: Plan, seen: Observed) -> list[Note]:
    """Declared against observed: steps that never ran, those often skipped, and the one that fails most."""
    if not seen.runs.n:
        return []
    never = [name for name in plan.order if not seen.of(name).n]
    found = []
    if never:
        also = " It may stand behind a condition that was never true." if len(never) == 1 else ""
        found.append(Note("unk", "none", "Never ran", f"{listed(never)} in {_runs(seen.runs.n)}.{also}"))
    skipped = [
        (name, share) for name in plan.order if (share := skipped_share(plan, name, seen)) is not None and share > 0
    ]
    if skipped:
        said = ", ".join(f"{name} by {percent(share)} of the runs that came to it" for name, share in skipped[:3])
        found.append(Note("unk", "hand", "Skipped", f"{said[0].upper()}{said[1:]}."))
    worst = max(plan.order, key=lambda name: seen.of(name).bad)
    if seen.of(worst).bad:
        step = seen.of(worst)
        tone = _tone(step)
        shown: Tone = tone if tone in {"warn", "fail"} else "unk"
        said = f"{worst}: {number(step.bad)} of {number(step.n)} ({percent(step.error_rate)})."
        found.append(Note(shown, shown if shown != "unk" else "info", "Fails most", said))
    return found


def skipped_share(plan: Plan, name: str, seen: Observed) -> float | None:
    """Of the runs that came to a step with a condition or a flag, the share that skipped it; None where it can't be told.

    A run came to it when what it waits for ended well: rollups count what ran, and what was skipped did not.
    """
    step = plan.steps[name]
    if step.begins_freely or not all(plan.steps[before].begins_freely for before in step.predecessors):
        return None
    came = min([seen.of(before).good for before in step.predecessors], default=seen.runs.n)
    return max(0.0, 1 - seen.of(name).n / came) if came else None


def _node(shape: Shape, name: str, step: Seen, dependencies: Mapping[str, Look]) -> Node:
    icon = KIND_ICON.get(shape.kinds[name], "fn")
    called = shape.dependencies.get(name)
    first = called or shape.calls[name]
    state = dependencies.get(called) if called else None
    if state is not None and state.tone in {"warn", "fail"}:
        first = f"{called}: {state.word.lower()}"
    measured = "never ran" if not step.n else f"{number(step.n)} · {percent(step.error_rate)} · {duration(step.p95)}"
    tone = _tone(step) or (state.tone if state is not None and state.tone == "fail" else None)
    return Node(name, name, (first, measured), icon, tone, never=not step.n, least_width=WIDTH)


def _edge(source: str, target: str, plan: Plan, seen: Observed) -> Edge:
    """How many took it: those that ran the target, since it waits for all its predecessors (or any one of them)."""
    ran = min(seen.of(target).n, seen.of(source).n) if plan.steps[target].join == "any" else seen.of(target).n
    never = ran == 0
    return Edge(source, target, None if never else ran, never)


def _tone(step: Seen) -> Tone | None:
    rate = step.error_rate or 0.0
    return "fail" if rate >= FAILS else "warn" if rate >= WARNS else "ok" if step.n else None


def _runs(count: int) -> str:
    return f"{number(count)} run" if count == 1 else f"{number(count)} runs"
