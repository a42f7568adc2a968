"""Webhooks on their way to receivers, and receivers that want no more. A log of deliveries, not a governed object.

Owns the two tables and what state a delivery is in. Never holds a secret: the team's manifest names one.
"""

from __future__ import annotations

from django.db import models

from orchestration.manifest import LONGEST_WEBHOOK_URL
from orchestration.models import Team


class WebhookDelivery(models.Model):
    """One event for one channel of a team: written with what it tells of, sent later, by whoever claims it."""

    class State(models.TextChoices):
        WAITS = "waits"
        DELIVERED = "delivered"
        FAILED = "failed"

    #: The `webhook-id`: the same for all channels and all attempts, so that a receiver can tell a repetition.
    event_id = models.CharField(max_length=40)
    type = models.CharField(max_length=127)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+", db_index=False)
    url = models.CharField(max_length=LONGEST_WEBHOOK_URL)
    payload = models.TextField(help_text="the JSON text as it is signed and sent")
    # With a default of the database: workers of the release before insert rows without it.
    content_type = models.CharField(max_length=40, default="application/json", db_default="application/json")
    created_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: When it may be sent; while it is being sent, when the claim ends, which fences late results. None when it is over.
    next_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["team", "-id"], name="webhook_team"),
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="webhook_due"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id} to {self.url}"

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.delivered_at is not None:
            return self.State.DELIVERED
        return self.State.WAITS if self.failed_at is None else self.State.FAILED


class GoneReceiver(models.Model):
    """A receiver that answered 410 Gone: nothing is sent to it until somebody says Send again."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=LONGEST_WEBHOOK_URL)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "url"], name="one_gone_receiver")]

    def __str__(self) -> str:
        return f"{self.url} of {self.team_id}"
