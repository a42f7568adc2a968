"""Retention: runs that finished long ago are deleted, with their steps, attempts, events and payloads.

Owns which runs may go and how many at once. Never touches an open run, one that another run still builds upon, one that
a person must still put right, or anything but the tables of runs. Events that came in are event_retention.py's.
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
    Approval,
    Attempt,
    Event,
    EventReceipt,
    InputEdit,
    Loop,
    Parking,
    Payload,
    Run,
    RunEvent,
    RunFlag,
    ScheduleTick,
    StepRun,
    Subscription,
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
    free = _without_kept(ids, before)
    steps = StepRun.objects.filter(run__in=free)
    # What stays forgets them: emitted events, and children that are old enough to go with a later batch.
    Event.objects.filter(emitted_by__in=steps).update(emitted_by=None)
    Run.objects.filter(parent_step__in=steps).exclude(pk__in=free).update(parent_step=None)
    # One DELETE a table: Django's own way would load every row, payloads included, to look for what refers to it.
    for rows in (
        Parking.objects.filter(step__run__in=free),
        Subscription.objects.filter(run__in=free),
        Approval.objects.filter(run__in=free),
        Loop.objects.filter(step__run__in=free),
        EventReceipt.objects.filter(run__in=free),
        EventReceipt.objects.filter(event__run__in=free),
        Event.objects.filter(run__in=free),
        Attempt.objects.filter(step__run__in=free),
        RunEvent.objects.filter(run__in=free),
        InputEdit.objects.filter(run__in=free),
        RunFlag.objects.filter(run__in=free),
        Payload.objects.filter(run__in=free),
        ScheduleTick.objects.filter(run__in=free),
        TriggerFiring.objects.filter(run__in=free),
        steps,
        Run.objects.filter(pk__in=free),
    ):
        rows._raw_delete(rows.db)
    return ids, len(free)


def _without_kept(ids: list[uuid.UUID], before: datetime) -> list[uuid.UUID]:
    """Those that nothing which stays builds upon or was begun by. What is kept for one of them may keep another."""
    free = set(ids)
    while free and (held := _heired(free) | _parents(free, before) | _children(free)):
        free -= held
    return [run_id for run_id in ids if run_id in free]


def _heired(free: set[uuid.UUID]) -> set[uuid.UUID]:
    """Of which another is a retry or a rerun: it finds the keys of earlier effects, and reused steps, along the chain."""
    heirs = Run.objects.filter(Q(retry_of__in=free) | Q(rerun_of__in=free)).exclude(pk__in=free)
    return {earlier for pair in heirs.values_list("retry_of_id", "rerun_of_id") for earlier in pair} & free


def _parents(free: set[uuid.UUID], before: datetime) -> set[uuid.UUID]:
    """Those with a child that is young, or open: it is read together with what began it."""
    young = Run.objects.filter(parent_step__run__in=free).exclude(pk__in=_old(before).values("pk"))
    return set(young.values_list("parent_step__run_id", flat=True))


def _children(free: set[uuid.UUID]) -> set[uuid.UUID]:
    """Those whose parent stays."""
    kept = Run.objects.filter(pk__in=free, parent_step__isnull=False).exclude(parent_step__run__in=free)
    return set(kept.values_list("pk", flat=True))
