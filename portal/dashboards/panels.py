"""Panels of runs: rollups → points → figure, title and what a live region needs to know whether it changed.

Never answers a request: portal/dashboards/views.py does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dateformat import format as format_date

from orchestration.models import Series, Team, Workflow
from orchestration.selectors.curves import Curve, along, times_of, together
from portal.dashboards import conclusions
from portal.dashboards.figures import Point, runs_and_errors
from portal.dashboards.layout import Figure
from portal.dashboards.marks import Mark, draw
from portal.dashboards.periods import Period
from portal.dashboards.shared import shared
from portal.selectors.marks import Scope, marks


@dataclass(frozen=True, slots=True)
class Panel:
    """What the template draws; `mark` changes when anything that is drawn does."""

    title: str
    figure: Figure
    is_empty: bool
    mark: str
    note: str = ""


def runs_and_errors_panel(*, period: Period, now: datetime, team: Team | None = None) -> Panel:
    """Runs that ended and their error rate over time, with what happened as marks."""
    scope = "" if team is None else team.name
    points, happened = shared(f"runs:{period.key}:{scope}", lambda: _runs(period, now, team))
    zone = timezone.get_current_timezone()
    title = conclusions.chart(
        points, period=period.words, step=period.grain.value, clock_time=clock_time, marks=happened
    )
    figure = draw(runs_and_errors(points, zone=zone), happened, begin=period.since(now), end=now, zone=zone)
    return panel(title, figure, is_empty=not any(point.total for point in points))


def panel(title: str, figure: Figure, *, is_empty: bool, note: str = "") -> Panel:
    """With the mark that tells whether it changed."""
    facts = json.dumps([title, figure, note], sort_keys=True, default=str)
    return Panel(title, figure, is_empty, hashlib.sha256(facts.encode()).hexdigest()[:16], note)


def points_of(curve: Curve, times: Sequence[datetime]) -> list[Point]:
    """One point for each time; an interval in which nothing ended has zeros."""
    spans = zip(times, along(curve, times), strict=True)
    return [Point(time, span.ok, span.degraded, span.error, span.timeout) for time, span in spans]


def clock_time(moment: datetime) -> str:
    """14:03 in the reader's zone; with the day when it is not today."""
    local, today = timezone.localtime(moment), timezone.localdate()
    return format_date(local, "H:i" if local.date() == today else "j M, H:i")


def _runs(period: Period, now: datetime, team: Team | None) -> tuple[list[Point], list[Mark]]:
    since, rows = period.since(now), Series.objects.filter(kind=Series.Kind.RUN, version="")
    names: list[str] | None = None
    if team is not None:
        names = list(Workflow.objects.filter(owner=team).values_list("name", flat=True))
        rows = rows.filter(workflow__in=names)
    curve = together(rows.values_list("pk", flat=True), since, now, period.grain)
    points = points_of(curve, times_of(since, now, period.grain))
    return points, marks(Scope(since, names, None if names is None else ()))
