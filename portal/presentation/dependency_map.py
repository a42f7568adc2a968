"""Workflows and the services they call as one graph: calls, error rate and p95 on its lines, a state on every box.

Owns what the map shows and in which words; the same as rows for the table behind. Never queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from portal.presentation.dependency_pages import look
from portal.presentation.diagram import Diagram, Edge, Node, build
from portal.presentation.quantities import duration, number, percent
from portal.presentation.words import Look
from portal.selectors.callers import Callers
from portal.selectors.dependencies import Calls

#: Above so many boxes the calm ones are folded.
MOST_DRAWN = 60
#: Between workflows and services: room for the words on the lines.
GAP = 300.0


@dataclass(frozen=True, slots=True)
class Link:
    """One workflow calls one service: by which steps, and what came of it."""

    workflow: str
    dependency: str
    steps: Sequence[str]
    calls: Calls
    look: Look


def links(callers: Callers, measured: Mapping[tuple[str, str], Calls]) -> list[Link]:
    """Every declared call, the failing ones first; one that never happened is among them."""
    found = [
        Link(workflow, dependency, steps, calls, look(calls))
        for dependency, workflows in callers.items()
        for workflow, steps in workflows.items()
        for calls in [measured.get((dependency, workflow), Calls())]
    ]
    return sorted(found, key=lambda link: (-(link.calls.error_rate or 0.0), link.workflow, link.dependency))


def draw(found: Sequence[Link], workflows: Mapping[str, Look], dependencies: Mapping[str, Look]) -> Diagram:
    """Workflows left, services right. Looks are those of Home and of the dependency list."""
    callers, called = sorted({link.workflow for link in found}), sorted({link.dependency for link in found})
    nodes = [
        *(_box(f"w:{name}", name, "flow", workflows.get(name), reverse("workflow", args=[name])) for name in callers),
        *(
            _box(f"d:{name}", name, "plug", dependencies.get(name), reverse("dependency", args=[name]))
            for name in called
        ),
    ]
    edges = [
        Edge(
            f"w:{link.workflow}", f"d:{link.dependency}", link.calls.n or None, never=not link.calls.n,
            label=_label(link.calls), note=f"{link.workflow} calls {link.dependency}: {said(link.calls)}",
            tone=link.look.tone if link.look.tone in {"warn", "fail"} else None,
        )
        for link in found
    ]  # fmt: skip
    summary = f"{len(nodes)} workflows and services, {len(edges)} connections; the table below says the same"
    return build(nodes, edges, summary=summary, most=MOST_DRAWN, what="boxes", gap=GAP)


def sentence(found: Sequence[Link], period: str) -> str:
    """The conclusion of the map."""
    called = [link for link in found if link.calls.n]
    if not called:
        return f"No workflow called a service in the {period}."
    failing = [link for link in called if link.look.tone in {"warn", "fail"}]
    if not failing:
        return (
            f"All {number(len(called))} connections that were used answer."
            if len(called) > 1
            else "The connection that was used answers."
        )
    worst = failing[0]
    more = (
        f"; {number(len(failing) - 1)} more {'connections have' if len(failing) > 2 else 'connection has'} failures"
        if len(failing) > 1
        else ""
    )
    where = f"from {worst.workflow} to {worst.dependency}"
    return f"{percent(worst.calls.error_rate)} of the calls {where} failed in the {period}{more}."


def said(calls: Calls) -> str:
    """In words, for who hears it."""
    if not calls.n:
        return "no call"
    return f"{number(calls.n)} calls, {percent(calls.error_rate)} failed, p95 {duration(calls.p95)}"


def _label(calls: Calls) -> str:
    if not calls.n:
        return ""
    failed = f" · {percent(calls.error_rate)} fail" if calls.error_rate else ""
    return f"{number(calls.n)} · {duration(calls.p95)}{failed}"


def _box(key: str, title: str, icon: str, state: Look | None, href: str) -> Node:
    shown = state or Look("unk", "unk", "Unknown")
    return Node(key, title, (shown.word,), icon, shown.tone, href)
