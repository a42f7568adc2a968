"""Counters for other tools: what each series has counted since the week began. Never reads a run.

A counter may only grow, or begin at nothing again. A sum of all rollups would shrink whenever old rows are deleted, which a
reader takes for a new beginning with a huge first value. So counters begin anew each Monday at 00:00 UTC: that is a reset as
it is after any restart, the same for every process, and no more than seven day rows a series have to be read. Series that
counted anything in the two weeks before stand there with nothing, so that their next event is seen as an increase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from orchestration.models import RollupDay, Series
from orchestration.selectors.series import COUNTS, Grain

log = structlog.get_logger(__name__)

#: For how long before the week a series must have been silent to be left out.
REMEMBERED = timedelta(days=14)
#: Series of all kinds that are read; the rest is left out, and logged, rather than that a scrape takes minutes.
MOST = 20_000
#: Kinds whose durations are read too.
TIMED = (Series.Kind.RUN, Series.Kind.STEP, Series.Kind.QUEUE)
KINDS = (*TIMED, Series.Kind.RETRY, Series.Kind.OBJECTIVE)
_SUMMED = (*COUNTS, "sum")


@dataclass(slots=True)
class Count:
    """One series since the week began. Seconds."""

    kind: str
    workflow: str
    step: str
    label: str
    n: int
    ok: int
    error: int
    timeout: int
    degraded: int
    cancelled: int
    retries: int
    slo_bad: int
    sum: float
    hists: list[bytes] = field(default_factory=list)


def week_of(now: datetime) -> datetime:
    """When its counters began: Monday, 00:00 UTC."""
    day = Grain.DAY.floor(now)
    return day - timedelta(days=day.weekday())


def counts(now: datetime) -> list[Count]:
    """Every series that is told, in a steady order: two queries."""
    week = week_of(now)
    rows = _rows(week)
    if len(rows) > MOST:
        log.warning("metrics.series_left_out", most=MOST)
        rows = rows[:MOST]
    found = {
        row["series_id"]: Count(
            row["series__kind"], row["series__workflow"], row["series__step"], row["series__label"],
            *(row[f"{name}_"] for name in _SUMMED),
        )
        for row in rows
    }  # fmt: skip
    timed = RollupDay.objects.filter(ts__gte=week, series__kind__in=TIMED, series__version="")
    for series, hist in timed.values_list("series_id", "hist").iterator():
        if series in found and hist:
            found[series].hists.append(bytes(hist))
    return list(found.values())


def _rows(week: datetime) -> Sequence[dict[str, Any]]:
    """Sums of what this week has, nothing where it has none."""
    this = Q(ts__gte=week)
    rows: QuerySet[Any, Any] = (
        RollupDay.objects.filter(ts__gte=week - REMEMBERED, series__kind__in=KINDS, series__version="")
        .values("series_id", "series__kind", "series__workflow", "series__step", "series__label")
        .annotate(**{f"{name}_": Coalesce(Sum(name, filter=this), 0 if name != "sum" else 0.0) for name in _SUMMED})
        .order_by("series__kind", "series__workflow", "series__step", "series__label", "series_id")
    )
    return list(rows[: MOST + 1])
