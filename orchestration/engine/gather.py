"""Gather: record the successes of many steps, and begin what follows each, in one transaction.

The commit is what a durable step costs, so whatever is finished at one moment shares one. Only plain successes come
here; all else (failures, waits, compensations, runs that are ending) goes one by one through engine/complete.py, and so
does every member of a batch that could not be recorded as a whole. Never calls a step kind.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from orchestration import clock
from orchestration.engine import hot_sql, transition
from orchestration.engine.advance import fatal, is_over
from orchestration.engine.begin import Begun, begin, in_hand
from orchestration.engine.claim import FORWARD, Claim, Known
from orchestration.engine.execute import Executed
from orchestration.engine.fallbacks import remembers
from orchestration.engine.payloads import store
from orchestration.engine.plans import sole_speakers
from orchestration.engine.publish import wake_up
from orchestration.engine.rows import Ending, Success
from orchestration.engine.settle import mood_of, output_of, result_of
from orchestration.engine.worker import lease
from orchestration.errors import TooLarge
from orchestration.limits import INLINE_PAYLOAD, KNOWN_OUTPUT
from orchestration.manifest import ExpressionError
from orchestration.states import Effect, RunResult, RunStatus, StepStatus
from orchestration.steps.outcome import Completed
from orchestration.telemetry import tracing
from orchestration.telemetry.outcomes import Row as Outcome
from orchestration.telemetry.outcomes import run_row, step_row, text_of, try_row


@dataclass(slots=True)
class Item:
    """An attempt that ended. `inline`: this process may go on with what follows.

    `ahead`: what it did go on with already; `begun` was known then, and this very attempt may be unwritten itself.
    """

    claim: Claim
    executed: Executed
    inline: bool
    begun: Begun | None = None
    ahead: Claim | None = None
    at: datetime = field(default_factory=lambda: clock.lately())  # noqa: PLW0108 - tests put another clock there


class Apart(Exception):
    """The batch can't be recorded as one: each of its members is to go its own way."""


def is_plain(claim: Claim, executed: Executed) -> bool:
    """Whether this is an outcome that may be gathered."""
    alone = claim.step.item or claim.planned.stands_in_for or remembers(claim)
    return claim.phase == FORWARD and isinstance(executed.outcome, Completed) and not alone


def gather(items: Sequence[Item]) -> list[Claim | None]:
    """Record them; what this process goes on with after each, unless it has already. Raises Apart, with nothing written.

    Of one run they stand in the order in which they were executed.
    """
    batch = _Batch(clock.now())
    with transaction.atomic() if _needs_transaction(items) else nullcontext():
        batch.look(items)
        for item in items:
            batch.take(item)
        batch.conclude(items)
        batch.write(items)
        if tracing.is_on():
            batch.tell(items)
    return [_next(item, batch.known[item.claim.run.id]) for item in items]


@dataclass(slots=True)
class _Batch:
    """What one transaction writes, as it grows."""

    now: datetime
    states: dict[uuid.UUID, dict[str, StepStatus]] = field(default_factory=dict)
    statuses: dict[uuid.UUID, str] = field(default_factory=dict)
    known: dict[uuid.UUID, Known] = field(default_factory=dict)
    successes: list[Success] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    #: All that ends with it, to be counted.
    outcomes: list[Outcome] = field(default_factory=list)
    #: Steps whose rows this batch writes: run and name.
    coming: set[tuple[uuid.UUID, str]] = field(default_factory=set)

    def look(self, items: Sequence[Item]) -> None:
        """Lock the runs in which more than one step has a say, and read their states."""
        runs = sorted({one.claim.run.id for one in items if not knows_enough(one.claim)})
        if not runs:
            return
        for run, (status, ending) in hot_sql.lock(runs).items():
            if ending or status not in {RunStatus.RUNNING, RunStatus.WAITING}:
                raise Apart
            self.statuses[run] = status
        self.states = hot_sql.states(runs)

    def take(self, item: Item) -> None:
        """One outcome and what follows from it."""
        claim, run = item.claim, item.claim.run
        if claim.is_ahead and (run.id, claim.step.name) not in self.coming:
            raise Apart  # what came before it is not here
        self._succeed(item)
        shared = self.states.get(run.id)
        if shared is not None and shared.get(claim.step.name) != StepStatus.RUNNING:
            raise Apart
        if item.ahead is not None:
            assert item.begun is not None
            assert item.begun.mine is not None
            item.begun.mine.lease_until = self.now + lease()  # it is at work here, however late this record is
            self.coming.add((run.id, item.begun.mine.name))
            if shared is not None:
                self.states[run.id] = {**shared, **item.begun.states}
            return
        states = {**(shared or {}), claim.step.name: StepStatus.SUCCEEDED}
        known = self.known[run.id]
        try:
            item.begun = begin(run, claim.plan, states, claim.step.name, self.now, inline=item.inline, known=known)
            if item.begun.errors:
                raise Apart
            if shared is not None:
                self.states[run.id] = item.begun.states
            elif not item.begun.born:
                self.endings.append(_ending(claim, RunResult.SUCCEEDED, known))
        except (ExpressionError, TooLarge, ValueError) as error:
            raise Apart from error

    def conclude(self, items: Sequence[Item]) -> None:
        """Once all outcomes are in."""
        claims = {item.claim.run.id: item.claim for item in items if item.claim.run.id in self.states}
        self.endings += conclude(claims, self.states, self.statuses, self.known)

    def write(self, items: Sequence[Item]) -> None:
        """Everything, or Apart."""
        born = [row for item in items if item.begun is not None for row in item.begun.born]
        claims = {item.claim.run.id: item.claim for item in items}
        runs = [ended(claims[ending.run_id], ending, self.now) for ending in self.endings]
        if not hot_sql.record(self.successes, born, self.endings, self.now, text_of([*self.outcomes, *runs])):
            raise Apart
        parents = [held.run.parent_step_id for held in (claims[one.run_id] for one in self.endings)]
        ready = [row.pk for item in items if item.begun is not None for row in item.begun.ready]
        wake_up([*ready, *(parent for parent in parents if parent is not None)])

    def tell(self, items: Sequence[Item]) -> None:
        """Spans of what is recorded, once it is committed."""
        claims = {item.claim.run.id: item.claim for item in items}
        for ending in self.endings:
            held = claims[ending.run_id]
            tracing.run_ended(held.run, held.plan, ending.result, self.now)
        tracing.successes([(item.claim, item.at) for item in items])

    def _succeed(self, item: Item) -> None:
        claim, executed, step, row = item.claim, item.executed, item.claim.step, item.claim.row
        # The first attempt's input stays; only a step that joins `any` may have been given more later on.
        given = store(executed.input, claim.run.id) if executed.input and not step.input else ""
        output = store(executed.output, claim.run.id)
        if claim.is_ahead:
            assert row is not None
            row.succeed(item.at, given, output)
            self.outcomes.append(succeeded(claim, item.at))
        else:
            effect = Effect.HAPPENED if claim.writes else Effect.NONE
            one = Success(
                step.pk, step.run_id, step.fence, step.attempt, claim.claimed_at, item.at, step.worker_id, effect,
                given, output,
            )  # fmt: skip
            self.successes.append(one)
            self.outcomes.append(succeeded(claim, item.at))
            if step.fence > 1:
                self.outcomes.append(_tried(claim, item.at))
        known = self.known.setdefault(claim.run.id, {})
        known.update(claim.known)
        known[step.name] = (StepStatus.SUCCEEDED, output)  # whatever its size: the database does not have it yet


