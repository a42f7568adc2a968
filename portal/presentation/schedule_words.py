"""Schedules and triggers as their pages tell them: looks, sentences and times of a zone. Owns the words; never queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.engine.schedules import DEFAULT_CATCH_UP, DEFAULT_ZONE, cron_of
from orchestration.models import Backfill, Schedule, ScheduleTick, Trigger, TriggerFiring
from orchestration.policies.cron import BadCron
from orchestration.selectors.schedules import ScheduleView, TriggerView
from portal.presentation.runs import listed
from portal.presentation.words import Look, run_look

PAUSED, ACTIVE = Look("unk", "parked", "Paused"), Look("ok", "ok", "Active")
FAILING = Look("fail", "fail", "Failing")
SKIPPED, REFUSED = Look("warn", "warn", "Skipped"), Look("fail", "fail", "Not started")
BACKFILL = {
    "running": Look("unk", "running", "Running"),
    "done": Look("ok", "ok", "Done"),
    "cancelled": Look("unk", "stop", "Cancelled"),
}
CATCH_UP = {
    "none": "missed ticks are left out",
    "latest": "of missed ticks the newest is made up for",
    "all": "every missed tick is made up for",
}


@dataclass(frozen=True, slots=True)
class TickRow:
    """A tick, with the look of its run or of why there is none, and the time as its zone's clocks show it."""

    look: Look
    tick: ScheduleTick
    local: str


@dataclass(frozen=True, slots=True)
class BackfillRow:
    """A backfill, how far it is, and its range in its zone."""

    look: Look
    backfill: Backfill
    first: str
    last: str
    rows: list[TickRow]


def look_of(thing: Schedule | Trigger, *, failed: bool) -> Look:
    """Paused, failing or active."""
    return PAUSED if thing.paused else FAILING if failed else ACTIVE


def is_failing(last: ScheduleTick | TriggerFiring | None) -> bool:
    """Whether the last thing it should have started was not."""
    if isinstance(last, ScheduleTick):
        return last.outcome == ScheduleTick.Outcome.FAILED
    return last is not None and last.run_id is None


def list_sentence(schedules: Sequence[ScheduleView], triggers: Sequence[TriggerView]) -> str:
    """The conclusion of the list."""
    failing = [one.schedule.name for one in schedules if is_failing(one.last) and not one.schedule.paused]
    failing += [one.trigger.name for one in triggers if is_failing(one.last) and not one.trigger.paused]
    if failing:
        return f"{listed(failing)} could not start {'its' if len(failing) == 1 else 'their'} last run."
    things: list[Schedule | Trigger] = [one.schedule for one in schedules]
    things += [one.trigger for one in triggers]
    paused = [thing.name for thing in things if thing.paused]
    if paused:
        return f"{listed(paused)} {'is' if len(paused) == 1 else 'are'} paused."
    return "Everything starts as it should." if things else ""


def zone_of(spec: Mapping[str, Any]) -> str:
    """The zone of a schedule."""
    return str(spec.get("timezone", DEFAULT_ZONE))


def catch_up_of(spec: Mapping[str, Any]) -> str:
    """What becomes of missed ticks, in words."""
    return CATCH_UP[str(spec.get("catch_up", DEFAULT_CATCH_UP))]


def local(moment: datetime, spec: Mapping[str, Any]) -> str:
    """As the clocks of the schedule's zone show it: with the offset, since an hour may come twice."""
    try:
        zone = cron_of(spec).zone
    except BadCron:
        return f"{moment:%Y-%m-%d %H:%M} UTC"
    there = moment.astimezone(zone)
    offset = f"{there:%z}"
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M} {offset[:3]}:{offset[3:5]}"


def tick_row(tick: ScheduleTick, spec: Mapping[str, Any]) -> TickRow:
    """A tick as a line."""
    return TickRow(_tick_look(tick), tick, local(tick.at, spec))


def firing_look(firing: TriggerFiring) -> Look:
    """The look of its run, or that there is none."""
    run = firing.run
    return run_look(run.status, run.result, run.compensation) if run is not None else REFUSED


def backfill_row(backfill: Backfill, ticks: Sequence[ScheduleTick]) -> BackfillRow:
    """A backfill as a line; `ticks` are those that started nothing."""
    spec = backfill.spec
    rows = [tick_row(tick, spec) for tick in ticks]
    return BackfillRow(
        BACKFILL[backfill.state], backfill, local(backfill.starts_at, spec), local(backfill.ends_at, spec), rows
    )


def _tick_look(tick: ScheduleTick) -> Look:
    if tick.run is not None:
        return run_look(tick.run.status, tick.run.result, tick.run.compensation)
    return SKIPPED if tick.outcome == ScheduleTick.Outcome.SKIPPED else REFUSED
