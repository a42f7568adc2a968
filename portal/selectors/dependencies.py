"""Figures of dependencies from rollups: what calls came to, over time and by caller. Few queries, whatever was called.

Owns which series those are: `call` by dependency, and by dependency, workflow and step. Never words anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.models import Series
from orchestration.selectors.curves import along, curves, times_of, totals, whole
from orchestration.selectors.series import Grain, Span, merged
from portal.dashboards.periods import Period
from portal.dashboards.shared import shared

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Calls:
    """What calls of a period came to; shares are of 1 and None of none. `rates`: the error rate of each interval."""

    n: int = 0
    failed: int = 0
    error_rate: float | None = None
    slow: float | None = None
    fallback: float | None = None
    p50: float | None = None
    p95: float | None = None
    rates: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """The calls of one dependency, interval by interval."""

    times: tuple[datetime, ...]
    points: tuple[Calls, ...]
    all: Calls


def calls_of(span: Span, rates: tuple[float | None, ...] = ()) -> Calls:
    """A span of a `call` series in words of calls: its bad events are slow ones, a degraded one took a fallback."""
    n = span.n
    return Calls(
        n=n, failed=span.bad, error_rate=span.error_rate, slow=span.slo_bad / n if n else None,
        fallback=span.degraded / n if n else None, p50=span.quantile(0.5), p95=span.quantile(0.95), rates=rates,
    )  # fmt: skip


def last_day(now: datetime) -> dict[str, Calls]:
    """Dependency → its calls of the last 24 h, with the error rate of each hour. Three queries; shared."""
    return shared("dependencies:24h", lambda: _last_day(now))


def course(name: str, period: Period, now: datetime) -> Course:
    """One dependency over a period. Three queries; shared."""
    return shared(f"dependency:{name}:{period.key}", lambda: _course(name, period, now))


def by_caller(period: Period, now: datetime, dependency: str) -> dict[tuple[str, str], Calls]:
    """(workflow, step) → calls of the period to one dependency. At most five queries; shared."""
    return shared(f"callers:{dependency}:{period.key}", lambda: _grouped(period, now, ("workflow", "step"), dependency))


def by_workflow(period: Period, now: datetime) -> dict[tuple[str, str], Calls]:
    """(dependency, workflow) → calls of the period. At most five queries; shared."""
    return shared(f"connections:{period.key}", lambda: _grouped(period, now, ("dependency", "workflow")))


def _last_day(now: datetime) -> dict[str, Calls]:
    since = Grain.HOUR.floor(now - DAY)
    rows = Series.objects.filter(kind=Series.Kind.CALL, workflow="", step="").values_list("pk", "dependency")
    names, times = dict(rows), times_of(since, now, Grain.HOUR)
    return {
        names[pk]: calls_of(whole(curve), tuple(span.error_rate for span in along(curve, times)))
        for pk, curve in curves(names, since, now, Grain.HOUR).items()
    }


def _course(name: str, period: Period, now: datetime) -> Course:
    since, grain = period.since(now), period.grain
    ids = Series.objects.filter(kind=Series.Kind.CALL, dependency=name, workflow="", step="")
    found = curves(ids.values_list("pk", flat=True), since, now, grain)
    curve = next(iter(found.values()), {})
    times = times_of(since, now, grain)
    return Course(tuple(times), tuple(calls_of(span) for span in along(curve, times)), calls_of(whole(curve)))


def _grouped(
    period: Period, now: datetime, by: tuple[str, str], dependency: str | None = None
) -> dict[tuple[str, str], Calls]:
    rows = Series.objects.filter(kind=Series.Kind.CALL).exclude(workflow="")
    if dependency is not None:
        rows = rows.filter(dependency=dependency)
    keys = {pk: (first, second) for pk, first, second in rows.values_list("pk", *by)}
    spans: dict[tuple[str, str], list[Span]] = {}
    for pk, span in totals(keys, period.since(now), now).items():
        spans.setdefault(keys[pk], []).append(span)
    return {key: calls_of(merged(members)) for key, members in spans.items()}
