"""Fold: outcomes into minutes, minutes into hours, hours into days. Each outcome exactly once, whatever is killed.

A round reads batches that are committed, and then adds them to the rollups and deletes them in one transaction: it happened
or it did not. One leader at a time, by the lock on a row: a second one waits for nothing and does nothing. Hours and days
are summed up anew from a set of dirty ones, except where the rows below them are not kept any more: there outcomes are
added at once. Owns these moves. Never decides what an outcome means: counting.py does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from orchestration import clock
from orchestration.models import EngineMark, OutcomeBatch, RollupDirty
from orchestration.selectors.series import Grain
from orchestration.telemetry import sums
from orchestration.telemetry.counting import Counted, Counter, Sums, moment
from orchestration.telemetry.goals import goals
from orchestration.telemetry.outcomes import MICROSECOND, stamp

log = structlog.get_logger(__name__)

#: Outcomes that come later than this are added to the next coarser grain, while the rows of their own are still kept.
LATE = {Grain.MINUTE: timedelta(hours=47), Grain.HOUR: timedelta(days=89)}
#: Batches that a round takes.
BATCHES = 1_000
#: Dirty hours, or days, that are summed up in one transaction.
SUMMED = 400
#: A rebuild (services/rollups.py) says so often that it is at work; then nothing is folded.
REBUILDING = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Folded:
    """What a round did."""

    batches: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Intervals:
    """Which interval an outcome is counted in, by its moment; all in µs."""

    minutes_from: int
    hours_from: int

    @classmethod
    def at(cls, now: datetime) -> Intervals:
        """Those of this moment."""
        minutes = Grain.HOUR.floor(now - LATE[Grain.MINUTE])
        return cls(stamp(minutes), stamp(Grain.DAY.floor(now - LATE[Grain.HOUR])))

    def grain(self, at: int) -> Grain:
        """The grain of a moment."""
        return Grain.MINUTE if at >= self.minutes_from else Grain.HOUR if at >= self.hours_from else Grain.DAY

    def __call__(self, at: int) -> int:
        """The length of its interval."""
        return _MINUTE if at >= self.minutes_from else _HOUR if at >= self.hours_from else _DAY


_MINUTE: int = Grain.MINUTE.value // MICROSECOND
_HOUR: int = Grain.HOUR.value // MICROSECOND
_DAY: int = Grain.DAY.value // MICROSECOND


class _Overtaken(Exception):
    """Another process has counted some of these batches."""


def fold(*, most: int = BATCHES) -> Folded:
    """One round: what is committed, at most `most` batches. Nothing where another process leads or a rebuild is at work."""
    batches = list(OutcomeBatch.objects.order_by("pk").values_list("pk", "data")[:most])
    if not batches:
        return Folded()
    intervals, rows = Intervals.at(clock.now()), 0
    counter = Counter(goals(), interval=intervals)
    for _, text in batches:
        batch = json.loads(text)
        counter.count(batch)
        rows += len(batch)
    try:
        with transaction.atomic():
            if not lead():
                return Folded()
            ids = [pk for pk, _ in batches]
            if OutcomeBatch.objects.filter(pk__in=ids)._raw_delete("default") != len(ids):
                raise _Overtaken
            store(counter.sums, intervals)
    except _Overtaken:
        return Folded()
    except BaseException:
        sums.forget()  # some of the series that it wrote are undone
        raise
    return Folded(len(batches), rows)


def store(counted: Counted, intervals: Intervals, *, since: datetime | None = None) -> None:
    """Add sums to the grain that takes them, and mark what is above as dirty. In the transaction of whoever leads.

    `since`: from then on there are no rollups yet.
    """
    ids = sums.series_ids(key for _, key in counted)
    grains: dict[Grain, dict[tuple[int, datetime], Sums]] = {}
    for (began, key), one in counted.items():
        grains.setdefault(intervals.grain(began), {})[ids[key], moment(began)] = one
    if Grain.HOUR in grains:
        _sum_old(moment(intervals.minutes_from))
    for grain, rows in grains.items():
        sums.add(grain, rows, since=since)
        if grain is not Grain.DAY:
            above = Grain.HOUR if grain is Grain.MINUTE else Grain.DAY
            _mark(above, {(series, above.floor(ts)) for series, ts in rows})


def sum_dirty(*, most: int = SUMMED) -> int:
    """Sum up hours, then days, that are dirty, at most `most` of each; how many. Nothing where another process leads."""
    done = 0
    for grain in (Grain.HOUR, Grain.DAY):
        with transaction.atomic():
            if not lead():
                return done
            done += _sum(grain, RollupDirty.objects.filter(grain=grain.name.lower()).order_by("ts", "series")[:most])
    return done


def lead(*, waits: bool = False) -> bool:
    """Whether this transaction is the one that counts, until its end. `waits`: for whoever does now, and despite a rebuild."""
    EngineMark.objects.get_or_create(name="fold", defaults={"at": clock.now()})
    row = EngineMark.objects.select_for_update(skip_locked=not waits).filter(name="fold").first()
    if row is None:
        return False
    if not waits and EngineMark.objects.filter(name="rebuild", at__gt=clock.now() - REBUILDING).exists():
        return False
    EngineMark.objects.filter(name="fold").update(at=clock.now())
    return True


def _sum_old(before: datetime) -> None:
    """Hours that outcomes are about to be added to at once: first their minutes, which would overwrite these later on."""
    while rows := RollupDirty.objects.filter(grain="hour", ts__lt=before).order_by("ts", "series")[:SUMMED]:
        _sum(Grain.HOUR, rows)


def _sum(grain: Grain, dirty: Iterable[RollupDirty]) -> int:
    rows = list(dirty)
    if not rows:
        return 0
    places = [(row.series_id, row.ts) for row in rows]
    sums.sum_up(grain, places)
    RollupDirty.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if grain is Grain.HOUR:
        _mark(Grain.DAY, {(series, Grain.DAY.floor(ts)) for series, ts in places})
    return len(rows)


def _mark(grain: Grain, places: Iterable[tuple[int, datetime]]) -> None:
    word = grain.name.lower()
    rows: Sequence[RollupDirty] = [RollupDirty(grain=word, series_id=series, ts=ts) for series, ts in sorted(places)]
    RollupDirty.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
