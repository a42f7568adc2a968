"""Claim: take ready steps, or a compensation that is due, for this process. Lease, fence and attempt are set here.

Owns what a worker holds in its hands (Claim). Never executes anything.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q

from orchestration import clock
from orchestration.engine import hot_sql, transition
from orchestration.engine.plans import may_write, plan_of, start_to_close, undo_of
from orchestration.engine.rows import HeldStep, NewStep, present, text_of_time
from orchestration.engine.worker import identity, lease
from orchestration.limits import DEFAULT_START_TO_CLOSE, INLINE_SECONDS, INLINE_STEPS
from orchestration.manifest import Plan, PlannedCompensation, PlannedStep
from orchestration.models import Run, StepRun
from orchestration.patience import outlast
from orchestration.states import Compensation, Effect, RunStatus, StepStatus
from orchestration.telemetry.told import Trail

log = structlog.get_logger(__name__)

FORWARD, COMPENSATION = "forward", "compensation"

#: Whether the next claim need not wait for the disk: only what has no effect may be forgotten by a crash of the database, and
#: what a claim will bring is known when it is made. So it goes as the last one would have gone; a wrong guess is put right
#: before anything is executed.
_lightly = False

#: What steps of a run came to, as far as this process knows: name → (status, stored output). Outcomes never change.
Known = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What never changes about a run while it runs. `input` is stored text."""

    id: uuid.UUID
    version_id: int
    workflow: str
    version: str
    key: str | None
    input: str
    trace_id: str
    started_at: datetime
    retry_of_id: uuid.UUID | None
    #: The id as text: every step says it several times.
    text_id: str
    #: Of a child the step that waits for it.
    parent_step_id: int | None = None
    #: Made from another run, as a retry is, but everything that runs does so under new keys.
    rerun: bool = False

    @property
    def builds_on_another(self) -> bool:
        """Whether steps of an earlier run may stand in it, even after steps that run again."""
        return self.rerun or self.retry_of_id is not None

    @classmethod
    def of(cls, run: Run, workflow: str, version: str) -> RunFacts:
        """From a run and the names that its ids stand for."""
        return cls(
            run.pk, run.version_id, workflow, version, run.idempotency_key, run.input, run.trace_id,
            run.started_at or run.created_at, run.retry_of_id, str(run.pk), run.parent_step_id, run.rerun_of_id is not None,
        )  # fmt: skip


@dataclass(slots=True)
class Turn:
    """How long one process has been at one run: it gives way to others in the end."""

    steps: int = 0
    began: float = field(default_factory=time.monotonic)
    #: What ran ahead in this turn does not count: what came before it could not be recorded with it.
    void: bool = False

    @property
    def over(self) -> bool:
        """Whether others should have their turn."""
        return self.steps >= INLINE_STEPS or time.monotonic() - self.began >= INLINE_SECONDS


@dataclass(slots=True)
class Claim:
    """One attempt in this process's hands: its result counts only while (status, fence) still hold."""

    run: RunFacts
    plan: Plan
    step: HeldStep
    phase: str
    claimed_at: datetime
    limit: float
    known: Known = field(default_factory=dict)
    turn: Turn = field(default_factory=Turn)
    #: The row of a step that was born in this process's hands.
    row: NewStep | None = None
    #: Nobody is at it any more, and it has no outcome.
    lost: bool = False
    #: What its span will say of its execution (telemetry/told.py); None while nobody is told.
    trail: Trail | None = None

    @property
    def is_ahead(self) -> bool:
        """Whether its row has still to be written, together with what came before it (engine/ahead.py)."""
        return not self.step.pk

    @property
    def is_loop(self) -> bool:
        """Whether this is a `for_each` as a whole, and not one item of it."""
        return self.planned.for_each is not None and not self.step.item

    @property
    def planned(self) -> PlannedStep:
        """The step as declared."""
        return self.plan.steps[self.step.name]

    @property
    def action(self) -> PlannedStep | PlannedCompensation:
        """What is executed: the step itself or its compensation."""
        if self.phase == FORWARD:
            return self.planned
        undo = undo_of(self.planned)
        assert undo is not None
        return undo

    @property
    def attempt(self) -> int:
        """The number of this try, from 1."""
        return self.step.attempt if self.phase == FORWARD else self.step.compensation_attempt

    def bound(self) -> dict[str, object]:
        """What a log line says while this is executed."""
        return {
            "run_id": self.run.text_id, "workflow": self.run.workflow, "version": self.run.version,
            "team": self.plan.owner, "trace_id": self.run.trace_id, "step": self.step.name, "attempt": self.attempt,
            "dependency": self.action.dependency,
        }  # fmt: skip

    @property
    def writes(self) -> bool:
        """Whether an attempt that ended unclear may have had its effect."""
        return may_write(self.planned) and not self.is_loop


def held_by(step: StepRun, phase: str) -> Claim:
    """The claim as its worker holds it, or as the step waits, to act in its place. `step` with its run."""
    plan = plan_of(step.run.version_id)
    facts = RunFacts.of(step.run, plan.workflow, plan.version)
    began = step.claimed_at or step.ready_at or step.run.created_at
    return Claim(facts, plan, HeldStep.of(step), phase, began, 0.0)


def claim(step_id: int) -> Claim | None:
    """Take the step for this process. None: not due, not open, or someone else was first."""
    found = claim_all([step_id])
    return found[0] if found else None


