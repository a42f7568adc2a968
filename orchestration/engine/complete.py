"""Complete and continue: record an outcome, guarded by the fence, ready what follows, take one step of it along.

One transaction each, so a chain costs one commit a step and no broker hop. Owns that transaction, and the outcomes of
compensations and of time that is up; of a step's own attempt forward.py has the meaning. Never calls a step kind, except a
transactional one, whose writes belong to this very transaction.
"""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from orchestration import clock
from orchestration.engine import parked, transition
from orchestration.engine.claim import FORWARD, Claim
from orchestration.engine.execute import Executed
from orchestration.engine.fallbacks import ending_of, fall_back
from orchestration.engine.forward import forward, go_on
from orchestration.engine.gather import Apart, Item, gather, is_plain
from orchestration.engine.inside import call_inside
from orchestration.engine.payloads import text_of
from orchestration.engine.plans import retry_policy
from orchestration.engine.recording import Refused, count_end, record_try, undone
from orchestration.engine.settle import lock, settle, stop_children
from orchestration.engine.subscriptions import close_waits
from orchestration.engine.waiting import begin_wait
from orchestration.errors import NotFound
from orchestration.limits import LOST_WAKE_AFTER
from orchestration.models import Run, StepRun
from orchestration.policies.retry import GiveUp, decide
from orchestration.states import Compensation, StepStatus
from orchestration.steps.outcome import (
    Completed,
    Deferred,
    Failed,
    StandIn,
    Transactional,
)

log = structlog.get_logger(__name__)


def complete(claim: Claim, executed: Executed, *, inline: bool) -> Claim | int | None:
    """Record the outcome. Returns the next claim, or the id of a compensation to claim, or None. Late: None."""
    if is_plain(claim, executed):
        try:
            return gather([Item(claim, executed, inline)])[0]
        except (Apart, IntegrityError):
            log.debug("outcome.apart", run_id=str(claim.run.id), step=claim.step.name)
    return complete_apart(claim, executed, inline=inline)


def complete_apart(claim: Claim, executed: Executed, *, inline: bool) -> Claim | int | None:
    """The same for any outcome, in a transaction of its own."""
    try:
        with transaction.atomic():
            if isinstance(executed.outcome, Transactional):
                executed = call_inside(claim, executed)  # before the lock: however long it takes, nobody waits for it
            run = lock(claim.run.id)
            now = clock.now()
            return record(run, claim, executed, now, inline=inline)
    except (Refused, NotFound):
        log.warning("outcome.refused", run_id=str(claim.run.id), step=claim.step.name, fence=claim.step.fence)
        return None


def record(run: Run, claim: Claim, executed: Executed, now: datetime, *, inline: bool) -> Claim | int | None:
    """The same in the caller's transaction, with the run locked. Raises Refused for a claim that holds no more."""
    if claim.phase == FORWARD:
        return forward(run, claim, executed, now, inline=inline)
    return _compensation(run, claim, executed, now)


def pass_time(step: StepRun, claim: Claim) -> None:
    """A timer is due: the waiting step succeeds without output."""
    with transaction.atomic():
        run = lock(claim.run.id)
        now = clock.now()
        moved = not run.ending and transition.move_step(
            step.pk, StepStatus.WAITING, step.fence, StepStatus.SUCCEEDED,
            waiting_kind="", not_before=None, finished_at=now, output="null",
        )  # fmt: skip
        if moved:
            count_end(claim, StepStatus.SUCCEEDED, now)
            go_on(run, claim, now, inline=False)


def give_up(step: StepRun, claim: Claim, source: StepStatus, error_type: str, message: str) -> None:
    """An open step ran out of its schedule_to_start or schedule_to_close; no retry is left to it."""
    with transaction.atomic():
        run = lock(claim.run.id)
        now = clock.now()
        failed = Failed(error_type, message, False, timed_out=True)
        if run.ending:
            return
        last = fall_back(claim, claim.step.effect, text_of(step.input), failed)
        if isinstance(last, StandIn):
            with suppress(Refused):
                begin_wait(run, claim, last, now, {"wake_due_at": None})
            return
        target, columns = ending_of(last, run.pk)
        ended = {"finished_at": now, "not_before": None, "waiting_kind": "", **columns}
        if not transition.move_step(step.pk, source, step.fence, target, **ended):
            return
        count_end(claim, target, now)
        claim.step.error_type, claim.step.error_message = columns["error_type"], columns["error_message"]
        close_waits(run.pk, now)
        stop_children(run, now)
        go_on(run, claim, now, inline=False)


def _compensation(run: Run, claim: Claim, executed: Executed, now: datetime) -> int | None:
    outcome, step = executed.outcome, claim.step
    if isinstance(outcome, Deferred):
        if not parked.put_off_compensation(claim, outcome, now):
            raise Refused
        return None
    if isinstance(outcome, Completed):
        undone(claim, Compensation.DONE, now)
        record_try(claim, now, "succeeded")
        return settle(run, claim.plan, now)
    failed = outcome if isinstance(outcome, Failed) else Failed("compensation", "a compensation can't wait", False)
    message = failed.message
    verdict = decide(
        retry_policy(claim.action), attempt=step.compensation_attempt, error_type=failed.error_type,
        retryable=failed.retryable, now=now, close_deadline=None, retry_after=failed.retry_after, chance=random.random(),  # noqa: S311
    )  # fmt: skip
    outcome_word = "timed_out" if failed.timed_out else "failed"
    if isinstance(verdict, GiveUp):
        undone(claim, Compensation.FAILED, now, compensation_error=message)
        record_try(claim, now, outcome_word, failed)
        log.error("compensation.failed", run_id=str(run.pk), step=step.name, error=message)
        return settle(run, claim.plan, now)
    due = verdict.at + timedelta(seconds=LOST_WAKE_AFTER)
    released = transition.release_compensation(
        step.pk, step.fence, not_before=verdict.at, wake_due_at=due, compensation_error=message
    )
    if not released:
        raise Refused
    record_try(claim, now, outcome_word, failed, next_at=verdict.at)
    return None
