"""What people do to runs beyond starting and stopping them: edited inputs, and retries of many runs at once.

Owns columns, constraints and indexes. Never changes a run: services do.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from orchestration.ids import short
from orchestration.models.run import Run


class InputEdit(models.Model):
    """What a step of a retried run is given in place of what its manifest makes. Its run is the new one."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="input_edits", db_index=False)
    step = models.CharField(max_length=63)
    input = models.TextField(help_text="JSON, or ref:<payload id>")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="one_edit_a_step")]

    def __str__(self) -> str:
        return f"edited input of {self.step}"


class BulkRetry(models.Model):
    """A job that retries the runs of a list, a batch at a time. Its runs are rows from the start, so it can be gone on with."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"

    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    key = models.CharField(max_length=64, unique=True, help_text="the same key is the same job")
    filter = models.JSONField(help_text="what the list was filtered by")
    total = models.IntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    cancel_reason = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["id"], name="bulk_retry_running", condition=models.Q(state="running"))]

    def __str__(self) -> str:
        return f"bulk retry {self.pk}"


class BulkRetryItem(models.Model):
    """One run of a job and what became of it. Ids, no keys: retention may delete old runs, and the job keeps its account."""

    class State(models.TextChoices):
        PENDING = "pending"
        RETRIED = "retried"
        REFUSED = "refused"
        CANCELLED = "cancelled"

    bulk = models.ForeignKey(BulkRetry, on_delete=models.CASCADE, related_name="items", db_index=False)
    run_id = models.UUIDField()
    workflow = models.CharField(max_length=63)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    retried_as = models.UUIDField(null=True)
    message = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "run_id"], name="one_item_a_run")]
        indexes = [models.Index(fields=["bulk", "state", "id"], name="bulk_retry_items")]

    def __str__(self) -> str:
        return f"run {self.run_id} of bulk retry {self.bulk_id}"

    @property
    def short_id(self) -> str:
        """As pages name the run: `7f3c-91a2`."""
        return short(self.run_id)

    @property
    def retried_short(self) -> str:
        """The same of its retry."""
        return short(self.retried_as) if self.retried_as else ""
