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
from orchestration.engine import hot_sql, places, publish
from orchestration.engine.advance import fatal
from orchestration.engine.begin import Begun, begin, failed_at_birth
from orchestration.engine.bounds import KEY, LIMIT, PAUSED, SHARE, Bounds, is_paused, key_of, refuse, runs_within
from orchestration.engine.claim import RunFacts
from orchestration.engine.payloads import store
from orchestration.engine.plans import plan_of
from orchestration.engine.publish import after_commit, wake_up
from orchestration.engine.reuse import copy_steps
from orchestration.engine.rows import NewRun
from orchestration.engine.settle import finish_if_over, lock, settle, stop
from orchestration.errors import Conflict
from orchestration.ids import new_id
from orchestration.limits import INLINE_PAYLOAD
from orchestration.manifest import Plan
from orchestration.models import Run, StepRun, WorkflowVersion
from orchestration.pace import Pace
from orchestration.states import RunResult, StepStatus
from orchestration.telemetry import tracing
from orchestration.telemetry.outcomes import note

_asking = Pace(0.1)


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
    with transaction.atomic():
        return create(requests)


def _is_one_statement(request: Request) -> bool:
    """On PostgreSQL a plain start is one statement, and so a transaction of its own."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return False
    steps = plan_of(request.version.pk).steps.values()
    opens = all(step.begins_freely for step in steps if not step.predecessors)
    bound = plan_of(request.version.pk).concurrency is not None
    return opens and not bound and not request.reused and len(request.input_text) <= INLINE_PAYLOAD // 4


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
    bounds = Bounds()
    opened = [_open(request, now + timedelta(microseconds=place), bounds) for place, request in enumerate(requests)]
    hot_sql.start([one.row for one in opened], [row for one in opened for row in one.begun.born])
    note([row for one in opened if one.begun.errors for row in failed_at_birth(one.facts, one.begun)])
    for one, request in zip(opened, requests, strict=True):
        if request.reused:
            copy_steps(one.row.id, request.reused, request.inherits)
    wake_up([row.pk for one in opened for row in one.begun.ready])
    if any(one.row.queued_for for one in opened):
        _ask_to_admit()
    for one in opened:
        facts = one.facts
        if one.row.queued_for:
            continue  # its trace begins when it does
        tracing.run_started(facts.id, facts.trace_id, facts.workflow, facts.version, now)
    return [_settled(one, now) for one in opened]


def _open(request: Request, now: datetime, bounds: Bounds) -> _Opened:
    """The run's row, and its first steps after what is reused; of a queued run they come with its admission."""
    version, run_id = request.version, new_id(now)
    plan = plan_of(version.pk)
    row = NewRun(
        run_id, version.workflow_id, version.pk, version.workflow.owner_id, request.key,
        store(request.input_text, run_id), request.input_hash, now,
        deadline(plan, request.within, now), request.retry_of.pk if request.retry_of else None, request.actor_id,
        request.trace_id or secrets.token_hex(16), _detail(request), request.parent_step_id,
        request.rerun_of.pk if request.rerun_of else None, request.origin, request.priority,
    )  # fmt: skip
    facts = RunFacts(
        run_id, version.pk, plan.workflow, plan.version, request.key, row.input, row.trace_id, now, row.retry_of_id,
        str(run_id), request.parent_step_id, request.rerun_of is not None,
    )  # fmt: skip
    _admit(request, row, facts, plan, bounds)
    if row.queued_for:
        row.deadline_at = None  # its time begins to run when it does
        return _Opened(row, facts, plan, Begun({}))
    states = {step.name: StepStatus(step.status) for step in request.reused}
    known = {step.name: (step.status, step.output) for step in request.reused}
    return _Opened(row, facts, plan, begin(facts, plan, states, None, now, inline=False, known=known))


