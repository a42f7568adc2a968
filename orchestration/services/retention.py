"""Retention: runs that finished long ago are deleted, with their steps, attempts, events and payloads.

Owns which runs may go and how many at once. Never touches an open run, one that another run still builds upon, one that
a person must still put right, or anything but the tables of runs.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from orchestration import clock
from orchestration.ids import floor
from orchestration.models import (
    Attempt,
    InputEdit,
    Parking,
    Payload,
    Run,
    RunEvent,
    RunFlag,
    ScheduleTick,
    StepRun,
    TriggerFiring,
)
from orchestration.states import Compensation, RunStatus

#: One transaction should take no longer: SQLite has one writer, and timers wait behind a long one.
SHORT = 0.1
FEWEST_RUNS, MOST_RUNS = 20, 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many runs were deleted, and whether time was up before the end."""

    runs: int
    more: bool


def prune(*, days: float, seconds: float | None = None) -> Pruned:
    """Delete runs that finished more than `days` ago, oldest first, for at most about `seconds`. Harmless when doubled."""
    if days <= 0:
        raise ValueError(f"{days} days would delete every finished run")
    before = clock.now() - timedelta(days=days)
    _forget_failures(before)
    began, size, deleted, last = time.monotonic(), FEWEST_RUNS, 0, uuid.UUID(int=0)
    while seconds is None or time.monotonic() - began < seconds:
        batch_began = time.monotonic()
        ids, gone = _batch(before, last, size)
        deleted += gone
        if not ids:
            return Pruned(deleted, more=False)
        last = ids[-1]
        # A run may have one step or thousands, so the time that the last batch took sets the size of the next.
        took = time.monotonic() - batch_began
        size = min(size * 2, MOST_RUNS) if took < SHORT / 2 else max(size // 2, FEWEST_RUNS) if took > SHORT else size
    return Pruned(deleted, more=True)


def _forget_failures(before: datetime) -> None:
    """Ticks and events that started no run: nothing else takes them along."""
    for rows in (
        ScheduleTick.objects.filter(run__isnull=True, made_at__lt=before),
        TriggerFiring.objects.filter(run__isnull=True, at__lt=before),
    ):
        rows.model._default_manager.filter(pk__in=list(rows.values_list("pk", flat=True)[:MOST_RUNS])).delete()


def prunable(*, days: float) -> int:
    """How many runs are old enough; a few of them may be kept because others build upon them."""
    return _old(clock.now() - timedelta(days=days)).count()


def _old(before: datetime) -> QuerySet[Run]:
    # A run began before it finished, and ids sort by their time: so the scan ends where younger runs begin.
    old = Run.objects.filter(status=RunStatus.FINISHED, pk__lt=floor(before), finished_at__lt=before)
    return old.exclude(compensation=Compensation.FAILED)


@transaction.atomic
def _batch(before: datetime, last: uuid.UUID, size: int) -> tuple[list[uuid.UUID], int]:
    """Look at the next runs after `last`; their ids and how many of them are deleted."""
    # Locked, so that no retry of one of them begins now; one that does already is not waited for.
    looked_at = _old(before).filter(pk__gt=last).select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    ids = list(looked_at.values_list("pk", flat=True)[:size])
    free = _without_heirs(ids)
    # One DELETE a table: Django's own way would load every row, payloads included, to look for what refers to it.
    for rows in (
        Parking.objects.filter(step__run__in=free),
        Attempt.objects.filter(step__run__in=free),
        RunEvent.objects.filter(run__in=free),
        InputEdit.objects.filter(run__in=free),
        RunFlag.objects.filter(run__in=free),
        Payload.objects.filter(run__in=free),
        ScheduleTick.objects.filter(run__in=free),
        TriggerFiring.objects.filter(run__in=free),
        StepRun.objects.filter(run__in=free),
        Run.objects.filter(pk__in=free),
    ):
        rows._raw_delete(rows.db)
    return ids, len(free)


def _without_heirs(ids: list[uuid.UUID]) -> list[uuid.UUID]:
    """Those that no run outside is a retry or rerun of: a retry finds the keys of earlier effects along the whole chain, and
    both have steps that were taken over from steps there.
    """
    free = set(ids)
    while free:
        heirs = Run.objects.filter(Q(retry_of__in=free) | Q(rerun_of__in=free)).exclude(pk__in=free)
        held = {earlier for pair in heirs.values_list("retry_of_id", "rerun_of_id") for earlier in pair} & free
        if not held:
            break
        free -= held
    return [run_id for run_id in ids if run_id in free]
