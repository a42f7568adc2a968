"""The only writer of a status, a result or a compensation state.

Every move is compare-and-set: on *(status, fence)* for a step, on status for a run. "0 rows updated" means that someone
else won, and is an answer, not an error. The tables of states.py say which moves there are. Never decides one.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from orchestration.models import Run, StepRun
from orchestration.states import (
    STEP_INITIAL,
    Compensation,
    IllegalTransition,
    RunResult,
    RunStatus,
    StepStatus,
    WaitingKind,
    check_compensation,
    check_run,
    check_step,
)

#: Cleared whenever a step leaves a worker's hands.
UNHELD: dict[str, Any] = {
    "worker_id": "",
    "lease_until": None,
    "attempt_deadline": None,
    "heartbeat_deadline": None,
}


#: Waits whose work goes on elsewhere: nothing may be undone before it has ended.
AT_WORK = (WaitingKind.CHILD, WaitingKind.CELERY)


def create_steps(steps: Sequence[StepRun]) -> list[StepRun]:
    """New steps in initial states; returned with their ids."""
    for step in steps:
        if StepStatus(step.status) not in STEP_INITIAL:
            raise IllegalTransition(f"step: may not begin as {step.status}")
    return StepRun.objects.bulk_create(steps)


def move_step(step_id: int, source: StepStatus, fence: int, target: StepStatus, **columns: Any) -> bool:
    """Move one step if it still is in `source` with `fence`. False: someone else won."""
    check_step(source, target)
    if source == target:  # it waits for something else now: an answer to what it waited for before comes too late
        columns["fence"] = fence + 1
    return _rows(StepRun.objects.filter(pk=step_id, status=source, fence=fence).update(status=target, **columns))


def wake_steps(ids: Sequence[int], source: StepStatus, now: datetime) -> int:
    """Retrying steps whose time has come become ready; how many did. Their wake-ups are due at once."""
    check_step(source, StepStatus.READY)
    due = StepRun.objects.filter(pk__in=ids, status=source, not_before__lte=now)
    return due.update(status=StepStatus.READY, ready_at=now, wake_due_at=now, not_before=None, waiting_kind="")


def end_timers(ids: Sequence[int], now: datetime) -> int:
    """Steps whose timer is due succeed without output; how many did."""
    check_step(StepStatus.WAITING, StepStatus.SUCCEEDED)
    due = StepRun.objects.filter(pk__in=ids, status=StepStatus.WAITING, waiting_kind=WaitingKind.TIMER)
    return due.filter(not_before__lte=now).update(
        status=StepStatus.SUCCEEDED, waiting_kind="", not_before=None, finished_at=now, output="null"
    )


def release_parked(ids: Sequence[int], now: datetime, due: datetime) -> int:
    """Steps that waited for their dependency become ready; how many did. Their wake-ups are lost at `due`."""
    check_step(StepStatus.WAITING, StepStatus.READY)
    kinds = (WaitingKind.PARKED, WaitingKind.CAPACITY)
    rows = StepRun.objects.filter(pk__in=ids, status=StepStatus.WAITING, waiting_kind__in=kinds)
    return rows.update(status=StepStatus.READY, ready_at=now, wake_due_at=due, not_before=None, waiting_kind="")


def cancel_steps(run_id: uuid.UUID, sources: Sequence[StepStatus], now: datetime, *, parents: bool) -> int:
    """Open steps of a run become cancelled; the fence grows, so a late result is refused. How many did.

    `parents`: those too that wait for a child run or somebody's task; else they end with it.
    """
    for source in sources:
        check_step(source, StepStatus.CANCELLED)
    rows = StepRun.objects.filter(run_id=run_id, status__in=list(sources))
    if not parents:
        rows = rows.exclude(waiting_kind__in=AT_WORK)
    return rows.update(
        status=StepStatus.CANCELLED, waiting_kind="", fence=F("fence") + 1, finished_at=now, not_before=None, **UNHELD
    )


def cancel_items(run_id: uuid.UUID, name: str, sources: Sequence[StepStatus], now: datetime) -> int:
    """Open items of a loop become cancelled; how many did. One that waits for a child run or a task ends with it."""
    for source in sources:
        check_step(source, StepStatus.CANCELLED)
    rows = StepRun.objects.filter(run_id=run_id, name=name, item__gt=0, status__in=list(sources))
    return rows.exclude(waiting_kind__in=AT_WORK).update(
        status=StepStatus.CANCELLED, waiting_kind="", fence=F("fence") + 1, finished_at=now, not_before=None, **UNHELD
    )


def move_runs(ids: Sequence[uuid.UUID], source: RunStatus, target: RunStatus) -> int:
    """Move those of the runs that still are in `source`; how many did."""
    check_run(source, target)
    if target == RunStatus.FINISHED:
        raise IllegalTransition("run: hot_sql.finish sets the results together with the status")
    if source == RunStatus.FINISHED:
        raise IllegalTransition("run: reopen_compensation is the one way out of finished")
    return Run.objects.filter(pk__in=ids, status=source).update(status=target)


def move_run(run_id: uuid.UUID, source: RunStatus, target: RunStatus, **columns: Any) -> bool:
    """Move a run if it still is in `source`. False: someone else won."""
    check_run(source, target)
    if target == RunStatus.FINISHED:
        raise IllegalTransition("run: finish_run sets the result together with the status")
    if source == RunStatus.FINISHED:
        raise IllegalTransition("run: reopen_compensation is the one way out of finished")
    return _rows(Run.objects.filter(pk=run_id, status=source).update(status=target, **columns))


def finish_run(
    run_id: uuid.UUID, source: RunStatus, result: RunResult, *, compensation: Compensation | None = None, **columns: Any
) -> bool:
    """Finish a run with its result, which is set once: the last move there is. `compensation`: what undoing came to."""
    check_run(source, RunStatus.FINISHED)
    if result == RunResult.NONE:
        raise IllegalTransition("run: a finished run has a result")
    rows = Run.objects.filter(pk=run_id, status=source, result="")
    if compensation is not None:
        check_compensation(Compensation.RUNNING, compensation)
        rows = rows.filter(compensation=Compensation.RUNNING)
        columns["compensation"] = compensation
    return _rows(rows.update(status=RunStatus.FINISHED, result=result, **columns))


def end_run(run_id: uuid.UUID, result: RunResult, **columns: Any) -> bool:
    """Say once where an open run is heading; its steps then stop. False: it was heading somewhere already."""
    rows = Run.objects.filter(pk=run_id, ending="").exclude(status=RunStatus.FINISHED)
    return _rows(rows.update(ending=result, **columns))


def begin_compensation(run_id: uuid.UUID, source: RunStatus) -> bool:
    """The run starts to undo."""
    check_run(source, RunStatus.COMPENSATING)
    check_compensation(Compensation.NONE, Compensation.RUNNING)
    rows = Run.objects.filter(pk=run_id, status=source, compensation=Compensation.NONE)
    return _rows(rows.update(status=RunStatus.COMPENSATING, compensation=Compensation.RUNNING))


def reopen_compensation(run_id: uuid.UUID) -> bool:
    """A finished run whose undoing failed undoes on: the one way out of finished. Its result stays."""
    check_run(RunStatus.FINISHED, RunStatus.COMPENSATING)
    check_compensation(Compensation.FAILED, Compensation.RUNNING)
    rows = Run.objects.filter(pk=run_id, status=RunStatus.FINISHED, compensation=Compensation.FAILED)
    return _rows(rows.update(status=RunStatus.COMPENSATING, compensation=Compensation.RUNNING))


def close_compensation(run_id: uuid.UUID, compensation: Compensation) -> bool:
    """A reopened run is finished again; its result and the time of its end are what they were."""
    check_run(RunStatus.COMPENSATING, RunStatus.FINISHED)
    check_compensation(Compensation.RUNNING, compensation)
    rows = Run.objects.filter(pk=run_id, status=RunStatus.COMPENSATING, compensation=Compensation.RUNNING)
    return _rows(rows.exclude(result="").update(status=RunStatus.FINISHED, compensation=compensation))


def move_compensation(step_id: int, source: Compensation, fence: int, target: Compensation, **columns: Any) -> bool:
    """Move a step's compensation if it still is in `source` with `fence`. False: someone else won."""
    check_compensation(source, target)
    rows = StepRun.objects.filter(pk=step_id, compensation=source, fence=fence)
    return _rows(rows.update(compensation=target, **columns))


