"""Contracts and their immutable versions. Never compares two: that is governance/contracts' job."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models import Team
from orchestration.models.governed import GovernedManager


class Contract(models.Model):
    """A named agreement on the shape of payloads."""

    name = models.CharField(max_length=127, unique=True)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="contracts")
    description = models.TextField(blank=True, default="")
    format = models.CharField(max_length=16, default="jsonschema")
    policy = models.CharField(max_length=16, default="tolerant")
    created_at = models.DateTimeField(auto_now_add=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ContractVersion(models.Model):
    """One version; its schema never changes."""

    class State(models.TextChoices):
        DRAFT = "draft"
        PROPOSED = "proposed"
        ACTIVE = "active"
        DEPRECATED = "deprecated"
        RETIRED = "retired"
        REJECTED = "rejected"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=64)
    precedence = models.CharField(max_length=96)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    schema = models.JSONField()
    canonical = models.JSONField()
    content_hash = models.CharField(max_length=64)
    source = models.JSONField(default=dict, blank=True)
    reason = models.TextField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    sunset_at = models.DateTimeField(null=True, blank=True, help_text="from then on it may be retired")
    warned_at = models.DateTimeField(null=True, blank=True, help_text="when users were told that the sunset comes near")
    successor = models.CharField(max_length=64, blank=True, default="", help_text="the version to move to")
    retired_at = models.DateTimeField(null=True, blank=True)
    objects = GovernedManager()
    history = HistoricalRecords(excluded_fields=["schema", "canonical"])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contract", "version"], name="one_contract_version")]
        indexes = [
            models.Index(fields=["sunset_at"], name="contract_sunset", condition=models.Q(sunset_at__isnull=False)),
        ]
        ordering = ["contract", "-precedence"]

    def __str__(self) -> str:
        return f"{self.contract.name}@{self.version}"
