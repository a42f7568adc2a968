"""Exercises of runbooks: a timed checklist of frozen steps, what was said of each, and the actions that were run.

Owns the tables, and that an action runs once a try and an alert starts one exercise by itself. Never decides what an action does.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.runbook import Runbook
from orchestration.models import Alert
from orchestration.models.governed import GovernedManager


class Exercise(models.Model):
    """Somebody goes through a runbook, for practice or because of an alert. Its steps are those of the revision it began with."""

    class State(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        ABANDONED = "abandoned"

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="exercises", db_index=False)
    runbook_revision = models.PositiveIntegerField()
    steps = models.JSONField(help_text="as the revision had them: section, do, expect, if_not, action")
    alert = models.ForeignKey(
        Alert, null=True, blank=True, on_delete=models.SET_NULL, related_name="exercises", db_index=False
    )
    by_alert = models.BooleanField(default=False, help_text="started by the alert itself")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    #: Who has it now; nobody where an alert started it and nobody has taken it yet.
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    summary = models.TextField(blank=True, default="")
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["runbook", "state", "-ended_at"], name="exercise_of_runbook"),
            models.Index(fields=["state", "-id"], name="exercise_state"),
            models.Index(fields=["alert"], name="exercise_alert", condition=models.Q(alert__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["alert"], condition=models.Q(by_alert=True, alert__isnull=False), name="one_exercise_by_alert"
            )
        ]

    def __str__(self) -> str:
        return f"exercise {self.pk}"


class ExerciseEntry(models.Model):
    """One thing that was said or done; rows are only ever added. The newest one about a step says how it stands."""

    class What(models.TextChoices):
        STARTED = "started"
        DONE = "done"
        NOT_AS_EXPECTED = "not_as_expected"
        SKIPPED = "skipped"
        ACTION = "action"
        HANDED_OVER = "handed_over"
        COMPLETED = "completed"
        ABANDONED = "abandoned"

    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveSmallIntegerField(null=True, help_text="of the step it is about, from 1")
    what = models.CharField(max_length=16, choices=What.choices)
    note = models.TextField(blank=True, default="")
    evidence = models.TextField(blank=True, default="")
    links = models.JSONField(default=list, blank=True, help_text="[[words, path of this portal], …]")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.exercise} {self.what}"


class ExerciseAction(models.Model):
    """A try of a step's action. `claimed_until`: somebody is at it until then; afterwards another takes it up."""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        FAILED = "failed"

    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="actions", db_index=False)
    position = models.PositiveSmallIntegerField()
    attempt = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=32)
    parameters = models.JSONField(default=dict)
    #: What it is about to touch, chosen when it was asked for: ids of runs.
    chosen = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["exercise", "position", "attempt"], name="one_action_a_try"),
        ]
        indexes = [models.Index(fields=["id"], name="action_pending", condition=models.Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.kind} of {self.exercise}"

    @property
    def key(self) -> str:
        """What makes each of its effects happen once, however often it is run."""
        return f"exercise-{self.exercise_id}-{self.position}-{self.attempt}"

    def step(self) -> dict[str, Any]:
        """The frozen step that it belongs to."""
        found: dict[str, Any] = self.exercise.steps[self.position - 1]
        return found
