"""What happened, drawn on a chart of time: a dotted line with a word that links to it. Pure; never queries.

Owns the signs of each kind of event and how those that are near each other become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape
from typing import Any

from portal.dashboards.layout import Figure, written

#: Labels nearer than this share of the period would stand on each other: they become one.
NEAR = 0.06
#: (sign, what several of them are called)
KINDS = {
    "release": ("◇", "versions live"),
    "change": ("◆", "changes applied"),
    "review": ("○", "reviews"),
    "breaker": ("⊘", "breaker transitions"),
    "alert": ("△", "alerts"),
}
MIXED = ("◈", "events")
#: A label is cut here: beside its line there is no room for more.
LONGEST_LABEL = 48


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment."""

    at: datetime
    label: str
    url: str
    kind: str = "release"


@dataclass(frozen=True, slots=True)
class Group:
    """Marks that are drawn as one."""

    marks: tuple[Mark, ...]

    @property
    def label(self) -> str:
        """Its own label, or how many of what."""
        if len(self.marks) == 1:
            label = self.marks[0].label
            return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"
        return f"{len(self.marks)} {self._kind[1]}"

    @property
    def sign(self) -> str:
        """Of the kind that all are of."""
        return self._kind[0]

    @property
    def url(self) -> str:
        """What a single mark is about; of several the newest."""
        return self.marks[-1].url

    @property
    def _kind(self) -> tuple[str, str]:
        kinds = {mark.kind for mark in self.marks}
        return KINDS[kinds.pop()] if len(kinds) == 1 else MIXED


def merged(marks: Sequence[Mark], *, period: timedelta) -> list[Group]:
    """Marks that are near each other as one group, oldest first."""
    groups: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda mark: mark.at):
        if groups and mark.at - groups[-1][0].at < period * NEAR:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return [Group(tuple(group)) for group in groups]


def draw(figure: Figure, marks: Sequence[Mark], *, begin: datetime, end: datetime, zone: tzinfo) -> Figure:
    """The figure with the marks on top. Labels stand on the side of their line where there is room.

    `layout.meta.marks` has them all, for the list behind the chart: a picture can be neither read out nor tabbed through.
    """
    layout: dict[str, Any] = figure["layout"]
    within = [mark for mark in marks if begin <= mark.at <= end]
    if not within:
        return figure
    layout["margin"] = {**layout["margin"], "t": 28}
    shapes, notes = list(layout.get("shapes", [])), list(layout.get("annotations", []))
    for group in merged(within, period=end - begin):
        at = group.marks[0].at
        [x] = written([at], zone)
        early = at - begin < (end - begin) / 2
        line = {"dash": "2px,2px", "width": 1}
        shapes.append(
            {"type": "line", "name": "ink-3", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line}
        )
        label = escape(group.label, quote=False)
        text = f"{group.sign} {label}" if early else f"{label} {group.sign}"
        notes.append(
            {
                "name": "mark", "text": f'<a href="{escape(group.url)}">{text}</a>', "x": x,
                "xanchor": "left" if early else "right", "xshift": -4 if early else 4,
                "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False, "font": {"size": 12},
            }
        )  # fmt: skip
    layout["shapes"], layout["annotations"] = shapes, notes
    ordered = sorted(within, key=lambda mark: mark.at, reverse=True)
    layout["meta"]["marks"] = [
        {"at": mark.at.isoformat(), "sign": KINDS[mark.kind][0], "label": mark.label, "url": mark.url}
        for mark in ordered
    ]
    return figure
