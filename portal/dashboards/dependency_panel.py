"""The four charts of a dependency: latency, errors, slow calls and fallbacks, each with a title that concludes.

Owns what is drawn and how it is worded. Never answers a request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from portal.dashboards import trends
from portal.dashboards.figures import Line, lines
from portal.dashboards.layout import Figure, durations, shares
from portal.dashboards.marks import draw
from portal.dashboards.panels import Panel, clock_time, panel
from portal.dashboards.periods import Period
from portal.dashboards.shared import shared
from portal.presentation.quantities import duration
from portal.selectors.dependencies import Calls, Course, course
from portal.selectors.marks import Scope, marks


@dataclass(frozen=True, slots=True)
class Chart:
    """One of the four."""

    key: str
    heading: str
    panel: Panel


#: (key, heading, unit's title, of a point, words of none and of some)
SHARES: tuple[tuple[str, str, str, Callable[[Calls], float | None], str, str], ...] = (
    ("errors", "Errors", "Calls that failed", lambda calls: calls.error_rate, "No call failed", "{} of calls failed"),
    ("slow", "Slow calls", "Slow calls", lambda calls: calls.slow, "No call was slow", "{} of calls were slow"),
    (
        "fallbacks", "Fallbacks", "Calls that fell back", lambda calls: calls.fallback, "No call fell back",
        "{} of calls fell back",
    ),
)  # fmt: skip


def charts(
    name: str, period: Period, now: datetime, *, consumers: Sequence[str], threshold: float | None
) -> list[Chart]:
    """The charts of a dependency. `threshold`: from how many seconds on a call is slow."""
    measured = course(name, period, now)
    happened = shared(
        f"dependency-marks:{name}:{period.key}", lambda: marks(Scope(period.since(now), consumers, [name]))
    )
    told = trends.Told(measured.times, period.grain.value, period.words, happened, clock_time)
    found = [Chart("latency", "Latency", _latency(measured, told, threshold))]
    for key, heading, title, of, none, some in SHARES:
        values = [of(point) for point in measured.points]
        said = trends.share(told, values, of(measured.all), none=none, some=some)
        drawn = lines(
            measured.times, [Line(title, "series-1", values)], shares(title), zone=timezone.get_current_timezone()
        )
        found.append(Chart(key, heading, _panel(said, drawn, measured, told)))
    return found


def _latency(measured: Course, told: trends.Told, threshold: float | None) -> Panel:
    p50s, p95s = ([getattr(point, name) for point in measured.points] for name in ("p50", "p95"))
    agreed = None if threshold is None else (threshold, f"Slow from {duration(threshold)}")
    unit = durations([*p95s, threshold])
    drawn = [Line("p95", "series-1", p95s), Line("p50", "series-3", p50s)]
    figure = lines(measured.times, drawn, unit, zone=timezone.get_current_timezone(), agreed=agreed)
    return _panel(trends.latency(told, p95s, measured.all.p95), figure, measured, told)


def _panel(title: str, figure: Figure, measured: Course, told: trends.Told) -> Panel:
    if measured.all.n:
        zone = timezone.get_current_timezone()
        figure = draw(figure, told.marks, begin=measured.times[0], end=measured.times[-1] + told.step, zone=zone)
    return panel(title, figure, is_empty=not measured.all.n)
