"""Schedules: what is due is started, once for each tick, whoever and however many look.

Moving a schedule's cursor and starting the tick's run are one transaction, and the cursor moves by compare-and-set: of several
beats one does it, and one that is killed in between has done nothing. The run's idempotency key names the tick too. Never
asks how long the runs before take: a workflow's concurrency does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from orchestration.models import Backfill, Schedule, ScheduleCursor, ScheduleTick
from orchestration.policies.cron import BadCron, Cron, read
from orchestration.services.unattended import start_unattended

log = structlog.get_logger(__name__)

Outcome = ScheduleTick.Outcome
#: A tick later than this was missed: then the catch-up policy says whether it is made up for.
MISSED_AFTER = timedelta(minutes=1)
#: How many schedules a round takes, and how many ticks of one; the next round comes half a second later.
SCHEDULES, TICKS = 100, 10
DEFAULT_ZONE, DEFAULT_CATCH_UP = "UTC", "latest"


def look(now: datetime) -> int:
    """Start what is due; how many ticks were done with."""
    due = ScheduleCursor.objects.filter(next_at__isnull=False, next_at__lte=now).order_by("next_at")
    done = 0
    for cursor in list(due.values_list("pk", flat=True)[:SCHEDULES]):
        for _ in range(TICKS):
            if not _one(cursor, now):
                break
            done += 1
    return done


def cron_of(spec: Mapping[str, Any]) -> Cron:
    """When a schedule with this `spec` is due. Raises BadCron."""
    return read(spec["cron"], spec.get("timezone", DEFAULT_ZONE))


def scope_of(tick: datetime, cron: Cron) -> dict[str, Any]:
    """What the input of a Schedule may read: the moment, and the days of it and before it in the schedule's zone."""
    day = tick.astimezone(cron.zone).date()
    return {"tick": {"at": stamp(tick), "date": str(day), "day_before": str(day - timedelta(days=1))}}


def stamp(tick: datetime) -> str:
    """A tick as keys and expressions name it."""
    return f"{tick.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@transaction.atomic
def _one(pk: int, now: datetime) -> bool:
    """The next tick of one schedule. False: there is none, or another beat has it."""
    waiting = ScheduleCursor.objects.select_for_update(skip_locked=True, of=("self",)).select_related("schedule")
    cursor = waiting.filter(pk=pk, next_at__lte=now, schedule__paused=False).first()
    if cursor is None or cursor.next_at is None:
        return False
    schedule, first = cursor.schedule, cursor.next_at
    try:
        cron = cron_of(schedule.spec)
        tick, skipped = _chosen(schedule, cron, first, now)
        until = tick or skipped or first
        following: datetime | None = cron.after(until)
    except BadCron as error:  # a zone that this machine no longer knows: nothing can be due until it is applied anew
        log.warning("schedule.unreadable", schedule=schedule.name, error=str(error))
        return _move(cursor, first, None) and _note(schedule, first, now, Outcome.FAILED, error=str(error))
    if not _move(cursor, until, following):
        return False
    if skipped is not None:
        _note(schedule, skipped, now, Outcome.SKIPPED, error=_skip_words(first, skipped, schedule))
    if tick is not None:
        start_tick(schedule, schedule.spec, tick, now)
    return True


def _chosen(schedule: Schedule, cron: Cron, first: datetime, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The tick to start, and the last one that is left out before it."""
    if now - first <= MISSED_AFTER:
        return first, None
    policy = schedule.spec.get("catch_up", DEFAULT_CATCH_UP)
    newest = cron.newest(first, now)
    if policy == "all" or (policy == "latest" and newest == first):
        return first, None
    if policy == "latest" or now - newest <= MISSED_AFTER:
        before = cron.newest(first, newest - timedelta(seconds=1))
        return newest, before
    return None, newest


def _move(cursor: ScheduleCursor, until: datetime, following: datetime | None) -> bool:
    still = ScheduleCursor.objects.filter(pk=cursor.pk, next_at=cursor.next_at)
    return bool(still.update(looked_until=until, next_at=following))


def start_tick(
    schedule: Schedule, spec: Mapping[str, Any], tick: datetime, now: datetime, backfill: Backfill | None = None
) -> None:
    """Start the run of a tick and write down what came of it. Called with the row locked that decides that it is done once."""
    cron = cron_of(spec)
    kind = "backfill" if backfill is not None else "schedule"
    local = f"{tick.astimezone(cron.zone):%Y-%m-%d %H:%M} {cron.zone.key}"
    what = (
        f"backfill {backfill.pk} of schedule {schedule.name}" if backfill is not None else f"schedule {schedule.name}"
    )
    started = start_unattended(
        spec, scope_of(tick, cron), key=f"{kind}:{schedule.name}:{stamp(tick)}", origin=f"{kind}:{schedule.name}",
        detail=f"{what}, tick {local}", actor=backfill.person if backfill is not None else None,
    )  # fmt: skip
    outcome = Outcome.STARTED if started.run is not None else Outcome.FAILED
    _note(schedule, tick, now, outcome, run=started.run, error=started.error, backfill=backfill)


def _note(
    schedule: Schedule, tick: datetime, now: datetime, outcome: str, *, run: Any = None, error: str = "",
    backfill: Backfill | None = None,
) -> bool:  # fmt: skip
    """Write down what came of a tick. A schedule that was applied anew may come upon a tick again: its run is the same."""
    ScheduleTick.objects.update_or_create(
        schedule=schedule, backfill=backfill, at=tick,
        defaults={"made_at": now, "outcome": outcome, "run": run, "error": error},
    )  # fmt: skip
    return True


def _skip_words(first: datetime, last: datetime, schedule: Schedule) -> str:
    policy = schedule.spec.get("catch_up", DEFAULT_CATCH_UP)
    which = "missed" if first == last else f"missed, with those since {stamp(first)},"
    return f"{which} and not made up for: catch_up is {policy}"
