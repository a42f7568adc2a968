"""Reads of rollups: counts, rates and quantiles of any series over any period. Never reads a run.

Owns which grain serves a period, and how rows add up. A period ends with what has been folded, a few seconds ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from orchestration import clock
from orchestration.models import Rollup, RollupDay, RollupHour, RollupMinute, Series
from orchestration.telemetry import histogram

#: Columns that add up.
COUNTS = ("n", "ok", "error", "timeout", "degraded", "cancelled", "retries", "slo_bad")


class Grain(Enum):
    """How finely a period is cut."""

    MINUTE = timedelta(minutes=1)
    HOUR = timedelta(hours=1)
    DAY = timedelta(days=1)

    @property
    def model(self) -> type[Rollup]:
        """The table that has it."""
        return _TABLES[self]

    def floor(self, moment: datetime) -> datetime:
        """The beginning of the interval that holds the moment, in UTC."""
        seconds = int(self.value.total_seconds())
        stamp = int(moment.timestamp()) // seconds * seconds
        return datetime.fromtimestamp(stamp, UTC)

    def ceil(self, moment: datetime) -> datetime:
        """The beginning of the interval after the moment, or the moment itself on an edge."""
        low = self.floor(moment)
        return low if low == moment else low + self.value


_TABLES: Mapping[Grain, type[Rollup]] = {
    Grain.MINUTE: RollupMinute,
    Grain.HOUR: RollupHour,
    Grain.DAY: RollupDay,
}


class Cut(NamedTuple):
    """A stretch of time that is read from rows of one grain."""

    grain: Grain
    begin: datetime
    end: datetime


#: For how long, at least, there are rows of the next finer grain.
_BELOW_KEPT = {Grain.HOUR: timedelta(hours=46), Grain.DAY: timedelta(days=88)}


@dataclass(slots=True)
class Span:
    """What ended in a stretch of time. n = ok + error + timeout + degraded; durations in seconds, of `hists` entries."""

    n: int = 0
    ok: int = 0
    error: int = 0
    timeout: int = 0
    degraded: int = 0
    cancelled: int = 0
    retries: int = 0
    slo_bad: int = 0
    sum: float = 0.0
    min: float | None = None
    max: float | None = None
    hists: list[bytes] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """What failed or timed out."""
        return self.error + self.timeout

    @property
    def error_rate(self) -> float | None:
        """A share of 1; None of nothing."""
        return self.bad / self.n if self.n else None

    @property
    def measured(self) -> int:
        """Of how many there is a duration."""
        return sum(histogram.count(one) for one in self.hists)

    def quantile(self, share: float) -> float | None:
        """Seconds, within 0.55 % of the nearest-rank quantile; None of nothing."""
        found = histogram.quantile(self.hists, share)
        if found is None:
            return None
        low, high = self.min, self.max
        return min(max(found, low if low is not None else found), high if high is not None else found)


def find(
    kind: Series.Kind,
    *,
    workflow: str | None = None,
    version: str | None = "",
    step: str | None = None,
    dependency: str | None = None,
    label: str | None = None,
) -> list[Series]:
    """Series of a kind whose names are as given; None is any, '' is "all of them together"."""  # fmt: skip
    wanted = {"workflow": workflow, "version": version, "step": step, "dependency": dependency, "label": label}
    return list(
        Series.objects.filter(kind=kind, **{name: value for name, value in wanted.items() if value is not None})
    )


def pieces(since: datetime, until: datetime) -> list[Cut]:
    """The period cut so that each part is read from the coarsest rows that have it exactly, oldest first.

    Sums of the last two hours may still be on their way into hour rows, so these hours are read from minutes. A period
    that begins or ends where minutes (hours) are not kept any more does so with the whole hour (day).
    """
    now = clock.now()
    since, until = _kept(since, now), _kept(until, now)
    fresh = min(Grain.HOUR.floor(until), Grain.HOUR.floor(now) - timedelta(hours=1))
    hours_from = Grain.HOUR.ceil(since)
    if hours_from >= fresh:
        return [Cut(Grain.MINUTE, Grain.MINUTE.floor(since), until)]
    found: list[Cut] = []
    if since < hours_from:
        found.append(Cut(Grain.MINUTE, Grain.MINUTE.floor(since), hours_from))
    days_from, days_to = Grain.DAY.ceil(hours_from), Grain.DAY.floor(fresh)
    if days_to > days_from:
        if hours_from < days_from:
            found.append(Cut(Grain.HOUR, hours_from, days_from))
        found.append(Cut(Grain.DAY, days_from, days_to))
        if days_to < fresh:
            found.append(Cut(Grain.HOUR, days_to, fresh))
    else:
        found.append(Cut(Grain.HOUR, hours_from, fresh))
    if fresh < until:
        found.append(Cut(Grain.MINUTE, fresh, until))
    return found


def merged(spans: Iterable[Span]) -> Span:
    """Several as one."""
    whole = Span()
    for span in spans:
        for name in COUNTS:
            setattr(whole, name, getattr(whole, name) + getattr(span, name))
        whole.sum += span.sum
        lows, highs = [whole.min, span.min], [whole.max, span.max]
        whole.min = min((one for one in lows if one is not None), default=None)
        whole.max = max((one for one in highs if one is not None), default=None)
        whole.hists += span.hists
    return whole


def _kept(moment: datetime, now: datetime) -> datetime:
    """The moment, or the beginning of the hour or day that is all that is kept of its time."""
    for grain in (Grain.DAY, Grain.HOUR):
        if moment < now - _BELOW_KEPT[grain]:
            return grain.floor(moment)
    return moment
