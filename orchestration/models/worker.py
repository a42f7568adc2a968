"""Worker processes that are alive, and when the engine's periodic work last ran. Never used to decide a lease."""

from __future__ import annotations

from django.db import models


class WorkerProcess(models.Model):
    """One row per worker process; its heartbeat renews the leases that carry its id."""

    id = models.CharField(primary_key=True, max_length=36)
    hostname = models.CharField(max_length=255)
    pid = models.IntegerField()
    queue = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    stuck = models.IntegerField(default=0, help_text="slots held by steps that outlived their deadline")

    def __str__(self) -> str:
        return f"{self.hostname}:{self.pid}"


class EngineMark(models.Model):
    """The last time a piece of periodic work ran, for /readyz."""

    name = models.CharField(primary_key=True, max_length=32)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"
