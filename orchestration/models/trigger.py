"""Triggers, and what came of each event that one held for. Owns columns, constraints and indexes; never routes an event."""

from __future__ import annotations

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager
from orchestration.models.run import Run
from orchestration.models.team import Team


class Trigger(models.Model):
    """A workflow that is started by events of a type, as its manifest was last applied."""

    name = models.SlugField(max_length=63, unique=True)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="triggers")
    description = models.TextField(blank=True, default="")
    workflow = models.CharField(max_length=63, help_text="the name in its reference")
    event = models.CharField(max_length=127, help_text="the type of the events")
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
        indexes = [
            models.Index(fields=["workflow"], name="trigger_workflow"),
            models.Index(fields=["event"], name="trigger_event"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> dict[str, Any]:
        """The manifest's `spec`."""
        spec = self.document.get("spec", {})
        return spec if isinstance(spec, dict) else {}


class TriggerFiring(models.Model):
    """An event that a trigger held for: its run, or why there is none. The run's deletion takes it along."""

    trigger = models.ForeignKey(Trigger, on_delete=models.CASCADE, related_name="firings", db_index=False)
    event_source = models.CharField(max_length=500)
    event_id = models.CharField(max_length=200)
    at = models.DateTimeField()
    run = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="firings", db_index=False)
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "event_source", "trigger"], name="one_firing_an_event")
        ]
        indexes = [
            models.Index(fields=["trigger", "-id"], name="firing_trigger"),
            models.Index(fields=["run"], name="firing_run", condition=models.Q(run__isnull=False)),
            models.Index(fields=["at"], name="firing_without_run", condition=models.Q(run__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.trigger_id} by {self.event_id}"
