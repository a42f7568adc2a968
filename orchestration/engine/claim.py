"""Claim: take a ready step, or a compensation that is due, for this process. Lease, fence and attempt are set here.

Owns what a worker holds in its hands (Claim). Never executes anything.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orchestration import clock
from orchestration.engine import transition
from orchestration.engine.plans import may_write, plan_of, start_to_close, undo_of
from orchestration.engine.worker import identity, lease
from orchestration.limits import DEFAULT_START_TO_CLOSE
from orchestration.manifest import Plan, PlannedCompensation, PlannedStep
from orchestration.models import Run, StepRun
from orchestration.states import Compensation, RunStatus, StepStatus

FORWARD, COMPENSATION = "forward", "compensation"


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

    @classmethod
    def of(cls, run: Run, workflow: str, version: str) -> RunFacts:
        """From a run and the names that its ids stand for."""
        return cls(
            run.pk, run.version_id, workflow, version, run.idempotency_key, run.input, run.trace_id,
            run.started_at or run.created_at, run.retry_of_id,
        )  # fmt: skip


@dataclass(slots=True)
class Claim:
    """One attempt in this process's hands: its result counts only while (status, fence) still hold."""

    run: RunFacts
    plan: Plan
    step: StepRun
    phase: str
    claimed_at: datetime
    limit: float

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

    @property
    def writes(self) -> bool:
        """Whether an attempt that ended unclear may have had its effect."""
        return may_write(self.planned)


def claim(step_id: int) -> Claim | None:
    """Take the step for this process. None: not due, not open, or someone else was first."""
    step = StepRun.objects.select_related("run").filter(pk=step_id).first()
    if step is None:
        return None
    run = step.run
    plan = plan_of(run.version_id)
    facts = RunFacts.of(run, plan.workflow, plan.version)
    if run.status == RunStatus.COMPENSATING and step.compensation == Compensation.RUNNING:
        return _claim_compensation(facts, plan, step)
    if run.ending or run.status == RunStatus.PAUSED or step.status != StepStatus.READY:
        return None
    columns = held(plan.steps[step.name], step, clock.now())
    if not transition.take_step(step.pk, StepStatus.READY, step.fence, columns["claimed_at"], **columns):
        return None
    step.status, step.fence = StepStatus.RUNNING, step.fence + 1
    return in_hand(facts, plan, step, FORWARD, columns)


def held(planned: PlannedStep, step: StepRun, now: datetime) -> dict[str, Any]:
    """The columns of a step that this process holds from now on, one attempt further."""
    seconds = start_to_close(planned, DEFAULT_START_TO_CLOSE)
    if step.close_deadline is not None:
        seconds = min(seconds, max((step.close_deadline - now).total_seconds(), 0.0))
    beat = planned.timeout.heartbeat
    return {
        "attempt": step.attempt + 1,
        "claimed_at": now,
        "started_at": step.started_at or now,
        "worker_id": identity(),
        "lease_until": now + lease(),
        "attempt_deadline": now + timedelta(seconds=seconds),
        "heartbeat_deadline": now + timedelta(seconds=beat) if beat else None,
        "start_deadline": None,
        "wake_due_at": None,
        "not_before": None,
    }


def in_hand(facts: RunFacts, plan: Plan, step: StepRun, phase: str, columns: dict[str, Any]) -> Claim:
    """The claim, once the database agreed."""
    for name, value in columns.items():
        setattr(step, name, value)
    now: datetime = columns["claimed_at"]
    return Claim(facts, plan, step, phase, now, (columns["attempt_deadline"] - now).total_seconds())


def _claim_compensation(facts: RunFacts, plan: Plan, step: StepRun) -> Claim | None:
    compensate = undo_of(plan.steps[step.name])
    if compensate is None:
        return None
    now = clock.now()
    seconds = start_to_close(compensate, DEFAULT_START_TO_CLOSE)
    columns: dict[str, Any] = {
        "compensation_attempt": step.compensation_attempt + 1,
        "claimed_at": now,
        "worker_id": identity(),
        "lease_until": now + lease(),
        "attempt_deadline": now + timedelta(seconds=seconds),
        "wake_due_at": None,
        "not_before": None,
    }
    if not transition.take_compensation(step.pk, step.fence, now, **columns):
        return None
    step.fence += 1
    return in_hand(facts, plan, step, COMPENSATION, columns)
