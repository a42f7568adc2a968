"""Periodic reviews of dependencies, as they were signed off. A row is never changed; the newest of each area counts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models import Dependency
from orchestration.models.governed import GovernedManager


class DependencyReview(models.Model):
    """One person's sign-off for one area of one dependency, with what they found."""

    dependency = models.ForeignKey(Dependency, on_delete=models.PROTECT, related_name="reviews")
    area = models.CharField(max_length=127, help_text="as the manifest named it then: security, reliability, …")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    findings = models.TextField()
    signed_at = models.DateTimeField()
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["dependency", "area", "-id"], name="dependency_review_newest")]

    def __str__(self) -> str:
        return f"{self.area} of {self.dependency}"
