"""Resume an undoing that stopped: a person has the failed compensation tried anew, or says that it was undone by hand.

The run goes back to compensating and keeps its result, which is set once; what it undoes now changes only what its
compensation came to (decision 40). Owns these two moves. Never undoes anything itself and never decides who may.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction

from orchestration import clock
from orchestration.engine import transition
from orchestration.engine.plans import plan_of
from orchestration.engine.publish import wake_up
from orchestration.engine.settle import lock, settle
from orchestration.errors import Conflict, NotFound
from orchestration.limits import LOST_WAKE_AFTER
from orchestration.models import Run, RunEvent, StepRun
from orchestration.states import Compensation, RunStatus


def resume(run_id: uuid.UUID, *, actor_id: int | None, reason: str) -> Run:
    """Try the failed compensation again, with fresh attempts under its old key; then undo the rest in order.

    Raises Conflict for a run whose undoing did not fail, NotFound for one that is gone.
    """
    with transaction.atomic():
        run = _reopened(run_id)
        now = clock.now()
        due = now + timedelta(seconds=LOST_WAKE_AFTER)
        for step in _failed(run):
            transition.move_compensation(
                step.pk, Compensation.FAILED, step.fence, Compensation.RUNNING, compensation_attempt=0, losses=0,
                compensation_error="", compensated_at=None, wake_due_at=due, not_before=None,
            )  # fmt: skip
            wake_up([step.pk])
        _tell(run, "compensation_resumed", actor_id, reason)
        settle(run, plan_of(run.version_id), now)
    return Run.objects.get(pk=run_id)


def skip(run_id: uuid.UUID, step_name: str, *, actor_id: int | None, reason: str) -> Run:
    """Take the failed compensation of a step for done, since a person undid it by hand; then undo the rest in order.

    Raises Conflict for a run whose undoing did not fail, NotFound for a step whose compensation did not.
    """
    with transaction.atomic():
        run = _reopened(run_id)
        now = clock.now()
        failed = {step.name: step for step in _failed(run)}
        step = failed.pop(step_name, None)
        if step is None:
            names = ", ".join(sorted(failed)) or "none did"
            raise NotFound(f"step {step_name[:63]!r} has no failed compensation in run {run.short_id}; failed: {names}")
        transition.move_compensation(step.pk, Compensation.FAILED, step.fence, Compensation.DONE, compensated_at=now)
        _tell(run, "compensation_skipped", actor_id, f"{step.name}: {reason}")
        settle(run, plan_of(run.version_id), now)
    return Run.objects.get(pk=run_id)


def why_not_resume(run: Run) -> str | None:
    """Why the undoing of a run can't be resumed, as a sentence; None when it can."""
    if run.status != RunStatus.FINISHED:
        return f"run {run.short_id} is {run.status}; its compensation is resumed after it has ended as failed"
    if run.compensation != Compensation.FAILED:
        return f"the compensation of run {run.short_id} is {run.compensation}, not failed; there is nothing to resume"
    return None


def _reopened(run_id: uuid.UUID) -> Run:
    """The run, locked and compensating again."""
    run = lock(run_id)
    refusal = why_not_resume(run)
    if refusal is not None:
        raise Conflict(refusal)
    transition.reopen_compensation(run.pk)
    run.status, run.compensation = RunStatus.COMPENSATING, Compensation.RUNNING
    return run


def _failed(run: Run) -> list[StepRun]:
    rows = StepRun.objects.filter(run_id=run.pk, compensation=Compensation.FAILED)
    return list(rows.only("name", "fence").order_by("pk"))


def _tell(run: Run, kind: str, actor_id: int | None, detail: str) -> None:
    RunEvent.objects.create(run_id=run.pk, at=clock.now(), kind=kind, actor_id=actor_id, detail=detail)
