"""Rescue: steps whose worker died, hung or was stopped; steps and runs whose time is up.

A lost lease does not use an attempt, since the step is not to blame, until it has cost MAX_LOSSES workers. Owns finding
and freeing them. Never executes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from orchestration import clock
from orchestration.engine import transition
from orchestration.engine.cancel import expire
from orchestration.engine.claim import COMPENSATION, FORWARD, Claim, held_by
from orchestration.engine.complete import complete, give_up
from orchestration.engine.execute import Executed
from orchestration.engine.publish import wake_up
from orchestration.engine.settle import lock, settle
from orchestration.limits import LOST_WAKE_AFTER, MAX_LOSSES, WAKE_BATCH
from orchestration.models import Attempt, Run, StepRun
from orchestration.models.run import IDLE
from orchestration.states import Effect, RunStatus, StepStatus
from orchestration.steps.outcome import Failed
from orchestration.telemetry import tracing
from orchestration.telemetry.outcomes import note, try_row

log = structlog.get_logger(__name__)

#: A kind that keeps its own time limit gets this long to report it before the sweeper does.
GRACE = timedelta(seconds=2)

Row = TypeVar("Row")


def expired_leases(now: datetime) -> int:
    """Free what dead workers held; how many."""
    rows = StepRun.objects.filter(lease_until__lt=now).order_by("lease_until")
    return each("leases", _with_runs(rows), _lose)


def overdue_attempts(now: datetime) -> int:
    """Attempts past start_to_close or their heartbeat: timed out, whatever their worker still does; how many."""
    late = Q(attempt_deadline__lt=now - GRACE) | Q(heartbeat_deadline__lt=now)
    # By the index of what is held, whatever the deadlines: that is never more than the workers have hands.
    rows = StepRun.objects.filter(late, lease_until__isnull=False).order_by("lease_until")
    return each("attempts", _with_runs(rows), lambda step: _overdue(step, now))


def overdue_schedules(now: datetime) -> int:
    """Steps past schedule_to_start or schedule_to_close: timed out without a retry; how many."""
    unclosed = StepRun.objects.filter(IDLE, close_deadline__lt=now).order_by("close_deadline")
    late = {step.pk: step for step in _with_runs(unclosed)}
    unstarted = StepRun.objects.filter(status=StepStatus.READY, start_deadline__lt=now).order_by("start_deadline")
    late = {step.pk: step for step in _with_runs(unstarted)} | late
    return each("schedules", late.values(), lambda step: _unscheduled(step, now))


def overdue_runs(now: datetime) -> int:
    """Runs past their timeout; how many."""
    late = Run.objects.exclude(status=RunStatus.FINISHED).filter(deadline_at__lt=now, ending="").order_by("deadline_at")
    return each("runs", late.values_list("pk", flat=True)[:WAKE_BATCH], expire)


def each(what: str, rows: Iterable[Row], act: Callable[[Row], object]) -> int:
    """Act on every row, each on its own: one that can't be moved must not keep the others waiting. How many there were."""
    count = 0
    for row in rows:
        count += 1
        try:
            act(row)
        except Exception:
            log.exception("wake.row_failed", what=what, row=str(row))
    return count


def _with_runs(rows: QuerySet[StepRun]) -> QuerySet[StepRun]:
    """One batch. The runs by a query of their own, so that no planner can begin a join with all the runs there are."""
    return rows.prefetch_related("run")[:WAKE_BATCH]


def _overdue(step: StepRun, now: datetime) -> None:
    claim = held_by(step, FORWARD if step.status == StepStatus.RUNNING else COMPENSATION)
    silent = step.heartbeat_deadline is not None and step.heartbeat_deadline < now
    kind = "timeout.heartbeat" if silent else "timeout"
    text = "no heartbeat in time" if silent else "no result within start_to_close"
    effect = Effect.UNKNOWN if claim.writes else Effect.NONE
    log.warning("step.overdue", run_id=str(step.run_id), step=step.name, worker=step.worker_id, error_type=kind)
    complete(claim, Executed(Failed(kind, text, effect=effect, timed_out=True)), inline=False)


def _unscheduled(step: StepRun, now: datetime) -> None:
    closed = step.close_deadline is not None and step.close_deadline < now
    name = "schedule_to_close" if closed else "schedule_to_start"
    give_up(step, held_by(step, FORWARD), StepStatus(step.status), f"timeout.{name}", f"{name} has passed")


def _lose(step: StepRun) -> None:
    """A dead worker's step: to be taken again, without using an attempt, or failed when it kills its workers."""
    claim = held_by(step, FORWARD if step.status == StepStatus.RUNNING else COMPENSATION)
    if step.losses + 1 >= MAX_LOSSES:
        text = f"{MAX_LOSSES} workers were lost with this step"
        effect = Effect.UNKNOWN if claim.writes else Effect.NONE
        complete(claim, Executed(Failed("worker.lost", text, retryable=False, effect=effect)), inline=False)
    elif claim.phase == FORWARD:
        _lose_forward(step, claim)
    else:
        _lose_compensation(step, claim)


def _lose_forward(step: StepRun, claim: Claim) -> None:
    with transaction.atomic():
        run = lock(step.run_id)
        now = clock.now()
        effect = Effect.UNKNOWN if claim.writes and step.effect == Effect.NONE else Effect(step.effect)
        target = StepStatus.CANCELLED if run.ending else StepStatus.READY
        columns: dict[str, object] = (
            {"finished_at": now} if run.ending else {"ready_at": now, "attempt": step.attempt - 1}
        )
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


def _lose_compensation(step: StepRun, claim: Claim) -> None:
    with transaction.atomic():
        lock(step.run_id)
        now = clock.now()
        due = now + timedelta(seconds=LOST_WAKE_AFTER)
        columns = {"compensation_attempt": step.compensation_attempt - 1, "losses": step.losses + 1, "wake_due_at": due}
        if transition.release_compensation(step.pk, step.fence, **columns):
            _note(claim, now)
            wake_up([step.pk])


def _note(claim: Claim, now: datetime) -> None:
    Attempt.objects.create(
        step_id=claim.step.pk, phase=claim.phase, number=claim.attempt, started_at=claim.claimed_at, finished_at=now,
        outcome="lost", error_type="worker.lost", message="its worker stopped answering", next_at=now,
        worker_id=claim.step.worker_id, fence=claim.step.fence,
    )  # fmt: skip
    tracing.attempt_ended(claim, now, "lost", "worker.lost")
    note([
        try_row(
            claim.run.version_id, claim.step.name, claim.phase, "lost", began=claim.claimed_at, at=now,
            error="worker.lost", retried=True,
        )
    ])  # fmt: skip
