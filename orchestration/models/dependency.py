"""Dependencies (services that steps call) and shared retry policies, as last applied. Never holds a secret's value."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager
from orchestration.models.team import Team


class Dependency(models.Model):
    """A service outside, called by http steps through its base_url."""

    name = models.SlugField(max_length=63, unique=True)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="dependencies")
    description = models.TextField(blank=True, default="")
    document = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    source = models.JSONField(default=dict, blank=True)
    applied_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "dependencies"

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> dict[str, object]:
        """The manifest's `spec`."""
        spec = self.document.get("spec", {})
        return spec if isinstance(spec, dict) else {}


class DependencyEnd(models.Model):
    """What a service announced of its own end, in the answers that steps got from it; as heard last."""

    dependency = models.OneToOneField(Dependency, on_delete=models.CASCADE, related_name="end")
    deprecated_at = models.DateTimeField(null=True)
    sunset_at = models.DateTimeField(null=True)
    link = models.CharField(max_length=500, blank=True, default="")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.dependency} ends {self.sunset_at}"


class RetryPolicy(models.Model):
    """A retry policy that several workflows name."""

    name = models.SlugField(max_length=63, unique=True)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="retry_policies")
    document = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    source = models.JSONField(default=dict, blank=True)
    applied_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "retry policies"

    def __str__(self) -> str:
        return self.name
