"""Rescue: steps whose worker died, hung or was stopped; steps and runs whose time is up.

A lost lease does not use an attempt, since the step is not to blame, until it has cost MAX_LOSSES workers. Owns finding
and freeing them. Never executes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from orchestration import clock
from orchestration.engine import transition
from orchestration.engine.cancel import expire
from orchestration.engine.claim import COMPENSATION, FORWARD, Claim, RunFacts
from orchestration.engine.complete import complete, give_up
from orchestration.engine.execute import Executed
from orchestration.engine.plans import plan_of
from orchestration.engine.publish import wake_up
from orchestration.engine.settle import lock, settle
from orchestration.limits import LOST_WAKE_AFTER, MAX_LOSSES, WAKE_BATCH
from orchestration.models import Attempt, Run, StepRun
from orchestration.states import Compensation, Effect, RunStatus, StepStatus
from orchestration.steps.outcome import Failed

log = structlog.get_logger(__name__)

#: A kind that keeps its own time limit gets this long to report it before the sweeper does.
GRACE = timedelta(seconds=2)


def held_by(step: StepRun, phase: str) -> Claim:
    """The claim as its worker holds it, to act in its place."""
    plan = plan_of(step.run.version_id)
    facts = RunFacts.of(step.run, plan.workflow, plan.version)
    began = step.claimed_at or step.ready_at or step.run.created_at
    return Claim(facts, plan, step, phase, began, 0.0)


def expired_leases(now: datetime) -> int:
    """Free what dead workers held; how many."""
    rows = StepRun.objects.select_related("run").filter(lease_until__lt=now).order_by("lease_until")[:WAKE_BATCH]
    for step in rows:
        if step.status == StepStatus.RUNNING:
            _lose(step)
        elif step.compensation == Compensation.RUNNING:
            _lose_compensation(step, now)
    return len(rows)


def overdue_attempts(now: datetime) -> int:
    """Attempts past start_to_close or their heartbeat: timed out, whatever their worker still does; how many."""
    late = Q(attempt_deadline__lt=now - GRACE) | Q(heartbeat_deadline__lt=now)
    rows = StepRun.objects.select_related("run").filter(late, lease_until__isnull=False)[:WAKE_BATCH]
    for step in rows:
        forward = step.status == StepStatus.RUNNING
        claim = held_by(step, FORWARD if forward else COMPENSATION)
        silent = step.heartbeat_deadline is not None and step.heartbeat_deadline < now
        kind = "timeout.heartbeat" if silent else "timeout"
        text = "no heartbeat in time" if silent else "no result within start_to_close"
        effect = Effect.UNKNOWN if claim.writes else Effect.NONE
        log.warning("step.overdue", run_id=str(step.run_id), step=step.name, worker=step.worker_id, error_type=kind)
        complete(claim, Executed(Failed(kind, text, effect=effect, timed_out=True)), inline=False)
    return len(rows)


def overdue_schedules(now: datetime) -> int:
    """Steps past schedule_to_start or schedule_to_close: timed out without a retry; how many."""
    unstarted = Q(status=StepStatus.READY, start_deadline__lt=now)
    idle = [StepStatus.READY, StepStatus.RETRYING, StepStatus.WAITING]
    unclosed = Q(status__in=idle, close_deadline__lt=now)
    rows = StepRun.objects.select_related("run").filter(unstarted | unclosed)[:WAKE_BATCH]
    for step in rows:
        started = step.close_deadline is not None and step.close_deadline < now
        name = "schedule_to_close" if started else "schedule_to_start"
        give_up(step, held_by(step, FORWARD), StepStatus(step.status), f"timeout.{name}", f"{name} has passed")
    return len(rows)


def overdue_runs(now: datetime) -> int:
    """Runs past their timeout; how many."""
    ids = Run.objects.exclude(status=RunStatus.FINISHED).filter(deadline_at__lt=now, ending="")
    found = list(ids.values_list("pk", flat=True)[:WAKE_BATCH])
    for run_id in found:
        expire(run_id)
    return len(found)


def _lose(step: StepRun) -> None:
    """A dead worker's step: ready again, without using an attempt, or failed when it kills its workers."""
    claim = held_by(step, FORWARD)
    if step.losses + 1 >= MAX_LOSSES:
        text = f"{MAX_LOSSES} workers were lost with this step"
        effect = Effect.UNKNOWN if claim.writes else Effect.NONE
        complete(claim, Executed(Failed("worker.lost", text, retryable=False, effect=effect)), inline=False)
        return
    with transaction.atomic():
        run = lock(step.run_id)
        now = clock.now()
        effect = Effect.UNKNOWN if claim.writes and step.effect == Effect.NONE else Effect(step.effect)
        target = StepStatus.CANCELLED if run.ending else StepStatus.READY
        columns: dict[str, object] = {"finished_at": now} if run.ending else {"ready_at": now, "attempt": step.attempt - 1}
        due = now + timedelta(seconds=LOST_WAKE_AFTER)
        moved = transition.move_step(
            step.pk, StepStatus.RUNNING, step.fence, target,
            **{**transition.UNHELD, "losses": step.losses + 1, "effect": effect, "wake_due_at": due, **columns},
        )  # fmt: skip
        if not moved:
            return
        _note(claim, now)
        log.warning("worker.lost", run_id=str(step.run_id), step=step.name, worker=step.worker_id)
        if run.ending:
            settle(run, claim.plan, now)
        else:
            wake_up([step.pk])


def _lose_compensation(step: StepRun, now: datetime) -> None:
    claim = held_by(step, COMPENSATION)
    with transaction.atomic():
        lock(step.run_id)
        due = now + timedelta(seconds=LOST_WAKE_AFTER)
        attempt = step.compensation_attempt - 1
        if transition.release_compensation(step.pk, step.fence, compensation_attempt=attempt, wake_due_at=due):
            _note(claim, now)
            wake_up([step.pk])


def _note(claim: Claim, now: datetime) -> None:
    Attempt.objects.create(
        step_id=claim.step.pk, phase=claim.phase, number=claim.attempt, started_at=claim.claimed_at, finished_at=now,
        outcome="lost", error_type="worker.lost", message="its worker stopped answering", next_at=now,
        worker_id=claim.step.worker_id, fence=claim.step.fence,
    )  # fmt: skip
