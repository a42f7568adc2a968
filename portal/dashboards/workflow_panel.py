"""The latency of a workflow over time, with what happened to it and to the services it calls as marks."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from orchestration.models import Series
from orchestration.selectors.curves import along, curves, times_of, whole
from portal.dashboards import trends
from portal.dashboards.figures import Line, lines
from portal.dashboards.layout import durations
from portal.dashboards.marks import Mark, draw
from portal.dashboards.panels import Panel, clock_time, panel
from portal.dashboards.periods import Period
from portal.dashboards.shared import shared
from portal.selectors.callers import callers
from portal.selectors.marks import Scope, marks

#: Times, p50 and p95 of each, the p95 of all.
Course = tuple[list[datetime], list[float | None], list[float | None], float | None]


def latency_panel(workflow: str, period: Period, now: datetime) -> Panel:
    """p50 and p95 from start to end, of all versions."""
    times, p50s, p95s, overall = shared(f"latency:{workflow}:{period.key}", lambda: _course(workflow, period, now))
    happened = shared(f"workflow-marks:{workflow}:{period.key}", lambda: _marks(workflow, period.since(now)))
    told = trends.Told(times, period.grain.value, period.words, happened, clock_time)
    zone = timezone.get_current_timezone()
    figure = lines(times, [Line("p95", "series-1", p95s), Line("p50", "series-3", p50s)], durations(p95s), zone=zone)
    figure = draw(figure, happened, begin=times[0], end=now, zone=zone)
    return panel(trends.latency(told, p95s, overall), figure, is_empty=overall is None)


def _course(workflow: str, period: Period, now: datetime) -> Course:
    since, grain = period.since(now), period.grain
    ids = Series.objects.filter(kind=Series.Kind.RUN, workflow=workflow, version="").values_list("pk", flat=True)
    curve = next(iter(curves(ids, since, now, grain).values()), {})
    times = times_of(since, now, grain)
    spans = along(curve, times)
    return (
        times,
        [one.quantile(0.5) for one in spans],
        [one.quantile(0.95) for one in spans],
        whole(curve).quantile(0.95),
    )


def _marks(workflow: str, since: datetime) -> list[Mark]:
    called = [name for name, by in callers().items() if workflow in by]
    return marks(Scope(since, [workflow], called))
