"""Objectives: what good enough means for a workflow, a step or a dependency. Never counts: telemetry/fold.py does."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager
from orchestration.models.team import Team


class Objective(models.Model):
    """A share of events that must be good, within a window. Scope: exactly one of workflow, workflow + step, dependency."""

    class Indicator(models.TextChoices):
        LATENCY = "latency"
        SUCCESS = "success"

    class Source(models.TextChoices):
        MANIFEST = "manifest"
        PORTAL = "portal"
        OPENSLO = "openslo"

    name = models.CharField(max_length=160, unique=True)
    description = models.TextField(blank=True, default="")
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="objectives")
    workflow = models.CharField(max_length=63, blank=True, default="")
    step = models.CharField(max_length=63, blank=True, default="")
    dependency = models.CharField(max_length=63, blank=True, default="")
    indicator = models.CharField(max_length=7, choices=Indicator.choices)
    threshold = models.FloatField(null=True, help_text="seconds; of a latency objective")
    target = models.DecimalField(max_digits=9, decimal_places=8, help_text="a share of 1")
    window_days = models.IntegerField(default=28)
    degraded_is_bad = models.BooleanField(default=False)
    page = models.BooleanField(default=True)
    ticket = models.BooleanField(default=True)
    #: Where no burn rate can be reached: so many failures within so many minutes, in place of the pairs of the severity.
    page_failures = models.PositiveIntegerField(null=True, blank=True)
    page_within = models.PositiveIntegerField(null=True, blank=True, help_text="minutes")
    ticket_failures = models.PositiveIntegerField(null=True, blank=True)
    ticket_within = models.PositiveIntegerField(null=True, blank=True, help_text="minutes")
    runbook = models.CharField(max_length=63, blank=True, default="")
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.PORTAL)
    since = models.DateTimeField(help_text="counted from then on")
    #: What is counted as bad was changed then: what was counted before says nothing of it.
    recounted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        indexes = [
            models.Index(fields=["workflow", "step"], name="objective_workflow"),
            models.Index(fields=["dependency"], name="objective_dependency"),
        ]

    def __str__(self) -> str:
        return self.name
