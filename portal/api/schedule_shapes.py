"""What schedules, triggers and backfills look like over the API, and how their rows become that."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from orchestration.models import Backfill, Schedule, ScheduleTick, Trigger, TriggerFiring
from orchestration.services.schedules import MOST_PARALLEL
from portal.api.enums import BACKFILL_ORDERS, JOB_STATES, TICK_OUTCOMES
from portal.api.objective_shapes import ObjectiveReasonShape


class StarterShape(serializers.Serializer[Any]):
    """What a schedule and a trigger have in common. `spec` is the manifest's."""

    name = serializers.CharField()
    owner = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    workflow = serializers.CharField(help_text="reference, such as nightly-settlement@^1")
    spec = serializers.JSONField()
    paused = serializers.BooleanField()
    paused_reason = serializers.CharField(allow_blank=True)
    applied_at = serializers.DateTimeField()


class ScheduleShape(StarterShape):
    """A schedule. `next_at` is null while it is paused."""

    next_at = serializers.DateTimeField(allow_null=True)


class TickShape(serializers.Serializer[Any]):
    """What came of a tick: a run, or why there is none."""

    at = serializers.DateTimeField()
    made_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=TICK_OUTCOMES)
    run = serializers.UUIDField(allow_null=True)
    error = serializers.CharField(allow_blank=True)


class BackfillShape(serializers.Serializer[Any]):
    """A backfill: `taken` of its `ticks` are done with."""

    number = serializers.IntegerField()
    schedule = serializers.CharField()
    state = serializers.ChoiceField(choices=JOB_STATES)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    ticks = serializers.IntegerField()
    taken = serializers.IntegerField()
    order = serializers.ChoiceField(choices=BACKFILL_ORDERS)
    max_parallel = serializers.IntegerField()
    reason = serializers.CharField()
    person = serializers.CharField(allow_null=True)
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ending = serializers.CharField(allow_blank=True, help_text="why it was cancelled")


class ScheduleDetailShape(ScheduleShape):
    """A schedule with what it did and will do; `ticks` and `backfills` newest first, the latest twenty."""

    next_ticks = serializers.ListField(child=serializers.DateTimeField())
    ticks = TickShape(many=True)
    backfills = BackfillShape(many=True)


class SchedulePageShape(serializers.Serializer[Any]):
    """A page of schedules."""

    items = ScheduleShape(many=True)
    next = serializers.CharField(allow_null=True)


class FiringShape(serializers.Serializer[Any]):
    """An event that the trigger held for: its run, or why there is none."""

    event_source = serializers.CharField()
    event_id = serializers.CharField()
    at = serializers.DateTimeField()
    run = serializers.UUIDField(allow_null=True)
    error = serializers.CharField(allow_blank=True)


class TriggerShape(StarterShape):
    """A trigger. `event` is the type of the events."""

    event = serializers.CharField()


class TriggerDetailShape(TriggerShape):
    """A trigger with the latest twenty events that it held for, newest first."""

    firings = FiringShape(many=True)


class TriggerPageShape(serializers.Serializer[Any]):
    """A page of triggers."""

    items = TriggerShape(many=True)
    next = serializers.CharField(allow_null=True)


class RangeShape(serializers.Serializer[Any]):
    """A range of ticks, both ends included."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="not in the future")
    order = serializers.ChoiceField(choices=BACKFILL_ORDERS, default=Backfill.Order.OLDEST_FIRST.value)
    max_parallel = serializers.IntegerField(
        min_value=1, max_value=MOST_PARALLEL, default=1, help_text="runs of it at a time"
    )


class NewBackfillShape(RangeShape, ObjectiveReasonShape):
    """A range to be made up for, and why."""


class PreviewShape(serializers.Serializer[Any]):
    """What a backfill over the range would start."""

    ticks = serializers.IntegerField()
    first = serializers.DateTimeField()
    last = serializers.DateTimeField()


def show_schedule(row: Schedule) -> dict[str, Any]:
    """As ScheduleShape."""
    return {**_starter(row), "next_at": row.cursor.next_at}


def show_trigger(row: Trigger) -> dict[str, Any]:
    """As TriggerShape."""
    return {**_starter(row), "event": row.event}


def show_tick(one: ScheduleTick) -> dict[str, Any]:
    """As TickShape."""
    return {"at": one.at, "made_at": one.made_at, "outcome": one.outcome, "run": one.run_id, "error": one.error}


def show_firing(one: TriggerFiring) -> dict[str, Any]:
    """As FiringShape."""
    return {
        "event_source": one.event_source, "event_id": one.event_id, "at": one.at, "run": one.run_id, "error": one.error,
    }  # fmt: skip


def show_backfill(one: Backfill) -> dict[str, Any]:
    """As BackfillShape."""
    same = (
        "state", "starts_at", "ends_at", "ticks", "taken", "order", "max_parallel", "reason", "began_at", "ended_at",
        "ending",
    )  # fmt: skip
    person = one.person.get_username() if one.person else None
    return {
        "number": one.pk,
        "schedule": one.schedule.name,
        "person": person,
        **{name: getattr(one, name) for name in same},
    }


def _starter(row: Schedule | Trigger) -> dict[str, Any]:
    return {
        "name": row.name, "owner": row.owner.name, "description": row.description, "workflow": row.spec["workflow"],
        "spec": row.spec, "paused": row.paused, "paused_reason": row.paused_reason, "applied_at": row.applied_at,
    }  # fmt: skip
