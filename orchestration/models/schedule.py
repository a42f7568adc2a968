"""Schedules, how far each was looked at, what came of its ticks, and backfills over a range.

Owns columns, constraints and indexes. A schedule is governed; its cursor and ticks are the engine's, written with every tick.
Never decides when one is due: policies/cron.py does.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager
from orchestration.models.run import Run
from orchestration.models.team import Team


class Schedule(models.Model):
    """A workflow that is started by the clock, as its manifest was last applied."""

    name = models.SlugField(max_length=63, unique=True)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="schedules")
    description = models.TextField(blank=True, default="")
    workflow = models.CharField(max_length=63, help_text="the name in its reference")
    document = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    source = models.JSONField(default=dict, blank=True)
    applied_at = models.DateTimeField(auto_now=True)
    paused = models.BooleanField(default=False)
    paused_reason = models.TextField(blank=True, default="")
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["workflow"], name="schedule_workflow")]

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> dict[str, Any]:
        """The manifest's `spec`."""
        spec = self.document.get("spec", {})
        return spec if isinstance(spec, dict) else {}


class ScheduleCursor(models.Model):
    """How far a schedule was looked at. Whoever moves it, by compare-and-set, starts the run of the tick, in one transaction."""

    schedule = models.OneToOneField(Schedule, on_delete=models.CASCADE, related_name="cursor")
    looked_until = models.DateTimeField(help_text="every tick up to then is done with")
    next_at = models.DateTimeField(null=True, help_text="the next tick; none while paused")

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="cursor_next", condition=models.Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.schedule_id} next at {self.next_at}"


class Backfill(models.Model):
    """A range of ticks to be made up for, each by one run. `spec` is the schedule's as it was when this began."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"

    class Order(models.TextChoices):
        OLDEST_FIRST = "oldest_first"
        NEWEST_FIRST = "newest_first"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="backfills")
    spec = models.JSONField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ticks = models.PositiveIntegerField(help_text="how many there are in the range")
    taken = models.PositiveIntegerField(default=0, help_text="how many are done with")
    order = models.CharField(max_length=12, choices=Order.choices, default=Order.OLDEST_FIRST)
    max_parallel = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    reason = models.TextField()
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ending = models.TextField(blank=True, default="", help_text="why it was cancelled")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="backfill_running", condition=models.Q(state="running")),
            models.Index(fields=["person"], name="backfill_person", condition=models.Q(person__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"backfill {self.pk} of {self.schedule}"


class ScheduleTick(models.Model):
    """What came of a tick: a run, or why there is none. The run's deletion takes it along."""

    class Outcome(models.TextChoices):
        STARTED = "started"
        FAILED = "failed"
        SKIPPED = "skipped"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="ticks", db_index=False)
    backfill = models.ForeignKey(Backfill, null=True, on_delete=models.CASCADE, related_name="done", db_index=False)
    at = models.DateTimeField()
    made_at = models.DateTimeField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    run = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="ticks", db_index=False)
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "at"], condition=models.Q(backfill__isnull=True), name="one_tick_once"
            ),
            models.UniqueConstraint(
                fields=["backfill", "at"], condition=models.Q(backfill__isnull=False), name="one_tick_once_a_backfill"
            ),
        ]
        indexes = [
            models.Index(fields=["schedule", "-id"], name="tick_schedule"),
            models.Index(fields=["run"], name="tick_run", condition=models.Q(run__isnull=False)),
            models.Index(fields=["made_at"], name="tick_without_run", condition=models.Q(run__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} at {self.at:%Y-%m-%d %H:%M} {self.outcome}"
