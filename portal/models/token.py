"""API tokens: a subset of their owner's verbs, for one team or all of the owner's, until a date.

Only a hash is kept; the token is shown once. Never carries the verb to review.
"""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from orchestration.models import Team


def digest(secret: str) -> str:
    """sha256 is enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def generate() -> str:
    """A new token: a prefix that scanners for leaked secrets can know, and 256 random bits."""
    return "plb_" + secrets.token_urlsafe(32)


class Token(models.Model):
    """One token of one person. `verbs` are names of portal.permissions.Verb."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="its first characters, to tell tokens apart")
    verbs = models.JSONField(default=list)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    history = HistoricalRecords(excluded_fields=["hash", "last_used_at"])

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def is_live(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > timezone.now()
