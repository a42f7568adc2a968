"""Start runs: rows, first steps and idempotency keys in one transaction; wake on commit.

Owns the transaction and the answer to a used key. Never checks roles or the input's contract: services/runs.py does.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction

from orchestration import clock
from orchestration.engine import hot_sql
from orchestration.engine.advance import fatal
from orchestration.engine.begin import Begun, begin, failed_at_birth
from orchestration.engine.claim import RunFacts
from orchestration.engine.payloads import store
from orchestration.engine.plans import plan_of
from orchestration.engine.publish import wake_up
from orchestration.engine.reuse import copy_steps
from orchestration.engine.rows import NewRun
from orchestration.engine.settle import finish_if_over, lock, settle, stop
from orchestration.errors import Conflict
from orchestration.ids import new_id
from orchestration.limits import INLINE_PAYLOAD
from orchestration.manifest import Plan
from orchestration.models import Run, StepRun, WorkflowVersion
from orchestration.states import RunResult, StepStatus
from orchestration.telemetry import tracing
from orchestration.telemetry.outcomes import note


@dataclass(frozen=True, slots=True)
class Request:
    """What a run starts from. `input_text` is canonical JSON, `actor_id` a user or None."""

    version: WorkflowVersion
    input_text: str
    input_hash: str
    key: str | None = None
    actor_id: int | None = None
    trace_id: str | None = None
    retry_of: Run | None = None
    rerun_of: Run | None = None
    reused: tuple[StepRun, ...] = ()
    parent_step_id: int | None = None
    #: What started it, such as schedule:nightly; `detail` says it in words.
    origin: str = ""
    detail: str = ""
    priority: int = 0
    #: Seconds that the run has at most, whatever its workflow's timeout.
    within: float | None = None
    #: Whose writes those of `reused` are: this run's too, to be undone if it fails, or the earlier run's alone.
    inherits: bool = True


@dataclass(slots=True)
class _Opened:
    """A run as it is about to be written."""

    row: NewRun
    facts: RunFacts
    plan: Plan
    begun: Begun


def start(request: Request) -> tuple[Run, bool]:
    """The run, and whether this call created it. Raises Conflict when the key belongs to another input."""
    known = _known(request)
    if known is not None:
        return known, False
    _refuse_paused([request])
    try:
        with nullcontext() if _is_one_statement(request) else transaction.atomic():
            return create([request])[0], True
    except IntegrityError:
        known = _known(request)  # two starts with one key at once: the other won
        if known is None:
            raise
        return known, False


def start_all(requests: Sequence[Request]) -> list[Run]:
    """Many runs without keys, all of them or none, in one transaction."""
    if any(request.key is not None for request in requests):
        raise ValueError("runs with idempotency keys are started one by one")
    _refuse_paused(requests)
    with transaction.atomic():
        return create(requests)


def _refuse_paused(requests: Sequence[Request]) -> None:
    """No run of a paused workflow begins. Raises Conflict that names who paused it and why."""
    for request in requests:
        workflow = request.version.workflow
        if workflow.paused_at is not None:
            who = f" by {workflow.paused_by}" if workflow.paused_by else ""
            raise Conflict(
                f"workflow {workflow.name} is paused since {workflow.paused_at:%Y-%m-%d %H:%M} UTC{who}:"
                f" {workflow.pause_reason}; resume the workflow, then start it again"
            )


def _is_one_statement(request: Request) -> bool:
    """On PostgreSQL a plain start is one statement, and so a transaction of its own."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return False
    steps = plan_of(request.version.pk).steps.values()
    opens = all(step.begins_freely for step in steps if not step.predecessors)
    return opens and not request.reused and len(request.input_text) <= INLINE_PAYLOAD // 4


def _known(request: Request) -> Run | None:
    if request.key is None:
        return None
    run = Run.objects.filter(workflow_id=request.version.workflow_id, idempotency_key=request.key).first()
    if run is not None and run.input_hash != request.input_hash:
        raise Conflict(
            f"idempotency key {request.key!r} already started run {run.short_id} of this workflow with another input;"
            " use a new key for a new input"
        )
    return run


