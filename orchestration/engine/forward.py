"""What the outcome of a step's own attempt means: for the step, for what follows it, for the run.

In the transaction of whoever records it (complete.py), the run locked. An item or a stand-in that ends is an outcome of the
step above it, which is why recording and going on call each other. Owns that meaning. Never opens a transaction.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

from orchestration.engine import loops, parked, stand_ins
from orchestration.engine.advance import fatal
from orchestration.engine.begin import begin, write
from orchestration.engine.claim import Claim
from orchestration.engine.execute import Executed, finish
from orchestration.engine.fallbacks import ending_of, fall_back, remember, remembers
from orchestration.engine.payloads import store, text_of
from orchestration.engine.plans import retry_policy
from orchestration.engine.recording import count_end, grown, move, record_try
from orchestration.engine.settle import finish_if_over, settle, states_of, stop
from orchestration.engine.subscriptions import met
from orchestration.engine.waiting import begin_wait
from orchestration.models import Run, StepRun
from orchestration.policies.retry import GiveUp, decide
from orchestration.states import STEP_OPEN, Effect, RunResult, RunStatus, StepStatus
from orchestration.steps.outcome import (
    AskTeam,
    AwaitEvent,
    Completed,
    Deferred,
    Degraded,
    Failed,
    Spread,
    StandIn,
    StartChild,
    Suspended,
    Transactional,
)
from orchestration.telemetry import tracing


def forward(run: Run, claim: Claim, executed: Executed, now: datetime, *, inline: bool) -> Claim | int | None:
    """Record the outcome and go on. As complete.record returns it. Raises Refused for a claim that holds no more."""
    executed = executed if run.ending else _with_early_event(claim, executed, now)
    outcome, step = executed.outcome, claim.step
    # The first attempt's input stays; only a step that joins `any` may have been given more later on.
    stored = {"input": store(executed.input, run.pk)} if executed.input and not step.input else {}
    match outcome:
        case Completed():
            _succeed(run, claim, executed, now, stored)
        case Suspended():
            stored |= {"effect": grown(Effect(step.effect), outcome.effect)}
            move(claim, StepStatus.WAITING, waiting_kind=outcome.kind, not_before=outcome.until, **stored)
            tracing.attempt_ended(claim, now, "waiting")
        case Deferred():
            move(claim, StepStatus.WAITING, **parked.columns_of(claim, outcome), **stored)
            if not run.ending:
                parked.park(step.pk, outcome, now)
        case Degraded():
            _degrade(run, claim, outcome, now, stored)
        case Failed():
            if executed.output:  # what a write gave that broke its contract: its compensation needs it
                stored |= {"output": store(executed.output, run.pk)}
            if _retried(run, claim, executed, now, stored):
                return None
        case AwaitEvent() | AskTeam() | StartChild() | Spread() | StandIn() if run.ending:
            move(claim, StepStatus.CANCELLED, finished_at=now, **stored)  # nobody is asked any more
        case AwaitEvent() | AskTeam() | StartChild() | Spread() | StandIn():
            begin_wait(run, claim, outcome, now, stored)
            if isinstance(outcome, Spread) and (over := loops.over_at_once(claim)) is not None:
                return forward(run, *over, now, inline=inline)
        case Transactional():
            raise AssertionError("a transactional outcome is called before it is recorded")
    step.error_type = outcome.error_type if isinstance(outcome, Failed) else ""
    step.error_message = outcome.message if isinstance(outcome, Failed) else ""
    return go_on(run, claim, now, inline=inline)


def _succeed(run: Run, claim: Claim, executed: Executed, now: datetime, stored: dict[str, str]) -> None:
    output, effect = store(executed.output, run.pk), Effect.HAPPENED if claim.writes else Effect.NONE
    ended = {"finished_at": now, "effect": effect, "error_type": "", "error_message": ""}
    move(claim, StepStatus.SUCCEEDED, **{**stored, **ended, "output": output})
    count_end(claim, StepStatus.SUCCEEDED, now)
    if claim.step.fence > 1:  # of a success at the first claim the step's own row says it all
        record_try(claim, now, "succeeded")
    else:
        tracing.attempt_ended(claim, now, "succeeded")
    if remembers(claim):
        remember(claim, executed.input or text_of(claim.step.input), executed.output)


def _degrade(run: Run, claim: Claim, outcome: Degraded, now: datetime, stored: dict[str, str]) -> None:
    target, columns = ending_of(outcome, run.pk)
    effect = grown(Effect(claim.step.effect), outcome.effect if claim.writes else Effect.NONE)
    move(claim, target, finished_at=now, **{**stored, **columns, "effect": effect})
    count_end(claim, target, now)
    tracing.fell_back(claim, now, outcome.taken)
    tracing.attempt_ended(claim, now, "degraded", outcome.failed.error_type)


def _retried(run: Run, claim: Claim, executed: Executed, now: datetime, stored: dict[str, str]) -> bool:
    """Record the failure; True when the step will be tried again."""
    step, failed = claim.step, executed.outcome
    assert isinstance(failed, Failed)
    effect = grown(Effect(step.effect), failed.effect) if claim.writes else Effect.NONE
    columns = {
        "error_type": failed.error_type, "error_message": failed.message, "effect": effect, **stored,
    }  # fmt: skip
    verdict = decide(
        retry_policy(claim.planned), attempt=step.attempt, error_type=failed.error_type, retryable=failed.retryable,
        now=now, close_deadline=step.close_deadline, retry_after=failed.retry_after, chance=random.random(),  # noqa: S311 - jitter
    )  # fmt: skip
    outcome = "timed_out" if failed.timed_out else "failed"
    if isinstance(verdict, GiveUp) or run.ending:
        timed_out = failed.timed_out or (isinstance(verdict, GiveUp) and verdict.timed_out)
        final = replace(failed, timed_out=timed_out)
        given = executed.input or text_of(step.input)
        last = final if run.ending else fall_back(claim, effect, given, final)
        if isinstance(last, StandIn):
            begin_wait(run, claim, last, now, columns)
            record_try(claim, now, outcome, failed)
            return True
        target, ending = ending_of(last, run.pk)
        if isinstance(last, Degraded):
            tracing.fell_back(claim, now, last.taken)
        move(claim, target, finished_at=now, **{**columns, **ending})
        count_end(claim, target, now)
        if claim.planned.fallback is None or not failed.final:  # else it was told when its stand-in began
            record_try(claim, now, outcome, failed)
        return False
    move(claim, StepStatus.RETRYING, not_before=verdict.at, **columns)
    record_try(claim, now, outcome, failed, next_at=verdict.at)
    return True


def go_on(run: Run, claim: Claim, now: datetime, *, inline: bool) -> Claim | int | None:
    """After a step ended: begin what follows, or bring the run to its end. As complete.record returns it."""
    if run.ending:
        return settle(run, claim.plan, now)
    if claim.step.item and _item_ended(claim):
        return _go_on_above(run, claim, now, inline=inline)
    states, mine = states_of(run.pk), None
    ended = not claim.step.item and states[claim.step.name] not in STEP_OPEN
    if ended and claim.planned.stands_in_for:
        return _go_on_above(run, claim, now, inline=inline)
    if ended and fatal(claim.plan, states) is None:
        goes_on = inline and run.status != RunStatus.PAUSED  # of a paused run everything new is born ready, and waits
        begun = begin(claim.run, claim.plan, states, claim.step.name, now, inline=goes_on)
        states, mine = begun.states, write(claim.run, claim.plan, begun, claim.turn)
    culprit = fatal(claim.plan, states)
    if culprit is not None:
        _fail(run, claim, culprit, states[culprit], now)
        return settle(run, claim.plan, now)
    finish_if_over(run, claim.run, claim.plan, states, now)
    return mine


def _item_ended(claim: Claim) -> bool:
    """The states of a run have none of its items."""
    return StepRun.objects.values_list("status", flat=True).get(pk=claim.step.pk) not in STEP_OPEN


def _go_on_above(run: Run, claim: Claim, now: datetime, *, inline: bool) -> Claim | int | None:
    """An item of a loop or a stand-in ended: what that means for the loop, or for the step it stood in for."""
    found = loops.item_ended(run, claim, now, inline=inline) if claim.step.item else stand_ins.ended(claim)
    return forward(run, *found, now, inline=inline) if isinstance(found, tuple) else found


def _with_early_event(claim: Claim, executed: Executed, now: datetime) -> Executed:
    """An event that is there already ends the wait before it begins."""
    wanted = executed.outcome
    early = met(claim, wanted, now) if isinstance(wanted, AwaitEvent) else None
    if early is None:
        return executed
    found = replace(executed)
    found.outcome = finish(claim, found, early)
    return found


def _fail(run: Run, claim: Claim, culprit: str, state: StepStatus, now: datetime) -> None:
    result = RunResult.TIMED_OUT if state == StepStatus.TIMED_OUT else RunResult.FAILED
    error_type, message = claim.step.error_type, claim.step.error_message
    if culprit != claim.step.name:
        row = (
            StepRun.objects.filter(run_id=run.pk, name=culprit, item=0)
            .values_list("error_type", "error_message")
            .first()
        )
        error_type, message = row or ("", "")
    stop(run, result, now, step=culprit, error_type=error_type, message=message)