def deadline(plan: Plan, within: float | None, now: datetime) -> datetime | None:
    """When a run that begins now is out of time: by its workflow's timeout, and a child by its step's too, in seconds."""
    limits = [seconds for seconds in (plan.timeout, within) if seconds is not None]
    return now + timedelta(seconds=min(limits)) if limits else None


def _detail(request: Request) -> str:
    """What its first event says of where it comes from."""
    if request.detail:
        return request.detail
    return f"retry of run {request.retry_of.short_id}" if request.retry_of else ""


def _ask_to_admit() -> None:
    """What was full by the last look may have room by now, and no worker be busy that would look again soon."""
    with _asking.turn() as due:
        if due:
            after_commit("orchestration.tasks.admit")


def _admit(request: Request, row: NewRun, facts: RunFacts, plan: Plan, bounds: Bounds) -> None:
    """Decide whether the run begins at once. Raises Conflict where the workflow refuses what it has no room for.

    A child is neither refused nor does it wait for its team's share: its parent waits for it, and holds no place meanwhile.
    """
    workflow, is_child = row.workflow_id, request.parent_step_id is not None
    if plan.concurrency is not None and not (is_child and runs_within(workflow, request.parent_step_id)):
        row.limited, row.concurrency_key = True, key_of(plan, facts)
        row.queued_for = bounds.obstacle(workflow, plan, row.concurrency_key)
        if row.queued_for not in ("", PAUSED) and plan.concurrency.on_limit == "reject" and not is_child:
            refuse(plan, row.queued_for, row.concurrency_key)
        if not row.queued_for and bounds.waits(workflow, row.concurrency_key):
            row.queued_for = KEY if plan.concurrency.limit is None else LIMIT
    elif is_paused(request.version.workflow):
        row.queued_for = PAUSED
    waits_for_share = (
        not is_child and not publish.silent
    )  # a past that is played again is worked off by its own process
    if not row.queued_for and waits_for_share and (row.team_id in bounds.crowded or not places.take(row.team_id)):
        row.queued_for = SHARE
        bounds.crowded.add(row.team_id)
    if row.limited:
        (bounds.queue if row.queued_for else bounds.count)(workflow, row.concurrency_key)


def _settled(one: _Opened, now: datetime) -> Run:
    """The run as it stands: one of skips alone may end right here."""
    begun, run_id = one.begun, one.row.id
    if one.row.queued_for:
        return _as_written(one.row)
    if begun.ready and not begun.errors:
        return _as_written(one.row)
    end_at_birth(one.facts, one.plan, begun, now)
    return Run.objects.get(pk=run_id)


def end_at_birth(facts: RunFacts, plan: Plan, begun: Begun, now: datetime) -> None:
    """A run with no step for a worker, or with one that failed as it was born: it ends, or stops, where it begins."""
    run = lock(facts.id)
    culprit = fatal(plan, begun.states)
    if culprit is not None:
        message = begun.errors.get(culprit, "")
        stop(run, RunResult.FAILED, now, step=culprit, error_type="expression", message=message)
        settle(run, plan, now)
    else:
        finish_if_over(run, facts, plan, begun.states, now)


def _as_written(row: NewRun) -> Run:
    """The model of a row that this transaction wrote, without reading it again."""
    run = Run(
        id=row.id, workflow_id=row.workflow_id, version_id=row.version_id, team_id=row.team_id, status=row.status,
        idempotency_key=row.idempotency_key, input=row.input, input_hash=row.input_hash, created_at=row.at,
        started_at=None if row.queued_for else row.at, deadline_at=row.deadline_at, retry_of_id=row.retry_of_id,
        started_by_id=row.started_by_id, trace_id=row.trace_id, parent_step_id=row.parent_step_id,
        rerun_of_id=row.rerun_of_id, origin=row.origin, priority=row.priority,
        concurrency_key=row.concurrency_key, limited=row.limited, queued_for=row.queued_for,
    )  # fmt: skip
    run._state.adding, run._state.db = False, "default"
    return run
