"""Timers that are due: their steps succeed, and what follows begins; many in one transaction.

A thousand may be due at one moment, and a transaction each would make the last of them wait for seconds. Where one can't
go with the others, each of its batch goes alone, through complete.pass_time. Never touches a run that is ending.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, transaction

from orchestration import clock
from orchestration.engine import hot_sql, rescue, transition
from orchestration.engine.begin import begin
from orchestration.engine.claim import FORWARD, Claim, held_by
from orchestration.engine.complete import pass_time
from orchestration.engine.gather import Apart, conclude, ended, succeeded
from orchestration.engine.publish import wake_up
from orchestration.engine.rows import NewStep
from orchestration.limits import WAKE_BATCH
from orchestration.models import StepRun
from orchestration.states import RunStatus, StepStatus, WaitingKind
from orchestration.telemetry.outcomes import note

log = structlog.get_logger(__name__)

#: Timers in one transaction: their runs are locked so long, and SQLite has one writer.
TOGETHER = 50

States = dict[uuid.UUID, dict[str, StepStatus]]


def due_timers(now: datetime) -> int:
    """Let the steps go on whose time has come; how many."""
    due = StepRun.objects.filter(status=StepStatus.WAITING, waiting_kind=WaitingKind.TIMER, not_before__lte=now)
    steps = list(due.order_by("not_before").prefetch_related("run")[:WAKE_BATCH])
    for start in range(0, len(steps), TOGETHER):
        _end(steps[start : start + TOGETHER])
    return len(steps)


def _end(steps: Sequence[StepRun]) -> None:
    try:
        with transaction.atomic():
            _end_together([held_by(step, FORWARD) for step in steps], clock.now())
    except (OperationalError, InterfaceError):
        raise  # the database is away for all of them alike: the next round finds them again
    except Exception as error:
        if not isinstance(error, Apart):
            log.exception("timers.batch_failed", steps=len(steps))
        rescue.each("timers", steps, lambda step: pass_time(step, held_by(step, FORWARD)))


def _end_together(claims: Sequence[Claim], now: datetime) -> None:
    """All of them in one go. Raises Apart."""
    if any(held.step.item for held in claims):
        raise Apart  # an item's end is its loop's affair
    runs = sorted({held.run.id for held in claims})
    open_runs = {run: status for run, (status, ending) in hot_sql.lock(runs).items() if not ending}
    if any(status not in {RunStatus.RUNNING, RunStatus.WAITING, RunStatus.PAUSED} for status in open_runs.values()):
        raise Apart
    states = hot_sql.states(list(open_runs))
    due = [held for held in claims if states.get(held.run.id, {}).get(held.step.name) == StepStatus.WAITING]
    if transition.end_timers([held.step.pk for held in due], now) != len(due):
        raise Apart
    born, last = list[NewStep](), dict[uuid.UUID, Claim]()
    for held in due:
        born += _begin_after(held, states, now)
        last[held.run.id] = held
    hot_sql.insert_steps(born)
    wake_up([row.pk for row in born if row.status == StepStatus.READY])
    endings = conclude(last, states, open_runs, {})
    if endings and not hot_sql.finish(endings, now):
        raise Apart
    wake_up([parent for one in endings if (parent := last[one.run_id].run.parent_step_id) is not None])
    note([*(succeeded(held, now) for held in due), *(ended(last[one.run_id], one, now) for one in endings)])


def _begin_after(held: Claim, states: States, now: datetime) -> list[NewStep]:
    """What follows one of them; its run's states grow."""
    run, name = held.run, held.step.name
    states[run.id][name] = StepStatus.SUCCEEDED
    begun = begin(run, held.plan, states[run.id], name, now, inline=False)
    if begun.errors:
        raise Apart
    states[run.id] = begun.states
    return begun.born
