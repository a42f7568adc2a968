"""Panels: rows → points → figure, title and what a live region needs to know whether it changed.

Owns the periods that a reader can choose and their buckets. Never answers a request: portal/dashboards/views.py does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date

from orchestration.models import Team, WorkflowVersion
from portal.dashboards import conclusions
from portal.dashboards.figures import Point, runs_and_errors
from portal.dashboards.marks import Mark, draw, merged
from portal.selectors.outcomes import Ended, ended_since

#: Published versions that are read; the newest ones, which is what a reader looks for.
MOST_MARKS = 50
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Period:
    """How far back, in which steps; `characters` of a time make its bucket (see selectors.outcomes.Bucket)."""

    key: str
    label: str
    words: str
    length: timedelta
    step: timedelta
    characters: int
    by: str


PERIODS = {
    period.key: period
    for period in (
        Period("1h", "1 h", "last hour", HOUR, timedelta(minutes=1), 16, "by the minute"),
        Period("6h", "6 h", "last 6 h", 6 * HOUR, timedelta(minutes=10), 15, "by ten minutes"),
        Period("24h", "24 h", "last 24 h", DAY, HOUR, 13, "by the hour"),
        Period("7d", "7 d", "last 7 days", 7 * DAY, HOUR, 13, "by the hour"),
    )
}
DEFAULT = PERIODS["24h"]


@dataclass(frozen=True, slots=True)
class Panel:
    """What the template draws; `mark` changes when anything that is drawn does."""

    title: str
    figure: dict[str, Any]
    is_empty: bool
    mark: str


def runs_and_errors_panel(*, period: Period, now: datetime, team: Team | None = None) -> Panel:
    """Runs that ended and their error rate over time, with published versions as marks. Two queries."""
    since = now - period.length  # to the second, so that the numbers agree with the tiles; the first bucket is a part
    begin = _floor(since, period.step)
    rows = ended_since(since, characters=period.characters, team_id=team.pk if team else None)
    points = points_of(rows, begin=begin, end=now, period=period)
    zone = timezone.get_current_timezone()
    title = conclusions.chart(points, period=period.words, step=period.step, clock_time=clock_time)
    figure = runs_and_errors(points, zone=zone)
    figure = draw(figure, _published(begin, period, team), begin=begin, end=now, zone=zone)
    facts = json.dumps([title, figure], sort_keys=True, default=str)
    return Panel(title, figure, not rows, hashlib.sha256(facts.encode()).hexdigest()[:16])


def points_of(rows: Sequence[Ended], *, begin: datetime, end: datetime, period: Period) -> list[Point]:
    """One point per step from begin to end; a step in which nothing ended has zeros."""
    buckets: dict[str, list[Ended]] = {}
    for row in rows:
        buckets.setdefault(row.bucket, []).append(row)
    points, at = [], begin
    while at <= end:
        ended = buckets.get(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")[: period.characters], [])
        points.append(Point(at, *(sum(getattr(row, name) for row in ended) for name in Point._fields[1:])))
        at += period.step
    return points


def clock_time(moment: datetime) -> str:
    """14:03 in the reader's zone; with the day when it is not today."""
    local, today = timezone.localtime(moment), timezone.localdate()
    return format_date(local, "H:i" if local.date() == today else "j M, H:i")


def _published(begin: datetime, period: Period, team: Team | None) -> list[Mark]:
    rows = WorkflowVersion.objects.filter(published_at__gte=begin, state=WorkflowVersion.State.ACTIVE)
    if team is not None:
        rows = rows.filter(workflow__owner=team)
    newest = rows.order_by("-published_at").values_list("workflow__name", "version", "published_at")[:MOST_MARKS]
    marks = [Mark(at, f"{name} {version} live", reverse("workflow", args=[name])) for name, version, at in newest]
    return merged(marks, period=period.length, together="{count} versions live", url=reverse("workflows"))


def _floor(moment: datetime, step: timedelta) -> datetime:
    """The beginning of the step that holds the moment, in UTC."""
    seconds = int(step.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
