"""Outcomes of contract tests that services' pipelines report. A row is never changed; the newest of each side counts."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from governance.models.contract import ContractVersion


class VerificationResult(models.Model):
    """One run of the tests of one side of a contract version: a provider's or a consumer's."""

    class Side(models.TextChoices):
        PROVIDER = "provider"
        CONSUMER = "consumer"

    version = models.ForeignKey(ContractVersion, on_delete=models.PROTECT, related_name="verifications")
    role = models.CharField(max_length=8, choices=Side.choices)
    participant = models.CharField(max_length=127, help_text="the service whose pipeline ran the tests")
    commit = models.CharField(max_length=64)
    passed = models.BooleanField()
    url = models.URLField(max_length=500, blank=True, default="")
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["version", "role", "participant", "-id"], name="verification_newest")]

    def __str__(self) -> str:
        return f"{self.participant} as {self.role} of {self.version}"
