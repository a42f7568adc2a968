"""Cancel (cooperative, compensates) and terminate (at once, compensates nothing); also the run's own timeout.

Owns these three ways to stop a run from outside. Never decides who may.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from orchestration import clock
from orchestration.engine import transition
from orchestration.engine.plans import may_write, plan_of
from orchestration.engine.settle import lock, note_end, settle, stop
from orchestration.engine.subscriptions import close_waits
from orchestration.errors import Conflict
from orchestration.models import Run, RunEvent, StepRun
from orchestration.states import Compensation, Effect, RunResult, RunStatus, StepStatus, WaitingKind


def cancel(run_id: uuid.UUID, *, actor_id: int | None, reason: str) -> Run:
    """Stop at the next step boundary, then compensate.

    Raises Conflict for a run that is ending already, NotFound for one that is not kept any more.
    """
    with transaction.atomic():
        run = lock(run_id)
        _refuse_ended(run, "cancelled")
        now = clock.now()
        stop(run, RunResult.CANCELLED, now, message=reason)
        transition.move_run(run.pk, RunStatus(run.status), RunStatus.CANCELLING)
        run.status = RunStatus.CANCELLING
        RunEvent.objects.create(run=run, at=now, kind="cancelled", actor_id=actor_id, detail=reason)
        settle(run, plan_of(run.version_id), now)
    return Run.objects.get(pk=run_id)


def terminate(run_id: uuid.UUID, *, actor_id: int | None, reason: str) -> Run:
    """End now. What runs is abandoned (its result will be refused), and nothing is compensated."""
    with transaction.atomic():
        run = lock(run_id)
        if run.status == RunStatus.FINISHED:
            raise Conflict(f"run {run.short_id} is finished ({run.result}); it can't be terminated")
        now = clock.now()
        _doubt_effects(run)
        open_states = (StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING, StepStatus.RETRYING)
        transition.cancel_steps(run.pk, open_states, now, parents=True)
        close_waits(run.pk, now)
        interrupted = run.status == RunStatus.COMPENSATING
        if interrupted:
            transition.abandon_compensations(run.pk, now)
        _end_now(run, reason, now, interrupted=interrupted)
        RunEvent.objects.create(run=run, at=now, kind="terminated", actor_id=actor_id, detail=reason)
        children = Run.objects.filter(parent_step__run_id=run.pk).exclude(status=RunStatus.FINISHED)
        for child in children.order_by("pk").values_list("pk", flat=True):
            terminate(child, actor_id=actor_id, reason=f"its parent, run {run.short_id}, was terminated: {reason}")
    return Run.objects.get(pk=run_id)


def _end_now(run: Run, reason: str, now: datetime, *, interrupted: bool) -> None:
    if run.result:  # it had ended before, and was being undone again
        transition.close_compensation(run.pk, Compensation.FAILED)
        return
    said = {} if run.ending else {"error_message": reason}  # why it was ending already is not overwritten
    ended = transition.finish_run(
        run.pk, RunStatus(run.status), RunResult.TERMINATED, finished_at=now,
        compensation=Compensation.FAILED if interrupted else None, **said,
    )  # fmt: skip
    if ended:
        note_end(run, RunResult.TERMINATED, now)


def expire(run_id: uuid.UUID) -> None:
    """The run's own timeout has passed: stop it as timed out, then compensate."""
    with transaction.atomic():
        run = lock(run_id)
        now = clock.now()
        if run.status == RunStatus.FINISHED or run.ending:
            return
        stop(run, RunResult.TIMED_OUT, now, error_type="timeout.run", message="the run's timeout has passed")
        settle(run, plan_of(run.version_id), now)


def _doubt_effects(run: Run) -> None:
    """Writes that run at this moment: their results will be refused, so whether they happened stays unknown."""
    plan = plan_of(run.version_id)
    writes = [name for name, planned in plan.steps.items() if may_write(planned)]
    away = Q(status=StepStatus.WAITING, waiting_kind__in=(WaitingKind.CHILD, WaitingKind.CELERY))
    at_work = StepRun.objects.filter(Q(status=StepStatus.RUNNING) | away, run_id=run.pk)
    running = at_work.filter(name__in=writes, effect=Effect.NONE)
    running.update(effect=Effect.UNKNOWN)


def _refuse_ended(run: Run, word: str) -> None:
    if run.status == RunStatus.FINISHED:
        raise Conflict(f"run {run.short_id} is finished ({run.result}); it can't be {word}")
    if run.ending:
        raise Conflict(f"run {run.short_id} is ending already ({run.ending}); it can't be {word}")
