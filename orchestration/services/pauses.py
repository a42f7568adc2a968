"""Pause and resume runs and workflows, and resume what a run's undoing left. Keyword-only; checks the reason, then asks
the engine.

A run's pause is an event of the run; a workflow's is a governed write, with history and audit. Never asks who may: portal
does before it calls.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from orchestration import clock
from orchestration.engine import compensation as undoing
from orchestration.engine import pause as pausing
from orchestration.errors import Conflict, NotFound
from orchestration.models import Run, StepRun, Workflow
from orchestration.services.governed import hold, require_reason, save
from orchestration.states import Compensation, RunStatus

#: So many open runs are looked at in one go when a workflow is paused together with them.
BATCH = 200


def pause_run(*, run_id: uuid.UUID, actor: Any, reason: str) -> Run:
    """Begin nothing more of it. Raises Conflict for one that is over, ending or paused."""
    return pausing.pause(run_id, actor_id=_pk(actor), reason=require_reason(reason))


def resume_run(*, run_id: uuid.UUID, actor: Any, reason: str) -> Run:
    """Go on from where it stands. Raises Conflict for one that isn't paused."""
    return pausing.resume(run_id, actor_id=_pk(actor), reason=require_reason(reason))


def resume_compensation(*, run_id: uuid.UUID, actor: Any, reason: str) -> Run:
    """Try the failed compensation anew, then undo the rest. Raises Conflict for a run whose undoing did not fail."""
    return undoing.resume(run_id, actor_id=_pk(actor), reason=require_reason(reason))


def skip_compensation(*, run_id: uuid.UUID, step: str, actor: Any, reason: str) -> Run:
    """A person undid the step by hand: go on with the rest. Raises Conflict, NotFound for a step that did not fail so."""
    return undoing.skip(run_id, step, actor_id=_pk(actor), reason=require_reason(reason))


def skip_failed_compensation(*, run_id: uuid.UUID, actor: Any, reason: str) -> Run:
    """The same for the one step whose compensation failed: they are undone one at a time, so there is no other."""
    failed = StepRun.objects.filter(run_id=run_id, compensation=Compensation.FAILED).order_by("pk")
    return skip_compensation(
        run_id=run_id, step=failed.values_list("name", flat=True).first() or "", actor=actor, reason=reason
    )


def pause_workflow(*, name: str, actor: Any, reason: str) -> Workflow:
    """No new run of it begins. Raises NotFound, Conflict for one that is paused. Its open runs: `pause_open_runs`."""
    reason = require_reason(reason)
    with transaction.atomic():
        workflow = _locked(name)
        if workflow.paused_at is not None:
            raise Conflict(f"workflow {name} is paused already: {workflow.pause_reason}")
        workflow.paused_at, workflow.paused_by, workflow.pause_reason = clock.now(), actor, reason
        save(workflow, actor=actor, reason=reason)
    return workflow


def resume_workflow(*, name: str, actor: Any, reason: str) -> Workflow:
    """Runs of it begin again. Raises NotFound, Conflict for one that isn't paused. Runs that are paused stay so."""
    reason = require_reason(reason)
    with transaction.atomic():
        workflow = _locked(name)
        if workflow.paused_at is None:
            raise Conflict(f"workflow {name} is not paused; there is nothing to resume")
        workflow.paused_at, workflow.paused_by, workflow.pause_reason = None, None, ""
        save(workflow, actor=actor, reason=reason)
    return workflow


def pause_open_runs(*, workflow: Workflow, actor: Any, reason: str) -> int:
    """Pause its running and waiting runs, each by itself; how many. Broken off half-way, it can simply be asked again."""
    reason, paused, last = require_reason(reason), 0, uuid.UUID(int=0)
    while True:
        open_runs = Run.objects.filter(
            workflow=workflow, status__in=(RunStatus.RUNNING, RunStatus.WAITING), pk__gt=last
        )
        ids = list(open_runs.order_by("pk").values_list("pk", flat=True)[:BATCH])
        for run_id in ids:
            try:
                pausing.pause(run_id, actor_id=_pk(actor), reason=reason)
                paused += 1
            except (Conflict, NotFound):
                continue  # it ended meanwhile, or somebody paused it
        if len(ids) < BATCH:
            return paused
        last = ids[-1]


def _locked(name: str) -> Workflow:
    """Two people at once: the second sees what the first did."""
    hold()
    workflow = (
        Workflow.objects.select_for_update(of=("self",)).filter(name=name).first() if name.isprintable() else None
    )
    if workflow is None:
        raise NotFound(f"no workflow {name[:80]!r}")
    return workflow


def _pk(actor: Any) -> int | None:
    return actor.pk if actor is not None else None
