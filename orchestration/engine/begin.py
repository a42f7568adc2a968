"""Begin what follows: evaluate `when`, write rows for what is ready or skipped, take one of them for this process.

Runs inside the transaction that recorded the outcome. Owns the rows of new steps. Never executes one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.engine import transition
from orchestration.engine.advance import Next, following
from orchestration.engine.claim import FORWARD, Claim, RunFacts, held, in_hand
from orchestration.engine.publish import wake_up
from orchestration.engine.scope import scope_of
from orchestration.limits import LOST_WAKE_AFTER, MAX_ERROR_TEXT
from orchestration.manifest import ExpressionError, Plan, PlannedStep
from orchestration.models import Run, StepRun
from orchestration.states import Compensation, Effect, StepStatus


@dataclass(slots=True)
class Begun:
    """What was written: the states now, and the step that this process goes on with."""

    states: dict[str, StepStatus]
    mine: Claim | None
    #: Steps whose `when` could not be evaluated, and why.
    errors: dict[str, str]


def begin(
    run: RunFacts, plan: Plan, states: Mapping[str, StepStatus], after: str | None, now: datetime, *, inline: bool
) -> Begun:
    """Write everything that may begin after `after` (None: the first steps), skips and their consequences included."""
    known = dict(states)
    rows: list[StepRun] = []
    errors: dict[str, str] = {}
    looks: deque[Next] = deque([following(plan, known, after)])
    while looks:
        found = looks.popleft()
        for name in [*found.skip, *found.begin]:
            if name in known:
                continue
            row = _row(run, plan.steps[name], now, skip=name in found.skip)
            known[name] = StepStatus(row.status)
            if row.error_message:
                errors[name] = row.error_message
            rows.append(row)
            if known[name] in {StepStatus.SKIPPED, StepStatus.FAILED}:
                looks.append(following(plan, known, name))
    # After a fault the run may be stopping: what was born running in these hands would be dropped, still running.
    mine = _write(run, plan, rows, now, inline=inline and not errors)
    if mine is not None:
        known[mine.step.name] = StepStatus.RUNNING
    return Begun(known, mine, errors)


def key_and_effect(run: RunFacts, name: str) -> tuple[str, Effect]:
    """One key per (run, step), the same for every attempt; an earlier run's where that left its effect unclear.

    An effect that may have happened stays one: the new row starts with it, so that it is undone, or asked for again
    with its own key, however often the run is retried.
    """
    earlier = run.retry_of_id
    while earlier is not None:
        rows = StepRun.objects.filter(run_id=earlier, name=name)
        found = rows.values_list("idempotency_key", "effect", "compensation").first()
        if found is not None:
            key, effect, compensation = found
            if effect != Effect.NONE and compensation == Compensation.NONE:
                return key, Effect(effect)
            break
        earlier = Run.objects.values_list("retry_of_id", flat=True).get(pk=earlier)  # that one never came so far
    return f"{run.id}/{name}", Effect.NONE


def _row(run: RunFacts, planned: PlannedStep, now: datetime, *, skip: bool) -> StepRun:
    key, effect = key_and_effect(run, planned.name)
    row = StepRun(run_id=run.id, name=planned.name, idempotency_key=key, effect=effect, ready_at=now)
    try:
        wanted = not skip and (planned.when is None or _holds(run, planned))
    except ExpressionError as error:
        row.status, row.error_type, row.finished_at = StepStatus.FAILED, "expression", now
        row.error_message = f"when: {error}"[:MAX_ERROR_TEXT]
        return row
    if not wanted:
        row.status, row.finished_at = StepStatus.SKIPPED, now
        return row
    timeout = planned.timeout
    row.status = StepStatus.READY
    row.wake_due_at = now + timedelta(seconds=LOST_WAKE_AFTER)
    row.start_deadline = now + timedelta(seconds=timeout.schedule_to_start) if timeout.schedule_to_start else None
    row.close_deadline = now + timedelta(seconds=timeout.schedule_to_close) if timeout.schedule_to_close else None
    return row


def _holds(run: RunFacts, planned: PlannedStep) -> bool:
    assert planned.when is not None
    return bool(planned.when.evaluate(scope_of(run, planned.when.references)))


def _write(run: RunFacts, plan: Plan, rows: list[StepRun], now: datetime, *, inline: bool) -> Claim | None:
    """Insert the rows; the first ready one is born running in this process's hands when `inline`."""
    ready = [row for row in rows if row.status == StepStatus.READY]
    mine = ready[0] if inline and ready else None
    columns = held(plan.steps[mine.name], mine, now) if mine is not None else {}
    if mine is not None:
        mine.status, mine.fence = StepStatus.RUNNING, 1
        for name, value in columns.items():
            setattr(mine, name, value)
    transition.create_steps(rows)
    wake_up([row.pk for row in ready if row is not mine])
    return in_hand(run, plan, mine, FORWARD, columns) if mine is not None else None
