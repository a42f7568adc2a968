"""Bulk changes: one thing that somebody asked of many documents at once, and what became of each.

Owns the record of asking and answering, by which a doubled click does nothing twice and a killed process is gone on with. No
governed object: the documents' own histories and the audit log say what was written.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class BulkChange(models.Model):
    """One of them. `lines`: a document each, in the order asked; an empty outcome is still to come."""

    #: Made by whoever asks: the same key again is the same bulk change.
    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=16, help_text="decision, runbook, postmortem or pattern")
    field = models.CharField(max_length=16, help_text="owner, status or review_by")
    value = models.CharField(max_length=63, blank=True, default="")
    reason = models.TextField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    lines = models.JSONField(help_text="[{key, title, revision, was, outcome, detail}, …]")
    #: Its entries of the audit log lie between these, among those of others.
    first_entry = models.BigIntegerField(null=True)
    last_entry = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"bulk {self.pk}"
