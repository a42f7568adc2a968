"""What each person has read of their inbox, how they want to be told, and the digests that were sent.

Owns the tables. An item of the inbox has no row: it is what waits now (portal/inbox). Never holds what a mail said.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager


class ReadMark(models.Model):
    """One item that one person has read. `key` names what waits and as of when, so that what waits anew is unread."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=240)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_read_mark")]

    def __str__(self) -> str:
        return f"{self.key} by {self.user_id}"


class NotificationChoice(models.Model):
    """How one person wants to be told. Who has no row has the defaults of portal/inbox/choices.py."""

    class Digest(models.TextChoices):
        OFF = "off", "Never"
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Once a week"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="notification_choice"
    )
    hidden = models.JSONField(default=list, help_text="kinds that the inbox leaves out")
    unmailed = models.JSONField(default=list, help_text="kinds that the digest leaves out")
    digest = models.CharField(max_length=8, choices=Digest.choices, default=Digest.OFF)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="of a weekly digest; 0 is Monday")
    hour = models.PositiveSmallIntegerField(default=8, help_text="in the person's time zone")
    changed_at = models.DateTimeField(help_text="no digest is sent for an hour before it")
    objects = GovernedManager()
    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"notifications of {self.user}"


class Digest(models.Model):
    """One person's digest of one day or week: at most one is ever sent. Written before it is sent."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    period = models.CharField(max_length=12, help_text="2026-11-26, or 2026-W48")
    began_at = models.DateTimeField()
    #: After a refusal: when to try again. None while it is being sent, and when it is over.
    next_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    items = models.PositiveIntegerField(default=0, help_text="0: nothing was to be told, so nothing was sent")
    error = models.CharField(max_length=200, blank=True, default="", help_text="of the last attempt")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "period"], name="one_digest_a_period")]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="digest_due"),
            models.Index(fields=["began_at"], name="digest_began"),
        ]

    def __str__(self) -> str:
        return f"{self.period} for {self.user_id}"
