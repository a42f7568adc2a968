"""Alerts, what became of each, and silences. An alert is a log of what happened, not a governed object; a silence is one.

Owns the tables, and that at most one alert of an objective and severity is open. Never decides when one opens.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager
from orchestration.models.objective import Objective
from orchestration.models.team import Team
from orchestration.policies.burn import Severity

SEVERITIES = [(severity.value, severity.value) for severity in Severity]


class Alert(models.Model):
    """Something that somebody must look at: a budget that burns too fast, or a run that could not be undone."""

    class Kind(models.TextChoices):
        BURN = "burn"
        COMPENSATION = "compensation"

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    severity = models.CharField(max_length=6, choices=SEVERITIES)
    #: What it is about, in words: the objective's name, or the workflow's.
    subject = models.CharField(max_length=160)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="alerts")
    #: Whose steps of escalation are followed; the team's own, unless the workflow names another.
    escalation = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+", db_index=False)
    objective = models.ForeignKey(Objective, null=True, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    workflow = models.CharField(max_length=63, blank=True, default="")
    run_id = models.UUIDField(
        null=True, unique=True, help_text="the run that could not be undone; one alert each, ever"
    )
    rule = models.CharField(max_length=80, blank=True, default="")
    facts = models.JSONField(default=dict, blank=True, help_text="as counted when it opened")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    #: When people were first told. Empty while it is silenced, or silent for a dependency whose breaker is open.
    told_at = models.DateTimeField(null=True)
    #: Steps of the escalation that were taken; the next one is due then, if there is one.
    steps = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["objective", "severity"], condition=models.Q(resolved_at__isnull=True), name="one_open_alert"
            )
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="alert_state"),
            models.Index(fields=["team", "state", "-id"], name="alert_team"),
            models.Index(fields=["objective", "-id"], name="alert_objective"),
            models.Index(fields=["opened_at"], name="alert_opened"),
        ]

    def __str__(self) -> str:
        return f"{self.severity} of {self.subject}"


class AlertEvent(models.Model):
    """One thing that happened to an alert."""

    class What(models.TextChoices):
        OPENED = "opened"
        TOLD = "told"
        ESCALATED = "escalated"
        ACKNOWLEDGED = "acknowledged"
        SILENCED = "silenced"
        RESOLVED = "resolved"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    what = models.CharField(max_length=12, choices=What.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    text = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.what}"


class Silence(models.Model):
    """Nobody is told of an objective's alerts until then: they are seen, and counted, all the same."""

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="silences", db_index=False)
    severity = models.CharField(max_length=6, choices=SEVERITIES, blank=True, default="", help_text="empty for both")
    reason = models.TextField()
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["objective", "ends_at"], name="silence_objective")]

    def __str__(self) -> str:
        return f"silence of {self.objective} until {self.ends_at:%Y-%m-%d %H:%M}"