def claim_all(step_ids: Sequence[int]) -> list[Claim]:
    """Take what can be taken of these steps and compensations."""
    global _lightly  # noqa: PLW0603 - a guess of the process's
    now, lightly = clock.now(), _lightly
    usual = now + timedelta(seconds=DEFAULT_START_TO_CLOSE)
    rows = hot_sql.claim(step_ids, worker=identity(), at=now, lease=now + lease(), ends=usual, lightly=lightly)
    claims = [one for row in rows if (one := _understood(row, now)) is not None]
    if claims:
        _lightly = not any(one.writes for one in claims)
        if lightly and not _lightly:
            hot_sql.settle()
    others = [_limits(one, now) for one in claims if one.limit != DEFAULT_START_TO_CLOSE or _beat(one)]
    if others:
        outlast(lambda: hot_sql.limit(others))
    taken = {row[0] for row in rows}
    missed = [pk for pk in step_ids if pk not in taken]
    return claims + _claim_missed(missed) if missed else claims


def limit_of(run: RunFacts, plan: Plan, planned: PlannedStep, close_deadline: datetime | None, now: datetime) -> float:
    """Seconds that one attempt may take from now on: its own limit, cut by what the step and the run have left."""
    seconds = start_to_close(planned, DEFAULT_START_TO_CLOSE)
    if close_deadline is not None:
        seconds = min(seconds, max((close_deadline - now).total_seconds(), 0.0))
    if plan.timeout is not None:
        seconds = min(seconds, max(plan.timeout - (now - run.started_at).total_seconds(), 0.0))
    return seconds


def _understood(row: Sequence[Any], now: datetime) -> Claim | None:
    """The claim; None for one that this process can't make sense of, whose lease then ends: the others go on."""
    try:
        return outlast(lambda: _read(row, now))
    except Exception:
        log.exception("claim.not_understood", step_id=row[0])
        return None


def _read(row: Sequence[Any], now: datetime) -> Claim:
    """The claim, from a row of hot_sql.claim."""
    version = row[14]
    run_id, plan = hot_sql.identifier(row[13]), plan_of(version)
    step = HeldStep(
        pk=row[0], run_id=run_id, name=row[2], status=StepStatus.RUNNING, fence=row[3], attempt=row[4],
        idempotency_key=row[5], effect=Effect(row[6]), input=row[7], started_at=hot_sql.moment(row[8]),
        close_deadline=hot_sql.moment(row[9]), losses=row[10], worker_id=identity(), claimed_at=now,
        ready_at=hot_sql.moment(row[11]), item=row[12],
    )  # fmt: skip
    began = hot_sql.moment(row[18]) or hot_sql.moment(row[19])
    assert began is not None
    retry_of = hot_sql.identifier(row[20]) if row[20] is not None else None
    facts = RunFacts(
        run_id,
        version,
        plan.workflow,
        plan.version,
        row[15],
        row[16],
        row[17],
        began,
        retry_of,
        str(run_id),
        row[21],
        row[22] is not None,
    )
    return Claim(
        facts, plan, step, FORWARD, now, limit_of(facts, plan, plan.steps[step.name], step.close_deadline, now)
    )


def _beat(held: Claim) -> float | None:
    return held.planned.timeout.heartbeat


def _limits(held: Claim, now: datetime) -> dict[str, Any]:
    beat = _beat(held)
    return present(
        step=held.step.pk, fence=held.step.fence, ends=text_of_time(now + timedelta(seconds=held.limit)),
        beat=text_of_time(now + timedelta(seconds=beat)) if beat else None,
    )  # fmt: skip


def _claim_missed(step_ids: Sequence[int]) -> list[Claim]:
    """What was asked for and is no ready step that may begin: compensations that are due, or nothing any more.

    Of a step that its paused run holds back no message needs to tell again: resuming does.
    """
    undoing = Q(compensation=Compensation.RUNNING, run__status=RunStatus.COMPENSATING)
    held_back = Q(status=StepStatus.READY, run__status=RunStatus.PAUSED, wake_due_at__isnull=False)
    rows = list(StepRun.objects.select_related("run").filter(undoing | held_back, pk__in=step_ids))
    _hush([row.run_id for row in rows if row.run.status == RunStatus.PAUSED])
    due = [row for row in rows if row.run.status == RunStatus.COMPENSATING]
    return [one for row in due if (one := _claim_compensation(row)) is not None]


def _hush(run_ids: Sequence[uuid.UUID]) -> None:
    """No wake-up is due for ready steps of paused runs: a claim that found them held says so, once.

    Under the run's lock, as resuming has it (engine/pause.py): else the wake-ups that it makes due could be silenced.
    """
    for run_id in sorted(set(run_ids)):
        with transaction.atomic():
            run = Run.objects.select_for_update().only("status").filter(pk=run_id).first()
            if run is not None and run.status == RunStatus.PAUSED:
                StepRun.objects.filter(run_id=run_id, status=StepStatus.READY).update(wake_due_at=None)


def _claim_compensation(row: StepRun) -> Claim | None:
    plan = plan_of(row.run.version_id)
    compensate = undo_of(plan.steps[row.name])
    if compensate is None:
        return None
    now = clock.now()
    seconds = start_to_close(compensate, DEFAULT_START_TO_CLOSE)
    columns: dict[str, Any] = {
        "compensation_attempt": row.compensation_attempt + 1,
        "claimed_at": now,
        "worker_id": identity(),
        "lease_until": now + lease(),
        "attempt_deadline": now + timedelta(seconds=seconds),
        "wake_due_at": None,
        "not_before": None,
    }
    if not transition.take_compensation(row.pk, row.fence, now, **columns):
        return None
    step = HeldStep.of(row)
    step.fence, step.compensation_attempt = row.fence + 1, row.compensation_attempt + 1
    step.worker_id, step.claimed_at = identity(), now
    return Claim(RunFacts.of(row.run, plan.workflow, plan.version), plan, step, COMPENSATION, now, seconds)
