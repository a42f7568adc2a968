"""Rollups: what ended, counted by minute, hour and day; and the outcomes that are still to be counted.

Owns columns and constraints. Filled by telemetry/fold.py alone, from OutcomeBatch rows that the engine writes in the
transaction of the outcome itself. Never read on the engine's hot path.
"""

from __future__ import annotations

from django.db import models


class OutcomeBatch(models.Model):
    """Outcomes of one transaction that are not counted yet, as JSON (telemetry/outcomes.py). Deleted when counted."""

    data = models.TextField()

    def __str__(self) -> str:
        return f"outcomes {self.pk}"


class Series(models.Model):
    """What is counted together. By name, so that it outlives versions and dependencies.

    `run`: workflow, version ('' for all) · `step`: workflow, version ('' for all), step; durations without queue wait ·
    `queue`: workflow, step; how long a step waited for a worker · `call`: dependency, and workflow and step of the caller or ''
    and '' for all; one call each, retries included · `retry`: workflow, step, label = error type · `objective`: label = its id.
    """

    class Kind(models.TextChoices):
        RUN = "run"
        STEP = "step"
        QUEUE = "queue"
        CALL = "call"
        RETRY = "retry"
        OBJECTIVE = "objective"

    kind = models.CharField(max_length=9, choices=Kind.choices)
    workflow = models.CharField(max_length=63, blank=True, default="")
    version = models.CharField(max_length=64, blank=True, default="")
    step = models.CharField(max_length=63, blank=True, default="")
    dependency = models.CharField(max_length=63, blank=True, default="")
    label = models.CharField(max_length=127, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "workflow", "dependency", "step", "version", "label"], name="one_series"
            )
        ]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        parts = (self.kind, self.workflow, self.version, self.step, self.dependency, self.label)
        return " ".join(part for part in parts if part)


class Rollup(models.Model):
    """Of one series, what ended in the interval that begins at `ts` (UTC).

    n = ok + error + timeout + degraded, what counts in a rate. `slo_bad`: an objective's bad events; a dependency's slow
    calls. Durations in seconds, of `hist` entries (telemetry/histogram.py).
    """

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    ts = models.DateTimeField()
    n = models.BigIntegerField(default=0)
    ok = models.BigIntegerField(default=0)
    error = models.BigIntegerField(default=0)
    timeout = models.BigIntegerField(default=0)
    degraded = models.BigIntegerField(default=0)
    cancelled = models.BigIntegerField(default=0)
    retries = models.BigIntegerField(default=0)
    slo_bad = models.BigIntegerField(default=0)
    sum = models.FloatField(default=0.0)
    min = models.FloatField(null=True)
    max = models.FloatField(null=True)
    hist = models.BinaryField(default=bytes)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"series {self.series_id} at {self.ts}: {self.n}"


class RollupMinute(Rollup):
    """Kept for 48 hours."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "ts"], name="one_minute")]
        indexes = [models.Index(fields=["ts"], name="minute_ts")]


class RollupHour(Rollup):
    """Kept for 90 days."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "ts"], name="one_hour")]
        indexes = [models.Index(fields=["ts"], name="hour_ts")]


class RollupDay(Rollup):
    """Kept for two years."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "ts"], name="one_day")]
        indexes = [models.Index(fields=["ts"], name="day_ts")]


class RollupDirty(models.Model):
    """An hour whose minutes have changed, or a day whose hours have, since it was last summed up."""

    grain = models.CharField(max_length=4, choices=[("hour", "hour"), ("day", "day")])
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    ts = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grain", "ts", "series"], name="dirty_once")]

    def __str__(self) -> str:
        return f"{self.grain} {self.ts} of {self.series_id}"
