"""Runbooks, their links to workflows and dependencies, and the files they came from.

`revision` grows with each save: an older one conflicts.
"""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.contract import Contract
from governance.models.linking import to_one
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
    #: When somebody last said that the text holds: by writing it, or by saying so.
    reviewed_at = models.DateTimeField(null=True, blank=True)
    auto_start = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="exercises an hour that alerts may start by themselves; empty: none"
    )
    front_matter = models.JSONField(default=dict, blank=True, help_text="what a loaded file said beyond these columns")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["slug"]
        indexes = [
            # Asked every few seconds, and as a rule of nobody.
            models.Index(fields=["auto_start"], name="runbook_auto", condition=models.Q(auto_start__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.slug


class RunbookLink(models.Model):
    """A runbook is about a workflow, a dependency or a contract; shown on both ends."""

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="links")
    workflow = models.ForeignKey(
        Workflow, null=True, blank=True, on_delete=models.CASCADE, related_name="runbook_links"
    )
    dependency = models.ForeignKey(
        Dependency, null=True, blank=True, on_delete=models.CASCADE, related_name="runbook_links"
    )
    contract = models.ForeignKey(
        Contract, null=True, blank=True, on_delete=models.CASCADE, related_name="runbook_links"
    )
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        constraints = [
            to_one("runbook_link_to_one"),
            models.UniqueConstraint(fields=["runbook", "workflow"], name="one_runbook_workflow"),
            models.UniqueConstraint(fields=["runbook", "dependency"], name="one_runbook_dependency"),
            models.UniqueConstraint(fields=["runbook", "contract"], name="one_runbook_contract"),
        ]

    def __str__(self) -> str:
        return f"{self.runbook.slug} is about {self.workflow or self.dependency or self.contract}"


class RunbookOrigin(models.Model):
    """The file that a runbook was imported from, as it was; by it an unedited one is exported byte for byte.

    Written with the runbook in one transaction, whose history says by whom and why.
    """

    runbook = models.OneToOneField(Runbook, on_delete=models.CASCADE, related_name="origin")
    path = models.CharField(max_length=300, unique=True)
    text = models.TextField()
    revision = models.PositiveIntegerField(help_text="the runbook's, as imported")
    imported_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.path
