"""Runbooks and their links to workflows and dependencies. `revision` grows with each save: an older one conflicts."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models import Dependency, Team, Workflow
from orchestration.models.governed import GovernedManager


class Runbook(models.Model):
    """What to do when something is wrong. Stale from its review date on."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        ACTIVE = "active"
        RETIRED = "retired"

    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="runbooks")
    body = models.TextField()
    review_by = models.DateField(null=True, blank=True)
    front_matter = models.JSONField(default=dict, blank=True, help_text="what a loaded file said beyond these columns")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class RunbookLink(models.Model):
    """A runbook is about a workflow or a dependency; shown on both ends."""

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="links")
    workflow = models.ForeignKey(
        Workflow, null=True, blank=True, on_delete=models.CASCADE, related_name="runbook_links"
    )
    dependency = models.ForeignKey(
        Dependency, null=True, blank=True, on_delete=models.CASCADE, related_name="runbook_links"
    )
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(workflow__isnull=False) ^ models.Q(dependency__isnull=False),
                name="runbook_link_to_one",
            ),
            models.UniqueConstraint(fields=["runbook", "workflow"], name="one_runbook_workflow"),
            models.UniqueConstraint(fields=["runbook", "dependency"], name="one_runbook_dependency"),
        ]

    def __str__(self) -> str:
        return f"{self.runbook.slug} is about {self.workflow or self.dependency}"
