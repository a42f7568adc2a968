"""Settle: bring a run to its end. Success when every step is over; otherwise stop what is open, undo, finish.

Runs inside a transaction that holds the run's row. Owns the order of compensation and the run's result. Never executes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q

from orchestration.engine import transition
from orchestration.engine.advance import is_over
from orchestration.engine.claim import Known, RunFacts
from orchestration.engine.payloads import encode, store
from orchestration.engine.plans import plan_of, ports_of
from orchestration.engine.publish import wake_up
from orchestration.engine.scope import scope_of
from orchestration.engine.subscriptions import close_waits
from orchestration.engine.undoing import Undoable, next_to_undo
from orchestration.errors import NotFound, TooLarge
from orchestration.hooks import hooks
from orchestration.ids import short
from orchestration.limits import LOST_WAKE_AFTER, MAX_ERROR_TEXT
from orchestration.manifest import ExpressionError, Plan
from orchestration.models import Run, RunEvent, StepRun
from orchestration.states import (
    STEP_BAD,
    Compensation,
    RunResult,
    RunStatus,
    StepStatus,
    WaitingKind,
)
from orchestration.telemetry import tracing
from orchestration.telemetry.outcomes import note, run_row

_STOPPABLE = (StepStatus.READY, StepStatus.WAITING, StepStatus.RETRYING)


def lock(run_id: uuid.UUID) -> Run:
    """The run's row, locked: outcomes of one run are recorded one after the other, so that no join is missed.

    Raises NotFound for a run that was deleted meanwhile: an old one that had finished.
    """
    run = Run.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"there is no run {short(run_id)}; finished runs are deleted after a while")
    return run


def states_of(run_id: uuid.UUID) -> dict[str, StepStatus]:
    """Every step's state by name. A loop is at work as long as its items are."""
    rows = StepRun.objects.filter(run_id=run_id, item=0).values_list("name", "status", "waiting_kind")
    return {
        name: StepStatus.RUNNING if kind == WaitingKind.ITEMS else StepStatus(status) for name, status, kind in rows
    }


def finish_if_over(run: Run, facts: RunFacts, plan: Plan, states: dict[str, StepStatus], now: datetime) -> bool:
    """Finish a run whose steps have all ended well; True when it is over."""
    if not is_over(plan, states):
        _set_mood(run, states)
        return False
    try:
        output = output_of(facts, plan)
    except (ExpressionError, TooLarge, ValueError) as error:
        stop(run, RunResult.FAILED, now, error_type="output", message=f"output: {error}")
        settle(run, plan, now)
        return True
    result = result_of(states)
    if transition.finish_run(run.pk, RunStatus(run.status), result, finished_at=now, output=store(output, run.pk)):
        note_end(run, result, now)
    return True


def result_of(states: Mapping[str, StepStatus]) -> RunResult:
    """What a run came to whose steps are all over and none of them ended it."""
    degraded = any(state == StepStatus.DEGRADED or state in STEP_BAD for state in states.values())
    return RunResult.DEGRADED if degraded else RunResult.SUCCEEDED


def mood_of(states: Mapping[str, StepStatus]) -> RunStatus:
    """A run whose open steps all wait is waiting; otherwise it is running."""
    active = {StepStatus.READY, StepStatus.RUNNING, StepStatus.RETRYING} & set(states.values())
    return RunStatus.RUNNING if active or StepStatus.WAITING not in states.values() else RunStatus.WAITING


def stop(
    run: Run, result: RunResult, now: datetime, *, step: str = "", error_type: str = "", message: str = ""
) -> None:
    """Say where the run is heading; the first reason counts."""
    columns = {"failed_step": step, "error_type": error_type, "error_message": message[:MAX_ERROR_TEXT]}
    if transition.end_run(run.pk, result, **columns):
        run.ending = result


def settle(run: Run, plan: Plan, now: datetime) -> int | None:
    """Carry a stopping run on: cancel what is open, then compensate one step at a time, then finish.

    Returns the id of the step whose compensation is due now, None when there is none.
    """
    transition.cancel_steps(run.pk, _STOPPABLE, now, parents=False)
    close_waits(run.pk, now)
    stop_children(run, now)
    rows = StepRun.objects.filter(run_id=run.pk)
    if rows.filter(Q(status=StepStatus.RUNNING) | Q(status=StepStatus.WAITING)).exists():
        return None  # cooperative: it ends at the boundary, or with its child, and settles again then
    if rows.filter(compensation=Compensation.RUNNING).exists():
        return None
    failed = rows.filter(compensation=Compensation.FAILED).exists()
    due = None if failed else next_to_undo(plan, run.pk)
    if due is not None:
        return _undo(run, due, now)
    _finish(run, now, failed=failed)
    return None


