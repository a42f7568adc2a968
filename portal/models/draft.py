"""What somebody was typing in an editor, kept in case the browser closes: one for each person and page, replaced as they type."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """The fields of a form that was not sent. `place`: the path of the editor's page."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=200)
    fields = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-saved_at"]
        constraints = [models.UniqueConstraint(fields=["user", "place"], name="one_draft_a_page")]

    def __str__(self) -> str:
        return f"draft of {self.user} for {self.place}"
