"""Start a run: row, first steps and idempotency key in one transaction; wake on commit.

Owns the transaction and the answer to a used key. Never checks roles or the input's contract: services/runs.py does.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from orchestration import clock
from orchestration.engine import transition
from orchestration.engine.advance import fatal
from orchestration.engine.begin import begin
from orchestration.engine.claim import RunFacts
from orchestration.engine.payloads import store, text_of
from orchestration.engine.plans import plan_of
from orchestration.engine.settle import finish_if_over, lock, settle, stop
from orchestration.errors import Conflict
from orchestration.ids import new_id
from orchestration.models import Run, RunEvent, StepRun, WorkflowVersion
from orchestration.states import RunResult, RunStatus, StepStatus


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
    reused: tuple[StepRun, ...] = ()


def start(request: Request) -> tuple[Run, bool]:
    """The run, and whether this call created it. Raises Conflict when the key belongs to another input."""
    known = _known(request)
    if known is not None:
        return known, False
    try:
        with transaction.atomic():
            return _create(request), True
    except IntegrityError:
        known = _known(request)  # two starts with one key at once: the other won
        if known is None:
            raise
        return known, False


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


def _create(request: Request) -> Run:
    now = clock.now()
    version, run_id = request.version, new_id(now)
    plan = plan_of(version.pk)
    run = transition.create_run(
        status=RunStatus.RUNNING, id=run_id, workflow_id=version.workflow_id, version=version,
        team_id=version.workflow.owner_id, idempotency_key=request.key, input="", input_hash=request.input_hash,
        created_at=now, started_at=now, deadline_at=now + timedelta(seconds=plan.timeout) if plan.timeout else None,
        retry_of=request.retry_of, started_by_id=request.actor_id, trace_id=request.trace_id or secrets.token_hex(16),
    )  # fmt: skip
    run.input = store(request.input_text, run_id)  # a large one needs the run's row first
    run.save(update_fields=["input"])
    RunEvent.objects.create(
        run=run, at=now, kind="started", actor_id=request.actor_id,
        detail=f"retry of run {request.retry_of.short_id}" if request.retry_of else "",
    )  # fmt: skip
    _open(run, RunFacts.of(run, plan.workflow, plan.version), request, now)
    run.refresh_from_db()
    return run


def _open(run: Run, facts: RunFacts, request: Request, now: Any) -> None:
    """Write the reused outcomes and the first steps; a run of skips alone may end right here."""
    plan = plan_of(run.version_id)
    reused = [_copy(run.pk, step) for step in request.reused]
    transition.create_steps(reused)
    states = {step.name: StepStatus(step.status) for step in reused}
    begun = begin(facts, plan, states, None, now, inline=False)
    culprit = fatal(plan, begun.states)
    if culprit is not None:
        message = begun.errors.get(culprit, "")
        stop(run, RunResult.FAILED, now, step=culprit, error_type="expression", message=message)
        settle(lock(run.pk), plan, now)
        return
    finish_if_over(run, facts, plan, begun.states, now)


def _copy(run_id: uuid.UUID, step: StepRun) -> StepRun:
    """An outcome of an earlier run that stands: the same output, effect and key, linked to where it came from."""
    return StepRun(
        run_id=run_id, name=step.name, item=step.item, status=step.status, ready_at=step.ready_at,
        started_at=step.started_at, finished_at=step.finished_at, idempotency_key=step.idempotency_key,
        input=store(text_of(step.input), run_id), output=store(text_of(step.output), run_id),
        effect=step.effect, reused_from_id=step.pk,
    )  # fmt: skip
