"""What a decision changed: the runs of the workflows that it concerns, before its date and since. From rollups alone.

Owns the two periods that are compared. Never claims a cause: it shows what was measured on both sides of a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from orchestration.models import Series
from orchestration.selectors.curves import along, curves, times_of, totals
from orchestration.selectors.series import Grain, Span, merged

#: As much before as after, and no more than rollups by the day are worth comparing.
LONGEST = timedelta(days=28)
#: Workflows that are compared; a decision about more of them is about all.
MOST = 4


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the day: runs a day, the share that failed, p95 in seconds, and retries for each hundred runs."""

    runs: int
    a_day: float
    error_rate: float | None
    p95: float | None
    retries: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A workflow before the day and since; its p95 by the day for the chart."""

    workflow: str
    before: Side
    after: Side
    p95s: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """The day, what is compared, and the days that the chart has."""

    day: datetime
    length: timedelta
    times: tuple[datetime, ...]
    workflows: tuple[Compared, ...]


def before_after(day: date, workflows: Sequence[str], now: datetime) -> BeforeAfter | None:
    """None where there is nothing to compare: a day to come, or one of which no rollups are kept."""
    at = datetime.combine(day, time(), UTC)
    length = min(LONGEST, now - at)
    if length < timedelta(days=1) or at < now - LONGEST - LONGEST:
        return None
    since, until = at - length, min(at + length, now)
    names = list(workflows)[:MOST]
    rows = dict(
        Series.objects.filter(kind=Series.Kind.RUN, version="", workflow__in=names).values_list("workflow", "pk")
    )
    steps = _by_workflow(names)
    before, after = totals(rows.values(), since, at), totals(rows.values(), at, until)
    tried = [
        totals([pk for ids in steps.values() for pk in ids], *cut, hist=False) for cut in ((since, at), (at, until))
    ]
    times = times_of(since, until - timedelta(seconds=1), Grain.DAY)
    drawn = curves(rows.values(), since, until, Grain.DAY)
    found = [
        Compared(
            name,
            _side(before.get(rows[name]), _retries(tried[0], steps.get(name, [])), length),
            _side(after.get(rows[name]), _retries(tried[1], steps.get(name, [])), until - at),
            tuple(span.quantile(0.95) for span in along(drawn.get(rows[name], {}), times)),
        )
        for name in names
        if name in rows
    ]
    compared = tuple(one for one in found if one.before.runs or one.after.runs)
    return BeforeAfter(at, length, tuple(times), compared) if compared else None


def _by_workflow(names: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    rows = Series.objects.filter(kind=Series.Kind.STEP, version="", workflow__in=names).values_list("workflow", "pk")
    for name, pk in rows:
        found.setdefault(name, []).append(pk)
    return found


def _retries(spans: dict[int, Span], ids: Sequence[int]) -> int:
    return merged(spans[pk] for pk in ids if pk in spans).retries


def _side(span: Span | None, retries: int, length: timedelta) -> Side:
    found = span or Span()
    days = length / timedelta(days=1)
    a_day = found.n / days
    return Side(
        runs=found.n, a_day=round(a_day, 0 if a_day >= 10 else 1), error_rate=found.error_rate, p95=found.quantile(0.95),
        retries=retries / found.n * 100 if found.n else None,
    )  # fmt: skip
