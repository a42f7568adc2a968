"""What people do to schedules and triggers: pause and resume them, and make up for a range of ticks. Keyword-only.

Owns the rules of a backfill's range and the cursor of a schedule that is applied, paused or resumed. Never asks who may: portal
does before it calls. Never starts a run: engine/schedules.py and backfills.py do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from orchestration import clock
from orchestration.engine.backfills import MOST_TICKS, range_of
from orchestration.engine.schedules import cron_of, stamp
from orchestration.errors import Conflict, InvalidInput
from orchestration.hooks import hooks
from orchestration.models import Backfill, Schedule, ScheduleCursor, Trigger
from orchestration.policies.cron import BadCron
from orchestration.services.governed import hold, require_reason, save

#: Runs of one backfill at a time, at most.
MOST_PARALLEL = 100
KIND = "backfill"
#: A range can't begin before.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Range:
    """What is to be made up for. `starts_at` and `ends_at` are included."""

    starts_at: datetime
    ends_at: datetime
    max_parallel: int = 1
    order: str = Backfill.Order.OLDEST_FIRST


@transaction.atomic
def pause(*, thing: Schedule | Trigger, actor: Any, reason: str) -> None:
    """Start nothing more by it until it is resumed. Raises Conflict where it is paused already."""
    _set_paused(thing, True, actor, require_reason(reason))
    if isinstance(thing, Schedule):
        ScheduleCursor.objects.filter(schedule=thing).update(next_at=None)


@transaction.atomic
def resume(*, thing: Schedule | Trigger, actor: Any, reason: str) -> None:
    """Go on. What a schedule missed meanwhile its catch-up policy decides; events that came meanwhile are gone by."""
    _set_paused(thing, False, actor, require_reason(reason))
    if isinstance(thing, Schedule):
        cursor = ScheduleCursor.objects.select_for_update().get(schedule=thing)
        cursor.next_at = cron_of(thing.spec).after(cursor.looked_until)
        cursor.save(update_fields=["next_at"])


def _set_paused(thing: Schedule | Trigger, paused: bool, actor: Any, reason: str) -> None:
    hold()
    thing.refresh_from_db()
    if thing.paused == paused:
        raise Conflict(f"{thing._meta.verbose_name} {thing.name} is {'paused already' if paused else 'not paused'}")
    thing.paused, thing.paused_reason = paused, reason if paused else ""
    save(thing, actor=actor, reason=reason)


def place_cursor(schedule: Schedule, before: tuple[Any, Any] | None) -> None:
    """After it was applied. `before`: its cron and zone until now. With others of them it begins anew, now: the new times missed
    nothing."""
    now, cron = clock.now(), cron_of(schedule.spec)
    if before != times_of(schedule) or not ScheduleCursor.objects.filter(schedule=schedule).exists():
        ScheduleCursor.objects.update_or_create(
            schedule=schedule,
            defaults={"looked_until": now, "next_at": None if schedule.paused else cron.after(now)},
        )


def times_of(schedule: Schedule) -> tuple[Any, Any]:
    """What decides when it is due."""
    return schedule.spec.get("cron"), schedule.spec.get("timezone")


def preview(*, schedule: Schedule, asked: Range) -> Sequence[datetime]:
    """The ticks of a range, oldest first. Raises InvalidInput that says what is wrong with the range."""
    if asked.starts_at < EARLIEST:
        raise InvalidInput(f"the range begins before {EARLIEST:%Y-%m-%d}, when no schedule was here; begin later")
    if asked.ends_at < asked.starts_at:
        raise InvalidInput("the range ends before it starts; swap its ends")
    if asked.ends_at > clock.now():
        raise InvalidInput("the range ends in the future; what is to come is started by the schedule itself")
    if not 1 <= asked.max_parallel <= MOST_PARALLEL:
        raise InvalidInput(f"max_parallel is {asked.max_parallel:,}; choose 1 to {MOST_PARALLEL}")
    if asked.order not in set(Backfill.Order):
        raise InvalidInput(f"order {asked.order[:40]!r} is none; use one of {', '.join(Backfill.Order)}")
    try:
        cron = cron_of(schedule.spec)
        ticks = range_of(cron.fields, cron.zone.key, asked.starts_at, asked.ends_at)
    except BadCron as error:
        raise InvalidInput(str(error)) from error
    if not ticks:
        raise InvalidInput("no tick of the schedule lies in the range; widen it")
    if len(ticks) > MOST_TICKS:
        raise InvalidInput(f"the range has more than {MOST_TICKS:,} ticks; take a part of it at a time")
    return ticks


def start_backfill(*, schedule: Schedule, asked: Range, actor: Any, reason: str) -> Backfill:
    """Make up for the range. Raises InvalidInput as `preview`, and for a missing reason."""
    reason, ticks = require_reason(reason), preview(schedule=schedule, asked=asked)
    with transaction.atomic():
        hold()
        backfill = Backfill.objects.create(
            schedule=schedule, spec=schedule.spec, starts_at=asked.starts_at, ends_at=asked.ends_at, ticks=len(ticks),
            order=asked.order, max_parallel=asked.max_parallel, reason=reason, person=actor, began_at=clock.now(),
        )  # fmt: skip
        said = {
            "from": stamp(ticks[0]), "to": stamp(ticks[-1]), "ticks": len(ticks), "max_parallel": asked.max_parallel,
            "order": asked.order,
        }  # fmt: skip
        hooks.audit.record(
            action="started", kind=KIND, name=str(backfill), actor=actor, reason=reason, before=None, after=said
        )
    return backfill


@transaction.atomic
def cancel_backfill(*, backfill: Backfill, actor: Any, reason: str) -> None:
    """Start no more of its ticks; runs that were started go on. Raises Conflict where it is over."""
    reason = require_reason(reason)
    hold()
    running = Backfill.objects.filter(pk=backfill.pk, state=Backfill.State.RUNNING)
    if not running.update(state=Backfill.State.CANCELLED, ended_at=clock.now(), ending=reason):
        backfill.refresh_from_db()
        raise Conflict(f"{backfill} is {backfill.state}; there is nothing to cancel")
    backfill.refresh_from_db()
    taken = {"taken": backfill.taken, "ticks": backfill.ticks}
    hooks.audit.record(
        action="cancelled", kind=KIND, name=str(backfill), actor=actor, reason=reason,
        before={"state": "running", **taken}, after={"state": "cancelled", **taken},
    )  # fmt: skip
