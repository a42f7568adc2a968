"""Changes: requests to publish what others rely on, and the reviews that decide them. A row of a review is never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.contract import ContractVersion
from orchestration.models import Team


class Change(models.Model):
    """A proposed contract version, what a comparison says of it, and who must agree before it is published."""

    class State(models.TextChoices):
        OPEN = "open"
        CHANGES_REQUESTED = "changes_requested", "changes requested"
        APPLIED = "applied"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    version = models.OneToOneField(ContractVersion, on_delete=models.PROTECT, related_name="change")
    #: The version that it was compared with; none when every comparison fell away.
    base = models.ForeignKey(ContractVersion, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    verdict = models.CharField(max_length=12)
    report = models.JSONField(help_text="level, policy, findings, witness and what the other side says of it")
    content_hash = models.CharField(max_length=64)
    teams = models.ManyToManyField(Team, related_name="+")
    opened_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"], name="change_state")]

    def __str__(self) -> str:
        return f"change {self.pk}: {self.version}"


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
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["change", "person", "content_hash"], name="one_review_a_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.vote}"
