"""Pause and resume a run: nothing new is claimed or begun in a process's hands until a person lets it go on.

What runs ends at its boundary and is recorded; timers and deadlines go on, and what follows them is born ready and waits.
A run that fails or runs out of time meanwhile ends and is undone like any other: only what goes forward is held.
Owns these two moves. Never decides who may.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction

from orchestration import clock
from orchestration.engine import transition
from orchestration.engine.publish import wake_up
from orchestration.engine.settle import lock, mood_of, states_of
from orchestration.errors import Conflict
from orchestration.limits import LOST_WAKE_AFTER
from orchestration.models import Run, RunEvent, StepRun
from orchestration.states import RunStatus, StepStatus

PAUSABLE = frozenset({RunStatus.RUNNING, RunStatus.WAITING})


def pause(run_id: uuid.UUID, *, actor_id: int | None, reason: str) -> Run:
    """Begin nothing more. Raises Conflict for a run that is over, ending, queued or paused, NotFound for one that is gone."""
    with transaction.atomic():
        run = lock(run_id)
        refusal = why_not_pause(run)
        if refusal is not None:
            raise Conflict(refusal)
        transition.move_run(run.pk, RunStatus(run.status), RunStatus.PAUSED)
        StepRun.objects.filter(run_id=run.pk, status=StepStatus.READY).update(wake_due_at=None)
        RunEvent.objects.create(run_id=run.pk, at=clock.now(), kind="paused", actor_id=actor_id, detail=reason)
    return Run.objects.get(pk=run_id)


def resume(run_id: uuid.UUID, *, actor_id: int | None, reason: str) -> Run:
    """Go on from where it stands. Raises Conflict for a run that isn't paused or is ending, NotFound for one that is gone."""
    with transaction.atomic():
        run = lock(run_id)
        refusal = why_not_resume(run)
        if refusal is not None:
            raise Conflict(refusal)
        now = clock.now()
        transition.move_run(run.pk, RunStatus.PAUSED, mood_of(states_of(run.pk)))
        ready = StepRun.objects.filter(run_id=run.pk, status=StepStatus.READY)
        ready.update(wake_due_at=now + timedelta(seconds=LOST_WAKE_AFTER))
        wake_up(list(ready.order_by("pk").values_list("pk", flat=True)))
        RunEvent.objects.create(run_id=run.pk, at=now, kind="resumed", actor_id=actor_id, detail=reason)
    return Run.objects.get(pk=run_id)


def why_not_pause(run: Run) -> str | None:
    """Why a run can't be paused, as a sentence; None when it can."""
    if run.status == RunStatus.FINISHED:
        return f"run {run.short_id} is finished ({run.result}); it can't be paused"
    if run.ending:
        return f"run {run.short_id} is ending already ({run.ending}); it can't be paused"
    if run.status == RunStatus.PAUSED:
        return f"run {run.short_id} is paused already; resume it to let it go on"
    if run.status not in PAUSABLE:
        return f"run {run.short_id} is {run.status}; only a running or waiting run can be paused"
    return None


def why_not_resume(run: Run) -> str | None:
    """Why a run can't be resumed, as a sentence; None when it can."""
    if run.status != RunStatus.PAUSED:
        word = f"finished ({run.result})" if run.status == RunStatus.FINISHED else run.status
        return f"run {run.short_id} is {word}, not paused; there is nothing to resume"
    if run.ending:
        return f"run {run.short_id} is ending already ({run.ending}); it can't be resumed"
    return None
