"""Saved views: a list with its filters under a name, for oneself or for a team.

Opening one is its address. Nothing is stored of rows.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from orchestration.models import Team
from orchestration.models.governed import GovernedManager


class SavedView(models.Model):
    """One view of one list. Without a team it is its owner's alone."""

    page = models.CharField(max_length=40, help_text="the list, by its URL's name")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True, default="", help_text="the filters, as the address has them")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="saved_views")
    created_at = models.DateTimeField(auto_now_add=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "page", "name"], condition=models.Q(team__isnull=True), name="one_own_view"
            ),
            models.UniqueConstraint(
                fields=["team", "page", "name"], condition=models.Q(team__isnull=False), name="one_team_view"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.page}"
