"""Workflows, their immutable versions and the ports through which steps use contracts. Never runs anything."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager
from orchestration.models.team import Team


class Workflow(models.Model):
    """A named business process; what it does is in its versions."""

    name = models.SlugField(max_length=63, unique=True)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="workflows")
    description = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True, blank=True, help_text="since then no new run of it begins")
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # With a default of the database: the release before inserts rows without it.
    pause_reason = models.TextField(blank=True, default="", db_default="")
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WorkflowVersion(models.Model):
    """One published version. Its content never changes; only its state moves on."""

    class State(models.TextChoices):
        DRAFT = "draft"
        PROPOSED = "proposed"
        ACTIVE = "active"
        DEPRECATED = "deprecated"
        RETIRED = "retired"
        REJECTED = "rejected"

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=64)
    precedence = models.CharField(max_length=96, help_text="sorts as semantic versions do")
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    canonical = models.JSONField()
    text = models.TextField(help_text="the YAML as applied")
    content_hash = models.CharField(max_length=64)
    source = models.JSONField(default=dict, blank=True, help_text="repository, commit, dirty, path")
    reason = models.TextField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    sunset_at = models.DateTimeField(null=True, blank=True, help_text="from then on it may be retired")
    successor = models.CharField(max_length=64, blank=True, default="", help_text="the version to move to")
    retired_at = models.DateTimeField(null=True, blank=True)
    objects = GovernedManager()
    history = HistoricalRecords(excluded_fields=["canonical", "text"])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workflow", "version"], name="one_workflow_version")]
        ordering = ["workflow", "-precedence"]

    def __str__(self) -> str:
        return f"{self.workflow.name}@{self.version}"


class Port(models.Model):
    """Where a step, or the workflow itself, consumes or produces a contract."""

    version = models.ForeignKey(WorkflowVersion, on_delete=models.CASCADE, related_name="ports")
    step = models.CharField(max_length=63, blank=True, default="", help_text="empty for the workflow's own")
    direction = models.CharField(max_length=6, choices=[("input", "input"), ("output", "output")])
    contract = models.CharField(max_length=127)
    range = models.CharField(max_length=64)
    resolved = models.CharField(max_length=64, help_text="the contract version chosen at publish")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "step", "direction"], name="one_port")]
        indexes = [models.Index(fields=["contract", "resolved"], name="port_contract")]

    def __str__(self) -> str:
        return f"{self.version} {self.step} {self.direction} {self.contract}@{self.resolved}"