def create(requests: Sequence[Request]) -> list[Run]:
    """Write the runs, in the transaction there is."""
    now = clock.now()
    # A microsecond apart, so that their ids keep the order in which they were asked for.
    opened = [_open(request, now + timedelta(microseconds=place)) for place, request in enumerate(requests)]
    hot_sql.start([one.row for one in opened], [row for one in opened for row in one.begun.born])
    note([row for one in opened if one.begun.errors for row in failed_at_birth(one.facts, one.begun)])
    for one, request in zip(opened, requests, strict=True):
        if request.reused:
            copy_steps(one.row.id, request.reused, request.inherits)
    wake_up([row.pk for one in opened for row in one.begun.ready])
    for one in opened:
        facts = one.facts
        tracing.run_started(facts.id, facts.trace_id, facts.workflow, facts.version, now)
    return [_settled(one, now) for one in opened]


def _open(request: Request, now: datetime) -> _Opened:
    """The run's row, and its first steps after what is reused."""
    version, run_id = request.version, new_id(now)
    plan = plan_of(version.pk)
    row = NewRun(
        run_id, version.workflow_id, version.pk, version.workflow.owner_id, request.key,
        store(request.input_text, run_id), request.input_hash, now,
        _deadline(plan, request, now), request.retry_of.pk if request.retry_of else None, request.actor_id,
        request.trace_id or secrets.token_hex(16), _detail(request), request.parent_step_id,
        request.rerun_of.pk if request.rerun_of else None, request.origin, request.priority,
    )  # fmt: skip
    facts = RunFacts(
        run_id, version.pk, plan.workflow, plan.version, request.key, row.input, row.trace_id, now, row.retry_of_id,
        str(run_id), request.parent_step_id, request.rerun_of is not None,
    )  # fmt: skip
    states = {step.name: StepStatus(step.status) for step in request.reused}
    known = {step.name: (step.status, step.output) for step in request.reused}
    return _Opened(row, facts, plan, begin(facts, plan, states, None, now, inline=False, known=known))


def _deadline(plan: Plan, request: Request, now: datetime) -> datetime | None:
    limits = [seconds for seconds in (plan.timeout, request.within) if seconds is not None]
    return now + timedelta(seconds=min(limits)) if limits else None


def _detail(request: Request) -> str:
    """What its first event says of where it comes from."""
    if request.detail:
        return request.detail
    return f"retry of run {request.retry_of.short_id}" if request.retry_of else ""


def _settled(one: _Opened, now: datetime) -> Run:
    """The run as it stands: one of skips alone may end right here."""
    begun, run_id = one.begun, one.row.id
    if begun.ready and not begun.errors:
        return _as_written(one.row)
    run = lock(run_id)
    culprit = fatal(one.plan, begun.states)
    if culprit is not None:
        message = begun.errors.get(culprit, "")
        stop(run, RunResult.FAILED, now, step=culprit, error_type="expression", message=message)
        settle(run, one.plan, now)
    else:
        finish_if_over(run, one.facts, one.plan, begun.states, now)
    return Run.objects.get(pk=run_id)


def _as_written(row: NewRun) -> Run:
    """The model of a row that this transaction wrote, without reading it again."""
    run = Run(
        id=row.id, workflow_id=row.workflow_id, version_id=row.version_id, team_id=row.team_id, status="running",
        idempotency_key=row.idempotency_key, input=row.input, input_hash=row.input_hash, created_at=row.at,
        started_at=row.at, deadline_at=row.deadline_at, retry_of_id=row.retry_of_id,
        started_by_id=row.started_by_id, trace_id=row.trace_id, parent_step_id=row.parent_step_id,
        rerun_of_id=row.rerun_of_id, origin=row.origin, priority=row.priority,
    )  # fmt: skip
    run._state.adding, run._state.db = False, "default"
    return run
