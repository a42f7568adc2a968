"""Postmortems, what each is about, and what people made of its timeline. `revision` grows with each save.

Owns columns and constraints. A line of the timeline that comes out of the live database has no row here until somebody pins,
hides or annotates it. Never a column for one root cause: a postmortem names several contributing factors.
"""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.contract import Contract
from governance.models.linking import to_one
from orchestration.models import Dependency, Team, Workflow
from orchestration.models.governed import GovernedManager


class Postmortem(models.Model):
    """What happened, why it could, and what is done about it. Once published its timeline and figures stand still."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        IN_REVIEW = "in_review", "In review"
        PUBLISHED = "published"

    class Severity(models.TextChoices):
        CRITICAL = "critical"
        MAJOR = "major"
        MINOR = "minor"

    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.MAJOR)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="postmortems")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="empty while it goes on")
    body = models.TextField(help_text="Markdown; governance/postmortems/sections.py knows its headings")
    #: What it was begun from, `alert 12` or `run 0198…`: a second click finds the first one's draft. A word and no key,
    #: since retention deletes runs.
    source = models.CharField(max_length=60, blank=True, default="")
    frozen = models.JSONField(null=True, blank=True, help_text="timeline and figures as of publishing")
    published_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords(excluded_fields=["frozen"])

    class Meta:
        ordering = ["-number"]
        indexes = [models.Index(fields=["owner", "-number"], name="postmortem_owner")]
        constraints = [
            models.UniqueConstraint(fields=["source"], name="one_postmortem_of", condition=~models.Q(source="")),
        ]

    def __str__(self) -> str:
        return f"postmortem {self.number}"

    @property
    def is_published(self) -> bool:
        """Whether its timeline and figures stand still."""
        return self.status == self.Status.PUBLISHED


class PostmortemLink(models.Model):
    """A postmortem is about a workflow, a dependency or a contract; shown on both ends."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="links")
    workflow = models.ForeignKey(
        Workflow, null=True, blank=True, on_delete=models.CASCADE, related_name="postmortem_links"
    )
    dependency = models.ForeignKey(
        Dependency, null=True, blank=True, on_delete=models.CASCADE, related_name="postmortem_links"
    )
    contract = models.ForeignKey(
        Contract, null=True, blank=True, on_delete=models.CASCADE, related_name="postmortem_links"
    )
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        constraints = [
            to_one("postmortem_link_to_one"),
            models.UniqueConstraint(fields=["postmortem", "workflow"], name="one_postmortem_workflow"),
            models.UniqueConstraint(fields=["postmortem", "dependency"], name="one_postmortem_dependency"),
            models.UniqueConstraint(fields=["postmortem", "contract"], name="one_postmortem_contract"),
        ]

    def __str__(self) -> str:
        return f"{self.postmortem} is about {self.workflow or self.dependency or self.contract}"


class TimelineMark(models.Model):
    """What a person made of one line: pinned or hidden, with a note; or a line of their own, whose `key` begins with own:."""

    class Shown(models.TextChoices):
        PLAIN = "plain"
        PINNED = "pinned"
        HIDDEN = "hidden"

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="marks")
    key = models.CharField(max_length=255)
    shown = models.CharField(max_length=8, choices=Shown.choices, default=Shown.PLAIN)
    note = models.TextField(blank=True, default="")
    #: The line as it was: retention may delete what it was read from.
    at = models.DateTimeField()
    text = models.TextField()
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["postmortem", "key"], name="one_timeline_mark")]

    def __str__(self) -> str:
        return f"line {self.key[:60]} of {self.postmortem}"
