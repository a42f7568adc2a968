"""Decisions in the order of time, and which superseded which as a graph. Owns what both show. Never queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.urls import reverse

from governance.models import Decision
from portal.presentation.diagram import Diagram, Edge, Node, build
from portal.presentation.words import Look, decision_look

#: Above so many boxes the graph says nothing any more.
MOST_DRAWN = 60
#: Of a title, what a box has room for.
LONGEST = 30


@dataclass(frozen=True, slots=True)
class Year:
    """The decisions of a year, newest first."""

    year: int
    rows: list[tuple[Look, Decision]]


def years(found: Sequence[Decision]) -> list[Year]:
    """Newest year first."""
    ordered = sorted(found, key=lambda one: (one.date, one.number), reverse=True)
    return [
        Year(year, [(decision_look(one.status), one) for one in rows])
        for year, rows in groupby(ordered, key=lambda one: one.date.year)
    ]


def draw(found: Sequence[Decision]) -> Diagram | None:
    """Each line leads from a decision to what took its place; None where nothing was superseded."""
    edges = [(one, one.superseded_by) for one in found if one.superseded_by is not None]
    shown = {end.pk: end for edge in edges for end in edge}
    if not shown:
        return None
    nodes = [_box(one) for one in sorted(shown.values(), key=lambda one: one.number)]
    lines = [
        Edge(f"d:{old.number}", f"d:{new.number}", note=f"decision {new.number} supersedes decision {old.number}")
        for old, new in sorted(edges, key=lambda edge: edge[0].number)
    ]
    summary = f"{len(nodes)} decisions, {len(lines)} superseded; the list below says the same"
    return build(nodes, lines, summary=summary, most=MOST_DRAWN, what="decisions")


def _box(one: Decision) -> Node:
    look = decision_look(one.status)
    title = one.title if len(one.title) <= LONGEST else one.title[: LONGEST - 1].rstrip() + "…"
    return Node(
        f"d:{one.number}", f"{one.number}. {title}", (look.word, f"{one.date:%-d %b %Y}"), "decision", look.tone,
        reverse("decision", args=[one.number]),
    )  # fmt: skip
