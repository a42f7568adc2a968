"""Recount: the outcomes that the rows of runs, steps and attempts stand for, as if they were written down again.

Owns how a row becomes an outcome; the same as the engine noted at the time (outcomes.py), which a test compares. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from django.db.models import Case, Exists, F, OuterRef, Subquery, When
from django.db.models.functions import Coalesce

from orchestration.engine.claim import FORWARD
from orchestration.models import Attempt, Run, StepRun
from orchestration.states import Compensation, RunStatus, StepStatus
from orchestration.telemetry.outcomes import COUNTED, Row, run_row, step_row, try_row

_FETCHED = 5_000


class _Step(NamedTuple):
    name: str
    attempt: int
    ready_at: datetime | None
    claimed_at: datetime | None


def chunks(since: datetime, size: int) -> Iterator[list[Row]]:
    """All that ended since, `size` rows at a time."""
    for rows in (_runs(since), _steps(since), _tries(since)):
        while chunk := list(islice(rows, size)):
            yield chunk


def _runs(since: datetime) -> Iterator[Row]:
    ended = Run.objects.filter(status=RunStatus.FINISHED, finished_at__gte=since)
    columns = ("version_id", "result", "started_at", "created_at", "finished_at")
    for version, result, started, created, finished in ended.values_list(*columns).iterator(_FETCHED):
        assert finished is not None
        yield run_row(version, result, began=started or created, at=finished)


def _steps(since: datetime) -> Iterator[Row]:
    ended = StepRun.objects.filter(status__in=list(COUNTED), finished_at__gte=since, reused_from=None, loop=None)
    tries = Attempt.objects.filter(step=OuterRef("pk"), phase=FORWARD).order_by("-fence")
    # A compensation has its own time of claim, over that of the step.
    claimed = Case(
        When(compensation=Compensation.NONE, then=F("claimed_at")),
        default=Coalesce(Subquery(tries.values("started_at")[:1]), F("started_at")),
    )
    steps = ended.annotate(version=F("run__version_id"), last_claim=claimed, is_told=Exists(tries))
    columns = ("version", "name", "status", "attempt", "ready_at", "last_claim", "started_at", "finished_at", "is_told")
    for version, *step, began, at, told in steps.values_list(*columns).iterator(_FETCHED):
        name, status, attempt, ready, last = step
        plain = status == StepStatus.SUCCEEDED and not told
        yield step_row(version, _Step(name, attempt, ready, last), status, at, began=began, plain=plain)


def _tries(since: datetime) -> Iterator[Row]:
    ended = Attempt.objects.filter(finished_at__gte=since)
    columns = (
        "step__run__version_id",
        "step__name",
        "phase",
        "outcome",
        "started_at",
        "finished_at",
        "error_type",
        "next_at",
    )
    for version, name, phase, outcome, began, at, error, following in ended.values_list(*columns).iterator(_FETCHED):
        yield try_row(version, name, phase, outcome, began=began, at=at, error=error, retried=following is not None)
