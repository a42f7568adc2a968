"""Flags, as last applied and as switched by hand, and what each was for a run. Never decides: policies/flags.py does."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager
from orchestration.models.run import Run
from orchestration.models.team import Team


class Flag(models.Model):
    """A switch that steps of several workflows may ask. Applying its manifest anew leaves it switched as it is."""

    class Switched(models.TextChoices):
        DECLARED = "", "as declared"
        ON = "on"
        OFF = "off"

    name = models.SlugField(max_length=63, unique=True)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="flags")
    description = models.TextField(blank=True, default="")
    switched = models.CharField(max_length=3, choices=Switched.choices, blank=True, default=Switched.DECLARED)
    document = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    source = models.JSONField(default=dict, blank=True)
    applied_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> dict[str, object]:
        """The manifest's `spec`."""
        spec = self.document.get("spec", {})
        return spec if isinstance(spec, dict) else {}


class RunFlag(models.Model):
    """What a flag was for one run, once and for all of its steps. `why` never quotes the input: it is shown to everybody."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="flags")
    name = models.CharField(max_length=63)
    is_on = models.BooleanField()
    why = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_flag_per_run")]
        indexes = [models.Index(fields=["name", "-at"], name="run_flag_recent")]

    def __str__(self) -> str:
        return f"{self.name} is {'on' if self.is_on else 'off'}"
