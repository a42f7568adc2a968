"""Changes drawn on a chart: published versions as diamonds on a dotted line, each a link. Pure; never queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from portal.dashboards.figures import Figure

#: Labels nearer than this share of the period would stand on each other: they become one.
NEAR = 0.06


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that changed at a moment."""

    at: datetime
    label: str
    url: str


def merged(marks: Sequence[Mark], *, period: timedelta, together: str, url: str) -> list[Mark]:
    """Marks that are near each other as one, `together` with their number: "3 versions live"."""
    groups: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda mark: mark.at):
        if groups and mark.at - groups[-1][0].at < period * NEAR:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return [
        group[0] if len(group) == 1 else Mark(group[0].at, together.format(count=len(group)), url) for group in groups
    ]


def draw(figure: Figure, marks: Sequence[Mark], *, begin: datetime, end: datetime, zone: tzinfo) -> Figure:
    """The figure with the marks on top. Labels stand on the side of their line where there is room."""
    layout: dict[str, Any] = figure["layout"]
    if not marks:
        return figure
    layout["margin"] = {**layout["margin"], "t": 28}
    shapes, notes = list(layout.get("shapes", [])), list(layout.get("annotations", []))
    for mark in marks:
        x = mark.at.astimezone(zone).replace(tzinfo=None).isoformat()
        early = mark.at - begin < (end - begin) / 2
        line = {"dash": "2px,2px", "width": 1}
        shapes.append(
            {"type": "line", "name": "ink-3", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line}
        )
        text = f'<a href="{mark.url}">{"◇ " + mark.label if early else mark.label + " ◇"}</a>'
        notes.append(
            {
                "name": "mark", "text": text, "x": x, "xanchor": "left" if early else "right", "xshift": -4 if early else 4,
                "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False, "font": {"size": 12},
            }
        )  # fmt: skip
    layout["shapes"], layout["annotations"] = shapes, notes
    return figure
