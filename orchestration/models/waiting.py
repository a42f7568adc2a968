"""What steps wait for that is no timer: an event, a person, the items of a loop.

Owns columns, constraints and indexes. Never ends a wait: engine/answer.py does.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from orchestration.models.run import Run, StepRun
from orchestration.models.team import Team


class Subscription(models.Model):
    """A step that waits for an event. Gone when the wait is over: EventReceipt says what it was given."""

    step = models.OneToOneField(StepRun, on_delete=models.CASCADE, primary_key=True, related_name="subscription")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="subscriptions")
    type = models.CharField(max_length=127)
    correlation = models.CharField(max_length=500)
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["type", "correlation"], name="subscription_correlated")]

    def __str__(self) -> str:
        return f"step {self.step_id} waits for {self.type}"


class Approval(models.Model):
    """A question to a team, and its answer. Kept with the run: who decided what, when, with which words."""

    class Decision(models.TextChoices):
        OPEN = ""
        APPROVED = "approved"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"

    step = models.ForeignKey(StepRun, on_delete=models.CASCADE, related_name="approvals", db_index=False)
    fence = models.IntegerField(help_text="of the attempt that asks")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="approvals")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="approvals", db_index=False)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    on_timeout = models.CharField(max_length=8, blank=True, default="", help_text="approve or reject")
    decision = models.CharField(max_length=9, blank=True, default="", choices=Decision.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "fence"], name="one_question_an_attempt")]
        indexes = [
            models.Index(fields=["team", "id"], name="approval_open", condition=models.Q(decision="")),
            models.Index(fields=["team", "-id"], name="approval_team"),
            models.Index(
                fields=["decided_by"], name="approval_decided_by", condition=models.Q(decided_by__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk} of {self.team.name}: {self.decision or 'open'}"


class Loop(models.Model):
    """The items of a `for_each`: how many there are, have begun, are open and failed. Kept with the run."""

    step = models.OneToOneField(StepRun, on_delete=models.CASCADE, primary_key=True, related_name="loop")
    total = models.IntegerField()
    begun = models.IntegerField(default=0)
    open = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    degraded = models.IntegerField(default=0)
    parallel = models.IntegerField(help_text="max_parallel")
    tolerated = models.IntegerField(help_text="so many items may fail")

    def __str__(self) -> str:
        return f"{self.begun} of {self.total} items of step {self.step_id}"
