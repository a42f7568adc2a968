"""Decision records (ADRs), what they concern, amend and relate to, and the files they came from.

`revision` grows with each save: an older one is a conflict.
"""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.contract import Contract
from governance.models.linking import to_one
from orchestration.models import Dependency, Team, Workflow
from orchestration.models.governed import GovernedManager


class Decision(models.Model):
    """One decision. `number` comes from the database, so two people never get one."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        PROPOSED = "proposed"
        ACCEPTED = "accepted"
        REJECTED = "rejected"
        DEPRECATED = "deprecated"
        SUPERSEDED = "superseded"

    number = models.PositiveIntegerField(unique=True)
    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    date = models.DateField()
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="decisions")
    body = models.TextField()
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes"
    )
    front_matter = models.JSONField(default=dict, blank=True, help_text="what a loaded file said beyond these columns")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"


class DecisionLink(models.Model):
    """A decision concerns a workflow, a dependency or a contract; shown on both ends."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="links")
    workflow = models.ForeignKey(
        Workflow, null=True, blank=True, on_delete=models.CASCADE, related_name="decision_links"
    )
    dependency = models.ForeignKey(
        Dependency, null=True, blank=True, on_delete=models.CASCADE, related_name="decision_links"
    )
    contract = models.ForeignKey(
        Contract, null=True, blank=True, on_delete=models.CASCADE, related_name="decision_links"
    )
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        constraints = [
            to_one("decision_link_to_one"),
            models.UniqueConstraint(fields=["decision", "workflow"], name="one_decision_link"),
            models.UniqueConstraint(fields=["decision", "dependency"], name="one_decision_dependency"),
            models.UniqueConstraint(fields=["decision", "contract"], name="one_decision_contract"),
        ]

    def __str__(self) -> str:
        return f"{self.decision.slug} concerns {self.workflow or self.dependency or self.contract}"


class DecisionRelation(models.Model):
    """A decision amends another, or relates to it in words of its own; shown on both ends."""

    class Kind(models.TextChoices):
        AMENDS = "amends"
        RELATES = "relates"

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="relations_from")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    words = models.CharField(max_length=60, blank=True, default="", help_text="as its file says it: Clarifies, …")
    #: What a loaded file states is the file's: the next import writes it anew.
    by_hand = models.BooleanField(default=False, db_default=False)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "other", "kind"], name="one_decision_relation"),
            models.CheckConstraint(condition=~models.Q(decision=models.F("other")), name="no_relation_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.decision.slug} {self.kind} {self.other.slug}"


class DecisionSource(models.Model):
    """The file that a decision was imported from. No governed object: it says what was read, not what holds.

    `content_sum` is the decision's as the import left it: another one means that somebody has edited it here.
    """

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="source")
    folder = models.CharField(max_length=120)
    path = models.CharField(max_length=400, help_text="below the folder")
    text = models.TextField()
    encoding = models.CharField(
        max_length=16, blank=True, db_default="", help_text="of the file's bytes; empty for UTF-8"
    )
    content_sum = models.CharField(max_length=64)
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["folder", "path"]
        constraints = [models.UniqueConstraint(fields=["folder", "path"], name="one_decision_per_file")]

    def __str__(self) -> str:
        return f"{self.folder}/{self.path}"