def take_compensation(step_id: int, fence: int, now: datetime, **columns: Any) -> bool:
    """Claim a running compensation that nobody holds. False: someone else has it, or it may not begin yet."""
    rows = StepRun.objects.filter(pk=step_id, compensation=Compensation.RUNNING, fence=fence, worker_id="")
    return _rows(rows.exclude(not_before__gt=now).update(fence=fence + 1, **columns))


def release_compensation(step_id: int, fence: int, **columns: Any) -> bool:
    """Let go of a running compensation, to be claimed again; the fence grows, so a late result is refused."""
    rows = StepRun.objects.filter(pk=step_id, compensation=Compensation.RUNNING, fence=fence)
    return _rows(rows.update(fence=fence + 1, **{**UNHELD, **columns}))


def abandon_compensations(run_id: uuid.UUID, now: datetime) -> int:
    """A terminated run undoes no further: what was being undone is failed, for a person to look at. How many were."""
    check_compensation(Compensation.RUNNING, Compensation.FAILED)
    rows = StepRun.objects.filter(run_id=run_id, compensation=Compensation.RUNNING)
    return rows.update(
        compensation=Compensation.FAILED,
        compensated_at=now,
        compensation_error="terminated",
        fence=F("fence") + 1,
        **UNHELD,
    )


def _rows(updated: int) -> bool:
    return updated == 1
