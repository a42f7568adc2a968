"""Reads of schedules, triggers, their ticks and firings. Never writes, and never decides when something is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db.models import Count, Max, Q, QuerySet

from orchestration.engine.schedules import cron_of
from orchestration.errors import NotFound
from orchestration.models import Backfill, Schedule, ScheduleTick, Trigger, TriggerFiring
from orchestration.policies.cron import BadCron
from orchestration.services.world import suggestion

Row = TypeVar("Row", ScheduleTick, TriggerFiring)

LATEST = 20
#: Failures are counted over so long.
COUNTED = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule as it stands. `failed`: ticks of the last day that started nothing."""

    schedule: Schedule
    next_at: datetime | None
    last: ScheduleTick | None
    failed: int


@dataclass(frozen=True, slots=True)
class TriggerView:
    """A trigger as it stands. `fired`, `failed`: events of the last day that it held for, and those that started nothing."""

    trigger: Trigger
    last: TriggerFiring | None
    fired: int
    failed: int


def find_schedule(name: str) -> Schedule:
    """By name. Raises NotFound, which suggests."""
    found = Schedule.objects.select_related("owner", "cursor").filter(name=name).first()
    if found is None:
        known = Schedule.objects.values_list("name", flat=True)
        raise NotFound(f"no schedule {name[:80]!r}{suggestion(name[:80], known)}")
    return found


def find_trigger(name: str) -> Trigger:
    """By name. Raises NotFound, which suggests."""
    found = Trigger.objects.select_related("owner").filter(name=name).first()
    if found is None:
        known = Trigger.objects.values_list("name", flat=True)
        raise NotFound(f"no trigger {name[:80]!r}{suggestion(name[:80], known)}")
    return found


def find_backfill(schedule: Schedule, number: int) -> Backfill:
    """Of that schedule. Raises NotFound."""
    found = Backfill.objects.select_related("schedule__owner", "person").filter(schedule=schedule, pk=number).first()
    if found is None:
        raise NotFound(f"schedule {schedule.name} has no backfill {number}")
    return found


def schedule_views(now: datetime) -> list[ScheduleView]:
    """Every schedule by name. Three queries."""
    failed = Count("ticks", filter=Q(ticks__outcome=ScheduleTick.Outcome.FAILED, ticks__made_at__gte=now - COUNTED))
    rows = list(Schedule.objects.select_related("owner", "cursor").annotate(failed=failed).order_by("name"))
    newest = Schedule.objects.annotate(last=Max("ticks__id", filter=Q(ticks__backfill=None)))
    ids = [last for last in newest.values_list("last", flat=True) if last is not None]
    last = {tick.schedule_id: tick for tick in _with_run(ScheduleTick.objects.filter(pk__in=ids))}
    return [ScheduleView(row, row.cursor.next_at, last.get(row.pk), row.failed) for row in rows]


def trigger_views(now: datetime) -> list[TriggerView]:
    """Every trigger by name. Three queries."""
    lately = Q(firings__at__gte=now - COUNTED)
    rows = list(
        Trigger.objects.select_related("owner")
        .annotate(
            fired=Count("firings", filter=lately),
            failed=Count("firings", filter=lately & Q(firings__run=None) & Q(firings__isnull=False)),
        )
        .order_by("name")
    )
    newest = Trigger.objects.annotate(last=Max("firings__id")).values_list("last", flat=True)
    ids = [last for last in newest if last is not None]
    last = {one.trigger_id: one for one in _with_run(TriggerFiring.objects.filter(pk__in=ids))}
    return [TriggerView(row, last.get(row.pk), row.fired, row.failed) for row in rows]


def next_ticks(schedule: Schedule, count: int) -> list[datetime]:
    """When it is due next; nothing while it is paused."""
    begin = schedule.cursor.next_at
    if begin is None:
        return []
    try:
        cron = cron_of(schedule.spec)
        return list(islice(cron.between(begin - timedelta(seconds=1), begin + timedelta(days=366 * 40)), count))
    except BadCron:
        return [begin]


def latest_ticks(schedule: Schedule, backfill: Backfill | None = None) -> list[ScheduleTick]:
    """What came of its own latest ticks, or of those of a backfill, newest first."""
    return list(_with_run(ScheduleTick.objects.filter(schedule=schedule, backfill=backfill)).order_by("-id")[:LATEST])


def latest_firings(trigger: Trigger) -> list[TriggerFiring]:
    """The latest events that it held for, newest first."""
    return list(_with_run(TriggerFiring.objects.filter(trigger=trigger)).order_by("-id")[:LATEST])


def backfills_of(schedule: Schedule) -> list[Backfill]:
    """Newest first."""
    return list(Backfill.objects.filter(schedule=schedule).select_related("person")[:LATEST])


def starters_of(workflow: str) -> tuple[list[str], list[str]]:
    """The names of the schedules and of the triggers that start the workflow."""
    return (
        list(Schedule.objects.filter(workflow=workflow).values_list("name", flat=True)),
        list(Trigger.objects.filter(workflow=workflow).values_list("name", flat=True)),
    )


def _with_run(rows: QuerySet[Row]) -> QuerySet[Row]:
    """With the run's state, and without its payloads, which may be large."""
    return rows.select_related("run__workflow").defer("run__input", "run__output", "run__error_message")
