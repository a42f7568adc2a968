"""CloudEvents that came in, were emitted here or were sent as a signal, and which run each was given to.

One table is inbox and outbox at once: an event that a step emits may start runs and wake others here, and leaves by
webhooks. Owns columns, constraints and indexes. Never routes one: engine/routing.py does.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from orchestration.models.run import Run, StepRun


class Event(models.Model):
    """One CloudEvent (CloudEvents 1.0). `source` and `event_id` together name it for ever, so that a doubled one is seen."""

    source = models.CharField(max_length=500)
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=127)
    subject = models.CharField(max_length=500, blank=True, default="")
    correlation = models.CharField(max_length=500, blank=True, default="", help_text="correlationid, else the subject")
    time = models.DateTimeField(null=True, help_text="as its producer says")
    data = models.TextField(blank=True, default="", help_text="JSON")
    content_type = models.CharField(max_length=127, blank=True, default="")
    extensions = models.JSONField(default=dict, blank=True)
    received_at = models.DateTimeField()
    #: A signal is for this run alone, whatever its correlation.
    run = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="signals", db_index=False)
    emitted_by = models.ForeignKey(StepRun, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    routed_at = models.DateTimeField(null=True, help_text="when triggers and waiting runs had it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "event_id"], name="one_event_once")]
        indexes = [
            models.Index(fields=["type", "correlation", "id"], name="event_correlated"),
            models.Index(fields=["id"], name="event_unrouted", condition=models.Q(routed_at__isnull=True)),
            models.Index(fields=["correlation", "id"], name="event_by_correlation"),
            models.Index(fields=["received_at"], name="event_received"),
            models.Index(fields=["run", "type"], name="event_signal", condition=models.Q(run__isnull=False)),
            models.Index(fields=["emitted_by"], name="event_emitted", condition=models.Q(emitted_by__isnull=False)),
            models.Index(fields=["actor"], name="event_actor", condition=models.Q(actor__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id} of {self.source}"


class EventReceipt(models.Model):
    """An event that a run was given. Once at most: the next step of that run that waits for its like gets the next one."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="receipts", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="receipts")
    step = models.ForeignKey(StepRun, on_delete=models.CASCADE, related_name="receipts", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "run"], name="one_event_once_a_run")]
        indexes = [models.Index(fields=["step"], name="receipt_step")]

    def __str__(self) -> str:
        return f"event {self.event_id} for step {self.step_id}"