def conclude(
    claims: Mapping[uuid.UUID, Claim],
    states: Mapping[uuid.UUID, dict[str, StepStatus]],
    statuses: Mapping[uuid.UUID, str],
    known: Mapping[uuid.UUID, Known],
) -> list[Ending]:
    """Of locked runs, by one claim of each: those that are over. The others' status says whether they wait, unless they
    are paused. Raises Apart."""
    endings: list[Ending] = []
    moods: dict[tuple[RunStatus, RunStatus], list[uuid.UUID]] = {}
    for run, held in claims.items():
        if fatal(held.plan, states[run]) is not None:
            raise Apart
        if is_over(held.plan, states[run]):
            endings.append(_ending(held, result_of(states[run]), known.get(run)))
            continue
        before, mood = RunStatus(statuses[run]), mood_of(states[run])
        if before not in {mood, RunStatus.PAUSED}:
            moods.setdefault((before, mood), []).append(run)
    for (before, mood), ids in moods.items():
        transition.move_runs(ids, before, mood)
    return endings


def ended(held: Claim, ending: Ending, at: datetime) -> Outcome:
    """The outcome of a run that is over, by one claim of it."""
    return run_row(held.run.version_id, ending.result, began=held.run.started_at, at=at)


def succeeded(held: Claim, at: datetime) -> Outcome:
    """The outcome of a step that succeeded."""
    step = held.step
    return step_row(held.run.version_id, step, StepStatus.SUCCEEDED, at, began=step.started_at, plain=step.fence == 1)


def _tried(held: Claim, at: datetime) -> Outcome:
    return try_row(
        held.run.version_id, held.step.name, FORWARD, "succeeded", began=held.claimed_at, at=at, error="", retried=False
    )


def _ending(held: Claim, result: RunResult, known: Known | None) -> Ending:
    try:
        return Ending(held.run.id, result, store(output_of(held.run, held.plan, known), held.run.id))
    except (ExpressionError, TooLarge, ValueError) as error:
        raise Apart from error


def _needs_transaction(items: Sequence[Item]) -> bool:
    """One step, and what ran ahead of its record, is on PostgreSQL recorded by one statement: that is a transaction."""
    if connection.vendor != "postgresql" or sum(not item.claim.is_ahead for item in items) > 1:
        return True
    large = any(max(len(one.executed.input), len(one.executed.output)) > INLINE_PAYLOAD // 4 for one in items)
    last = items[-1].claim
    gives = not last.planned.successors and last.plan.output is not None
    return large or gives or not all(knows_enough(item.claim) for item in items)


def knows_enough(claim: Claim) -> bool:
    """Whether what follows a success can be said without looking at any other step of the run.

    Not in a retry or rerun of a run: what stands from the earlier one may stand after a step that runs again.
    """
    return not claim.run.builds_on_another and claim.step.name in sole_speakers(claim.run.version_id)


def _next(item: Item, known: Known) -> Claim | None:
    begun, claim = item.begun, item.claim
    if begun is None or begun.mine is None or item.ahead is not None:
        return None
    claim.turn.steps += 1
    kept = {name: found for name, found in known.items() if len(found[1]) <= KNOWN_OUTPUT}
    return in_hand(claim.run, claim.plan, begun.mine, kept, claim.turn)
