"""Upkeep: what a team waives of a scorecard until a date, and the refactoring that it means to do.

Owns columns. Never judges a workflow: governance/scorecards/rules.py does.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models import Team, Workflow
from orchestration.models.governed import GovernedManager


class ScoreWaiver(models.Model):
    """A check of a workflow's scorecard that is let pass until a date, and why."""

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="score_waivers")
    check_key = models.CharField(max_length=32)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["workflow", "expires_at"], name="score_waiver_workflow")]

    def __str__(self) -> str:
        return f"waiver of {self.check_key} for {self.workflow}"


class UpkeepItem(models.Model):
    """Something that a team means to put right, with how much work it is."""

    class Effort(models.TextChoices):
        SMALL = "small"
        MEDIUM = "medium"
        LARGE = "large"

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        DROPPED = "dropped"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="upkeep_items")
    workflow = models.ForeignKey(Workflow, null=True, blank=True, on_delete=models.PROTECT, related_name="upkeep_items")
    text = models.CharField(max_length=500)
    effort = models.CharField(max_length=8, choices=Effort.choices, default=Effort.MEDIUM)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["team", "state"], name="upkeep_team")]

    def __str__(self) -> str:
        return f"upkeep {self.pk} of {self.team}"
