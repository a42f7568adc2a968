"""Patterns: documented ways of building workflows. `revision` grows with each save.

A pattern without an owner came with the product and belongs to the whole installation. Never says who uses it:
governance/patterns/usage.py reads that out of the manifests.
"""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models import Team
from orchestration.models.governed import GovernedManager


class Pattern(models.Model):
    """One way, with when to use it, when not, and a manifest that shows it."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        ACTIVE = "active"
        RETIRED = "retired"

    slug = models.SlugField(max_length=63, unique=True)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    owner = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="patterns")
    summary = models.CharField(max_length=300, blank=True, default="")
    body = models.TextField()
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.slug