def stop_children(run: Run, now: datetime, *, of: str = "") -> None:
    """Child runs are asked to stop: all of a run that stops, else those that nobody waits for, or those of one step.

    Locked after their parent, as ever.
    """
    open_children = Run.objects.filter(parent_step__run_id=run.pk, ending="").exclude(status=RunStatus.FINISHED)
    if of:
        open_children = open_children.filter(parent_step__name=of)
    elif not run.ending:
        open_children = open_children.exclude(parent_step__status=StepStatus.WAITING)
    for child_id in open_children.order_by("pk").values_list("pk", flat=True):
        child = lock(child_id)
        if child.status == RunStatus.FINISHED or child.ending:
            continue
        why = f"its parent, run {run.short_id}, waits for it no more"
        stop(child, RunResult.CANCELLED, now, message=why)
        transition.move_run(child.pk, RunStatus(child.status), RunStatus.CANCELLING)
        child.status = RunStatus.CANCELLING
        RunEvent.objects.create(run=child, at=now, kind="cancelled", detail=why)
        settle(child, plan_of(child.version_id), now)


def note_end(run: Run, result: RunResult, now: datetime) -> None:
    """The run's outcome, to be counted and told."""
    note([run_row(run.version_id, result, began=run.started_at or run.created_at, at=now)])
    if run.parent_step_id is not None:
        wake_up([run.parent_step_id])
    if tracing.is_on():
        plan = plan_of(run.version_id)
        tracing.run_ended(RunFacts.of(run, plan.workflow, plan.version), plan, result, now)


def _undo(run: Run, step: Undoable, now: datetime) -> int:
    if run.status != RunStatus.COMPENSATING:
        transition.begin_compensation(run.pk, RunStatus(run.status))
        run.status, run.compensation = RunStatus.COMPENSATING, Compensation.RUNNING
        RunEvent.objects.create(run_id=run.pk, at=now, kind="compensation_began")
    due = now + timedelta(seconds=LOST_WAKE_AFTER)
    transition.move_compensation(
        step.pk, Compensation.NONE, step.fence, Compensation.RUNNING, wake_due_at=due, not_before=None, losses=0
    )
    wake_up([step.pk])
    return step.pk


def _finish(run: Run, now: datetime, *, failed: bool) -> None:
    compensation = None
    if StepRun.objects.filter(run_id=run.pk, compensation=Compensation.DONE).exists():
        compensation = Compensation.DONE
    if failed:
        compensation = Compensation.FAILED
        RunEvent.objects.create(run_id=run.pk, at=now, kind="compensation_failed")
    if run.result:  # it had ended before, and was counted and told then (engine/compensation.py)
        transition.close_compensation(run.pk, compensation or Compensation.DONE)
        return
    result = RunResult(run.ending)
    if transition.finish_run(run.pk, RunStatus(run.status), result, finished_at=now, compensation=compensation):
        note_end(run, result, now)


def output_of(facts: RunFacts, plan: Plan, known: Known | None = None) -> str:
    """The run's output as JSON text, checked against its contract; empty when none is declared.

    Raises ExpressionError, TooLarge, ValueError.
    """
    if plan.output is None:
        return ""
    value = plan.output.evaluate(scope_of(facts, plan.output.references, known))
    text = encode(value, "the output of the run")
    port = ports_of(facts.version_id).get(("", "output"))
    violations = hooks.contracts.validate(port[0], port[1], value, masked=True) if port else ()
    if violations:
        first = violations[0]
        raise ValueError(f"breaks {port[0] if port else ''} at {first.pointer or '/'}: {first.message}")
    return text


def _set_mood(run: Run, states: Mapping[str, StepStatus]) -> None:
    if run.status not in {RunStatus.RUNNING, RunStatus.WAITING}:
        return
    wanted = mood_of(states)
    if wanted != run.status and transition.move_run(run.pk, RunStatus(run.status), wanted):
        run.status = wanted
