"""Backfills: the ticks of a range, each started once, so many at a time.

A round moves a backfill on by compare-and-set and starts the runs in the same transaction, so that several rounds at once do
no harm. The key names the schedule and the tick, not the backfill: a range that is repeated starts nothing twice.
"""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from orchestration.engine.schedules import cron_of, start_tick
from orchestration.models import Backfill, ScheduleTick
from orchestration.policies.cron import read
from orchestration.states import RunStatus

#: How many runs one round starts of a backfill, and how many backfills it looks at.
STARTS, BACKFILLS = 10, 50
#: More ticks than this are more than one range.
MOST_TICKS = 10_000


def look(now: datetime) -> int:
    """Move every backfill on; how many ticks were done with."""
    running = Backfill.objects.filter(state="running").order_by("id").values_list("pk", flat=True)
    return sum(_advance(pk, now) for pk in list(running[:BACKFILLS]))


def ticks_of(backfill: Backfill) -> tuple[datetime, ...]:
    """Its ticks, in the order in which they are started."""
    cron = cron_of(backfill.spec)
    ticks = range_of(cron.fields, cron.zone.key, backfill.starts_at, backfill.ends_at)
    return ticks[::-1] if backfill.order == Backfill.Order.NEWEST_FIRST else ticks


@functools.lru_cache(maxsize=64)
def range_of(cron: str, zone: str, starts_at: datetime, ends_at: datetime) -> tuple[datetime, ...]:
    """The ticks from the one moment to the other, both included; one more than MOST_TICKS at most. Raises BadCron."""
    return tuple(islice(read(cron, zone).between(starts_at - timedelta(seconds=1), ends_at), MOST_TICKS + 1))


@transaction.atomic
def _advance(pk: int, now: datetime) -> int:
    waiting = Backfill.objects.select_for_update(skip_locked=True, of=("self",)).select_related("schedule", "person")
    backfill = waiting.filter(pk=pk, state="running").first()
    if backfill is None:
        return 0
    under_way = ScheduleTick.objects.filter(backfill=backfill).exclude(run=None).exclude(run__status=RunStatus.FINISHED)
    room = max(0, min(backfill.max_parallel - under_way.count(), STARTS))
    ticks = ticks_of(backfill)[backfill.taken : backfill.taken + room]
    still = Backfill.objects.filter(pk=pk, state="running", taken=backfill.taken)
    if not ticks:
        if backfill.taken >= backfill.ticks and not under_way.exists():
            still.update(state=Backfill.State.DONE, ended_at=now)
        return 0
    if not still.update(taken=backfill.taken + len(ticks)):
        return 0
    for tick in ticks:
        start_tick(backfill.schedule, backfill.spec, tick, now, backfill)
    return len(ticks)
