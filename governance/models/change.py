"""Changes: requests to do what others rely on, whom they ask, and the reviews that decide them.

A row of a review is never changed. Never decides anything: governance/gate does.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.contract import ContractVersion
from orchestration.models import Team
from orchestration.models.governed import GovernedManager


class Change(models.Model):
    """Something that waits at the gate: what is asked, what a comparison says of it, and how far it has come.

    `kind` names the subject (governance/gate/subjects.py), `name` and `number` the object: `payment.receipt`, `4.0.0`.
    """

    class State(models.TextChoices):
        OPEN = "open"
        CHANGES_REQUESTED = "changes_requested", "changes requested"
        APPROVED = "approved"
        SCHEDULED = "scheduled"
        APPLIED = "applied"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    class Rollout(models.TextChoices):
        AT_ONCE = "at_once", "as soon as it is approved"
        SCHEDULED = "scheduled", "at a time"
        BY_HAND = "by_hand", "by hand"

    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=127)
    number = models.CharField(max_length=64, blank=True, default="")
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    #: The contract version that it is about, where it is about one; and the one that it was compared with.
    version = models.ForeignKey(ContractVersion, null=True, on_delete=models.PROTECT, related_name="changes")
    base = models.ForeignKey(ContractVersion, null=True, on_delete=models.PROTECT, related_name="+")
    proposal = models.JSONField(
        default=dict, blank=True, help_text="what is asked beyond the object: dates, a successor"
    )
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    verdict = models.CharField(max_length=12)
    report = models.JSONField(help_text="what the judgement says: level, policy, findings, witness, differences")
    content_hash = models.CharField(max_length=64)
    #: How often it was written: a review of an earlier one stays void, also when the same is asked again.
    revision = models.PositiveIntegerField(default=0)
    teams = models.ManyToManyField(Team, through="ReviewRequest", related_name="+")
    rollout = models.CharField(max_length=12, choices=Rollout.choices, default=Rollout.AT_ONCE)
    apply_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-id"], name="change_state"),
            models.Index(fields=["kind", "name", "number"], name="change_object"),
        ]
        constraints = [
            # Two people who ask for the same at once: one of them is told of the other's.
            models.UniqueConstraint(
                fields=["kind", "name", "number"],
                name="one_open_change",
                condition=models.Q(state__in=["open", "changes_requested", "approved", "scheduled"]),
            )
        ]

    def __str__(self) -> str:
        return f"change {self.pk}: {self.object}"

    @property
    def object(self) -> str:
        """What it is about, as people name it."""
        return f"{self.name}@{self.number}" if self.number else self.name

    @property
    def title(self) -> str:
        """`order.placed 1.2.0 to 2.0.0`, `Deprecate order.placed 1.2.0`."""
        before = self.base.version if self.base else self.report.get("base", "")
        if self.kind in ("contract.publish", "workflow.release"):
            return f"{self.name} {before} to {self.number}" if before else f"{self.name} {self.number}"
        verb = self.kind.partition(".")[2].capitalize()
        return f"{verb} {self.name} {self.number}".strip()


class ReviewRequest(models.Model):
    """A team that a change asks, why, and how many of its people must approve."""

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="requests")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    needed = models.PositiveSmallIntegerField(default=1)
    why = models.CharField(max_length=200)
    #: Asked by a GatePolicy: what it asked for stays asked, whatever becomes of the policy meanwhile.
    by_policy = models.BooleanField(default=False)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["change", "team"], name="one_request_a_team")]

    def __str__(self) -> str:
        return f"{self.change} asks {self.team}"


class Review(models.Model):
    """One person's vote on a change, for one team, bound to the content that was seen."""

    class Vote(models.TextChoices):
        APPROVE = "approve"
        REQUEST_CHANGES = "request_changes", "request changes"
        REJECT = "reject"

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="reviews")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    vote = models.CharField(max_length=16, choices=Vote.choices)
    reason = models.TextField()
    content_hash = models.CharField(max_length=64)
    #: Whose place the person takes: an approver who delegated, or a team that stands in.
    for_person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    stand_in = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["change", "person", "content_hash"], name="one_review_a_person"),
            models.UniqueConstraint(fields=["change", "for_person", "content_hash"], name="one_review_a_delegation"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.vote}"


class Comment(models.Model):
    """What somebody said about a change, or about one of its findings (by fingerprint); answers name their parent."""

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="comments")
    finding = models.CharField(max_length=16, blank=True, default="")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="answers")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.author} on {self.change}"
