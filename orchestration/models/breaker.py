"""What the fleet knows together of each dependency: its breaker, who waits for it, its slots and rate, last good outputs.

Owns columns and indexes. Never decides a transition: policies/breaker.py does, and engine/breakers.py writes it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from orchestration.models.run import StepRun
from orchestration.policies.breaker import State


class Breaker(models.Model):
    """One row per dependency, by name: it outlives the manifest, and a call may come before the row does."""

    name = models.CharField(max_length=63, unique=True)
    state = models.CharField(
        max_length=12, choices=[(state.value, state.value) for state in State], default=State.CLOSED
    )
    generation = models.IntegerField(default=0)
    since = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True, help_text="open: when the next calls may be tried")
    window = models.JSONField(default=dict, help_text="counts, permits and trial, as policies/breaker.py has them")
    forced_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    forced_reason = models.TextField(blank=True, default="")
    forced_until = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True, help_text="when parked steps were let go last")
    released = models.IntegerField(default=0, help_text="how many then")
    probe_next = models.DateTimeField(null=True)
    probed_at = models.DateTimeField(null=True)
    probe_failures = models.IntegerField(default=0, help_text="in a row")
    probe_error = models.TextField(blank=True, default="")
    probe_seconds = models.FloatField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["probe_next"], name="breaker_probe", condition=models.Q(probe_next__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class BreakerTransition(models.Model):
    """One move of one breaker, for good: its history. `why` in words, `figures` the counts that decided it."""

    name = models.CharField(max_length=63)
    at = models.DateTimeField()
    source = models.CharField(max_length=12)
    target = models.CharField(max_length=12)
    why = models.CharField(max_length=200)
    figures = models.JSONField(default=dict)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["name", "-at"], name="breaker_history")]

    def __str__(self) -> str:
        return f"{self.name}: {self.source} to {self.target}"


class Parking(models.Model):
    """A step that waits for its dependency without a worker; gone once it was let go."""

    class Kind(models.TextChoices):
        BREAKER = "breaker"
        BULKHEAD = "bulkhead"
        RATE = "rate"
        RETRY_BUDGET = "retry_budget", "retry budget"

    step = models.OneToOneField(StepRun, primary_key=True, on_delete=models.CASCADE, related_name="parking")
    dependency = models.CharField(max_length=63)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    since = models.DateTimeField()
    message = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["dependency", "kind", "step"], name="parking_queue")]

    def __str__(self) -> str:
        return f"step {self.step_id} waits for {self.dependency}"


class BulkheadSlot(models.Model):
    """One of the places for calls at one time. Held while `until` is in the future."""

    dependency = models.CharField(max_length=63)
    number = models.IntegerField()
    worker_id = models.CharField(max_length=36, blank=True, default="")
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dependency", "number"], name="one_slot_once")]

    def __str__(self) -> str:
        return f"slot {self.number} of {self.dependency}"


class RateState(models.Model):
    """How far ahead a dependency's calls are reserved (policies/rate.py), in seconds since the epoch."""

    name = models.CharField(max_length=63, unique=True)
    arrival = models.FloatField(default=0.0)

    def __str__(self) -> str:
        return self.name


class LastGood(models.Model):
    """The latest output that a step gave for one input; of steps only that fall back to it."""

    workflow = models.CharField(max_length=63)
    step = models.CharField(max_length=63)
    input_hash = models.CharField(max_length=64)
    output = models.TextField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workflow", "step", "input_hash"], name="one_last_good")]

    def __str__(self) -> str:
        return f"{self.step} of {self.workflow} at {self.at:%Y-%m-%d %H:%M}"
