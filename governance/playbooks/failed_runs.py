"""Which failed runs of a workflow a playbook retries: the newest that failed lately and nobody retried. Reads only.

Never counts further than the pages need: a workflow may have failed ten thousand times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from orchestration.ids import floor
from orchestration.manifest import parse_duration
from orchestration.models import Run
from orchestration.states import Compensation, RunResult

MOST, WITHIN = 20, "24h"
#: A run that failed within the time may have begun earlier.
LONGEST = timedelta(days=7)
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of those to retry, and how many failed in all, to COUNTED."""

    chosen: list[str]
    total: int


def failed_runs(parameters: Mapping[str, str], now: datetime) -> Found:
    """By the workflow, and the step and error type where they are given."""
    since = now - timedelta(seconds=parse_duration(parameters.get("within", WITHIN)))
    rows = Run.objects.filter(
        workflow__name=parameters["workflow"], result__in=(RunResult.FAILED, RunResult.TIMED_OUT),
        pk__gte=floor(since - LONGEST), finished_at__gte=since, retries__isnull=True,
    ).exclude(compensation__in=(Compensation.FAILED, Compensation.RUNNING))  # fmt: skip
    if parameters.get("step"):
        rows = rows.filter(failed_step=parameters["step"])
    if parameters.get("error"):  # timeout means timeout.schedule_to_close as well
        error = parameters["error"]
        rows = rows.filter(Q(error_type=error) | Q(error_type__startswith=f"{error}."))
    ids = list(rows.order_by("-pk").values_list("pk", flat=True)[:COUNTED])
    most = int(parameters.get("most", MOST))
    return Found([str(pk) for pk in ids[:most]], len(ids))
