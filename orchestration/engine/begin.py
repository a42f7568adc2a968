"""Begin what follows: evaluate `when` and flags, make the rows of what is ready or skipped, take one of them for this process.

Works inside the transaction that records the outcome before it. Owns what a new step looks like. Never writes one
(hot_sql does, together with the outcome) and never executes one; what a flag is for the run, flags.py writes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestration.engine import hot_sql
from orchestration.engine.advance import Next, following
from orchestration.engine.claim import FORWARD, Claim, Known, RunFacts, Turn, limit_of
from orchestration.engine.flags import OFF, decided, off_words
from orchestration.engine.publish import wake_up
from orchestration.engine.rows import HeldStep, NewStep
from orchestration.engine.scope import scope_of
from orchestration.engine.worker import identity, lease
from orchestration.limits import LOST_WAKE_AFTER, MAX_ERROR_TEXT
from orchestration.manifest import ExpressionError, Plan, PlannedStep
from orchestration.models import Run, StepRun
from orchestration.states import Compensation, Effect, StepStatus
from orchestration.telemetry.outcomes import Row as Outcome
from orchestration.telemetry.outcomes import note, step_row


@dataclass(slots=True)
class Begun:
    """What begins: the states with it, the rows to write, and the one that this process goes on with."""

    states: dict[str, StepStatus]
    born: list[NewStep] = field(default_factory=list)
    mine: NewStep | None = None
    #: Steps whose `when` could not be evaluated, and why.
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> list[NewStep]:
        """What waits for a worker."""
        return [row for row in self.born if row.status == StepStatus.READY]


def begin(
    run: RunFacts,
    plan: Plan,
    states: Mapping[str, StepStatus],
    after: str | None,
    now: datetime,
    *,
    inline: bool,
    known: Known | None = None,
) -> Begun:
    """All that may begin after `after` (None: the first steps), skips and their consequences included."""
    begun = Begun(dict(states))
    looks: deque[Next] = deque([following(plan, begun.states, after)])
    while looks:
        found = looks.popleft()
        for name in [*found.skip, *found.begin]:
            if name in begun.states:
                continue
            row = _row(run, plan.steps[name], now, known or {}, skip=name in found.skip)
            begun.states[name] = row.status
            if row.status == StepStatus.FAILED:
                begun.errors[name] = row.error_message
            begun.born.append(row)
            if row.status != StepStatus.READY:
                looks.append(following(plan, begun.states, name))
    # After a fault the run may be stopping: what was born running in these hands would be dropped, still running.
    ready = begun.ready if inline and not begun.errors else []
    if ready:
        begun.mine = ready[0]
        take(run, plan, ready[0], now)
        begun.states[ready[0].name] = StepStatus.RUNNING
    return begun


def write(run: RunFacts, plan: Plan, begun: Begun, turn: Turn) -> Claim | None:
    """Write what begins, and wake workers for it; the claim of this process's own step, in the same turn."""
    hot_sql.insert_steps(begun.born)
    note(failed_at_birth(run, begun))
    wake_up([row.pk for row in begun.ready])
    if begun.mine is None:
        return None
    turn.steps += 1
    return in_hand(run, plan, begun.mine, {}, turn)


def failed_at_birth(run: RunFacts, begun: Begun) -> list[Outcome]:
    """Outcomes of the steps whose `when` could not be evaluated."""
    failed = [row for row in begun.born if row.status == StepStatus.FAILED]
    return [step_row(run.version_id, row, row.status, row.ready_at, began=None, plain=False) for row in failed]


def in_hand(run: RunFacts, plan: Plan, born: NewStep, known: Known, turn: Turn) -> Claim:
    """The claim of a step that was born running."""
    claimed_at, deadline = born.claimed_at, born.attempt_deadline
    assert claimed_at is not None
    assert deadline is not None
    step = HeldStep(
        born.pk, born.run_id, born.name, born.status, born.attempt, born.attempt, born.idempotency_key, born.effect,
        born.worker_id, started_at=claimed_at, claimed_at=claimed_at, close_deadline=born.close_deadline, ready_at=born.ready_at,
        item=born.item,
    )  # fmt: skip
    return Claim(run, plan, step, FORWARD, claimed_at, (deadline - claimed_at).total_seconds(), known, turn, born)


