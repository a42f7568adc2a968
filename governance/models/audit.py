"""The audit log: one chain of entries, and its head. Never changed or deleted: triggers in both databases refuse it."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """What somebody did to a governed object. `canonical` is the text that `hash` was made of, with `previous` before it."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(help_text="never before that of the entry before")
    actor = models.CharField(max_length=150)
    via = models.CharField(max_length=120)
    action = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=64)
    object_name = models.CharField(max_length=200)
    reason = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    canonical = models.BinaryField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-sequence"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["at", "sequence"], name="audit_at"),
            models.Index(fields=["actor", "-sequence"], name="audit_actor"),
            models.Index(fields=["action", "-sequence"], name="audit_action"),
            models.Index(fields=["object_kind", "-sequence"], name="audit_kind"),
            models.Index(fields=["object_name", "object_kind", "-sequence"], name="audit_name"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.actor} {self.action} {self.object_kind} {self.object_name}"


class AuditHead(models.Model):
    """The one row that says where the chain ends. It is locked while an entry is appended, so entries queue here."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence}: {self.hash[:12]}"


class AuditVerification(models.Model):
    """What the last walk along the whole chain came to. One row, written anew by each walk."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    entries = models.BigIntegerField()
    problem = models.TextField(blank=True, default="", help_text="empty for a whole chain")

    def __str__(self) -> str:
        return self.problem or f"{self.entries} entries are whole"
