"""Teams and who belongs to them. A team is the tenant that owns work. Never decides what a role may do: portal does."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models.governed import GovernedManager


class Role(models.TextChoices):
    """What a member may do for the team; the table of verbs is in portal/permissions.py."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    MAINTAINER = "maintainer"
    APPROVER = "approver"


class Team(models.Model):
    """Owner of workflows, dependencies, contracts and documents."""

    name = models.SlugField(max_length=63, unique=True)
    description = models.TextField(blank=True, default="")
    document = models.JSONField(default=dict, blank=True)
    content_hash = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One role of one person in one team; a person may hold several."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user", "role"], name="one_role_once")]
        ordering = ["team__name", "role"]

    def __str__(self) -> str:
        return f"{self.user} {self.role} of {self.team}"
