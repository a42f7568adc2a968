"""What became of an attempt, written: the step's move, its try, and what is counted. In the caller's transaction.

Every write is guarded by the fence: whoever lost the step is refused. Never decides what an outcome means: complete.py does.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orchestration.engine import transition
from orchestration.engine.claim import Claim
from orchestration.engine.payloads import store
from orchestration.models import Attempt, StepRun
from orchestration.states import Compensation, Effect, StepStatus
from orchestration.steps.outcome import Failed
from orchestration.telemetry import tracing
from orchestration.telemetry.outcomes import note, step_row, try_row


class Refused(Exception):
    """The claim no longer holds: someone else recorded an outcome. Rolls back whatever came with this one."""


def undone(claim: Claim, target: Compensation, now: datetime, **columns: object) -> None:
    """How a compensation ended. Raises Refused."""
    moved = transition.move_compensation(
        claim.step.pk, Compensation.RUNNING, claim.step.fence, target,
        compensated_at=now, **{**transition.UNHELD, **columns},
    )  # fmt: skip
    if not moved:
        raise Refused


def move(claim: Claim, target: StepStatus, **columns: object) -> None:
    """The step to its next state, held by nobody. Raises Refused."""
    step = claim.step
    waited = {} if step.status == StepStatus.RUNNING else {"waiting_kind": "", "not_before": None}
    everything = {**transition.UNHELD, **waited, **columns}
    if not transition.move_step(step.pk, step.status, step.fence, target, **everything):
        raise Refused


def keep_input(claim: Claim, text: str) -> bool:
    """Store the input ahead of the outcome, which somebody else may record. False: the claim holds no more."""
    step = claim.step
    held = StepRun.objects.filter(pk=step.pk, status=StepStatus.RUNNING, fence=step.fence)
    if step.input:
        return held.exists()
    with transaction.atomic():
        stored = store(text, claim.run.id)
        kept = held.update(input=stored) == 1
        transaction.set_rollback(not kept)
    step.input = stored if kept else ""
    return kept


def count_end(claim: Claim, status: StepStatus, now: datetime) -> None:
    """The step's outcome, to be counted."""
    step = claim.step
    if claim.is_loop and step.status == StepStatus.WAITING:
        return  # its items were counted
    plain = status == StepStatus.SUCCEEDED and step.fence == 1
    note([step_row(claim.run.version_id, step, status, now, began=step.started_at, plain=plain)])


def record_try(
    claim: Claim, now: datetime, outcome: str, failed: Failed | None = None, next_at: datetime | None = None
) -> None:
    """The attempt that just ended, for its page, its trace and the figures."""
    Attempt.objects.create(
        step_id=claim.step.pk, phase=claim.phase, number=claim.attempt, started_at=claim.claimed_at, finished_at=now,
        outcome=outcome, error_type=failed.error_type if failed else "", message=failed.message if failed else "",
        next_at=next_at, worker_id=claim.step.worker_id, fence=claim.step.fence,
    )  # fmt: skip
    tracing.attempt_ended(claim, now, outcome, failed.error_type if failed else "", next_at)
    note([
        try_row(
            claim.run.version_id, claim.step.name, claim.phase, outcome, began=claim.claimed_at, at=now,
            error=failed.error_type if failed else "", retried=next_at is not None,
        )
    ])  # fmt: skip


def grown(known: Effect, new: Effect) -> Effect:
    """Effects only move towards happened: a later clean failure does not undo an earlier unknown one."""
    order = [Effect.NONE, Effect.UNKNOWN, Effect.HAPPENED]
    return max(known, new, key=order.index)