def key_and_effect(run: RunFacts, name: str, item: int = 0) -> tuple[str, Effect]:
    """One key per (run, step, item), the same for every attempt; an earlier run's where that left its effect unclear.

    An effect that may have happened stays one: the new row starts with it, so that it is undone, or asked for again
    with its own key, however often the run is retried.
    """
    earlier = run.retry_of_id
    while earlier is not None:
        rows = StepRun.objects.filter(run_id=earlier, name=name, item=item)
        found = rows.values_list("idempotency_key", "effect", "compensation").first()
        if found is not None:
            key, effect, compensation = found
            if effect != Effect.NONE and compensation == Compensation.NONE:
                return key, Effect(effect)
            break
        earlier = Run.objects.values_list("retry_of_id", flat=True).get(pk=earlier)  # that one never came so far
    return f"{run.text_id}/{name}/{item}" if item else f"{run.text_id}/{name}", Effect.NONE


def first_row(run: RunFacts, planned: PlannedStep, now: datetime, *, item: int = 0, anew: bool = False) -> NewStep:
    """A step that waits for a worker. `anew`: what an earlier run did under this name has nothing to do with it."""
    key, effect = (
        (f"{run.text_id}/{planned.name}/{item}", Effect.NONE) if anew else key_and_effect(run, planned.name, item)
    )
    row = NewStep(run.id, planned.name, StepStatus.READY, key, now, effect, item=item)
    timeout = planned.timeout
    row.wake_due_at = now + timedelta(seconds=LOST_WAKE_AFTER)
    row.start_deadline = now + timedelta(seconds=timeout.schedule_to_start) if timeout.schedule_to_start else None
    if timeout.schedule_to_close and (item or planned.for_each is None):  # of a loop it bounds each item
        row.close_deadline = now + timedelta(seconds=timeout.schedule_to_close)
    return row


def _row(run: RunFacts, planned: PlannedStep, now: datetime, known: Known, *, skip: bool) -> NewStep:
    row = first_row(run, planned, now)
    try:
        wanted = not skip and (planned.when is None or _holds(run, planned, known))
    except ExpressionError as error:
        row.status, row.error_type, row.finished_at = StepStatus.FAILED, "expression", now
        row.error_message = f"when: {error}"[:MAX_ERROR_TEXT]
        return _unopened(row)
    if not wanted:
        row.status, row.finished_at = StepStatus.SKIPPED, now
        return _unopened(row)
    if planned.flag is not None:
        flag = decided(run, planned.flag.key, now)
        if not flag.is_on and planned.flag.when_off == "skip":
            row.status, row.finished_at = StepStatus.SKIPPED, now
            row.error_type, row.error_message = OFF, off_words(flag)
            return _unopened(row)
    return row


def _unopened(row: NewStep) -> NewStep:
    row.wake_due_at = row.start_deadline = row.close_deadline = None
    return row


def take(run: RunFacts, plan: Plan, row: NewStep, now: datetime) -> None:
    """Born running, held by this process."""
    planned = plan.steps[row.name]
    beat = planned.timeout.heartbeat
    row.status, row.attempt, row.worker_id, row.claimed_at = StepStatus.RUNNING, 1, identity(), now
    row.wake_due_at = row.start_deadline = None
    row.lease_until = now + lease()
    row.attempt_deadline = now + timedelta(seconds=limit_of(run, plan, planned, row.close_deadline, now))
    row.heartbeat_deadline = now + timedelta(seconds=beat) if beat else None


def _holds(run: RunFacts, planned: PlannedStep, known: Known) -> bool:
    assert planned.when is not None
    return bool(planned.when.evaluate(scope_of(run, planned.when.references, known)))
