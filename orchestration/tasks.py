"""Celery's tasks: thin, and carrying ids only. Losing, doubling or delaying a message changes nothing but the time.

All but the two answers of a user's own Celery app, which carry what the task came to. A doubled one changes nothing either;
a lost one is missed when the step's time is up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from celery import shared_task
from django.conf import settings

from orchestration import clock
from orchestration.engine.answer import answer
from orchestration.engine.claim import Claim
from orchestration.engine.events import route as route_event
from orchestration.engine.queue import due as admit_due
from orchestration.engine.taking import WakeUp, take
from orchestration.engine.wake import wake as wake_once
from orchestration.pace import Pace
from orchestration.patience import outlast
from orchestration.services.bulk_retry import carry_on
from orchestration.services.event_retention import prune_events as prune_old_events
from orchestration.services.retention import prune as prune_runs
from orchestration.services.rollups import prune_rollups
from orchestration.services.statistics import freshen
from orchestration.steps.celery import FAILED, SUCCEEDED, failure_of
from orchestration.steps.outcome import Completed, Outcome
from orchestration.telemetry.alerting import evaluate
from orchestration.telemetry.fold import fold as fold_once
from orchestration.telemetry.fold import sum_dirty

#: Seconds that one `prune` may keep the control worker from waking what is due.
PRUNE_SLICE = 0.25
#: Beat asks for a wake every half second and for a slice of pruning every ten. Statistics are looked at after a wake.
_waking, _pruning, _freshening = Pace(0.3), Pace(5.0), Pace(2.0)
_admitting = Pace(0.02)
_pruning_events = Pace(30.0)
_folding, _summing, _ageing = Pace(1.0), Pace(10.0), Pace(60.0)


@shared_task(name="orchestration.tasks.work", ignore_result=True, acks_late=False, bind=True, base=WakeUp)
def work(self: Any, step_ids: list[int] | int) -> None:
    """Wake-up for some steps; a message of the release before has a single id. A solo worker does it without the task."""
    asked = [step_ids] if isinstance(step_ids, int) else step_ids
    take(asked, (self.request.delivery_info or {}).get("priority"))


@shared_task(name="orchestration.tasks.admit", ignore_result=True, acks_late=False)
def admit() -> None:
    """A run was queued: whether there is room by now."""
    with _admitting.turn() as due:
        if due:
            admit_due(clock.now())


@shared_task(name="orchestration.tasks.wake", ignore_result=True, acks_late=False)
def wake() -> None:
    """The periodic round."""
    with _waking.turn() as due:
        if due:
            wake_once()
    with _freshening.turn() as due:
        if due:
            freshen()


@shared_task(name="orchestration.tasks.route", ignore_result=True, acks_late=False)
def route(event_id: int) -> None:
    """An event came in: whoever waits for it gets it."""
    route_event(event_id)


@shared_task(name=SUCCEEDED, ignore_result=True, acks_late=True)
def celery_succeeded(result: Any, step_id: int, fence: int) -> None:
    """A celery step's task returned this; `link` of steps/celery.py."""
    _answer(step_id, fence, Completed(result))


@shared_task(name=FAILED, ignore_result=True, acks_late=True)
def celery_failed(task_id: str, step_id: int, fence: int, error: str = "", message: str = "") -> None:
    """It failed for good; `link_error`. With a text where their app imports orchestration/callbacks.py."""
    _answer(step_id, fence, partial(failure_of, str(error), str(message), str(task_id)))


def _answer(step_id: int, fence: int, outcome: Outcome | Callable[[Claim], Outcome]) -> None:
    """Late, doubled or of an older attempt: refused by the fence. Nobody sends it again, so a database is waited for."""
    outlast(lambda: answer(step_id, outcome, fence=fence))


@shared_task(name="orchestration.tasks.fold", ignore_result=True, acks_late=False)
def fold() -> None:
    """Count what ended. A round of a thousand batches keeps no timer waiting for long; the next one goes on."""
    with _folding.turn() as due:
        if due:
            fold_once()
    with _summing.turn() as due:
        if due:
            sum_dirty()
    with _ageing.turn() as due:
        if due:
            prune_rollups()


@shared_task(name="orchestration.tasks.prune", ignore_result=True, acks_late=False)
def prune() -> None:
    """A slice of retention, short enough for the timers behind it in the queue; the next one goes on."""
    days = settings.PLUMBLINE.run_retention_days
    if not days:
        return  # the message came from a beat that knew another setting
    with _pruning.turn() as due:
        if due:
            prune_runs(days=days, seconds=PRUNE_SLICE)


@shared_task(name="orchestration.tasks.prune_events", ignore_result=True, acks_late=False)
def prune_events() -> None:
    """A slice of the retention of events."""
    days = settings.PLUMBLINE.event_retention_days
    if not days:
        return  # the message came from a beat that knew another setting
    with _pruning_events.turn() as due:
        if due:
            prune_old_events(days=days, seconds=PRUNE_SLICE)


#: Beat asks every half minute.
_watching = Pace(15.0)


@shared_task(name="orchestration.tasks.watch", ignore_result=True, acks_late=False)
def watch() -> None:
    """A round of alerts."""
    with _watching.turn() as due:
        if due:
            evaluate(clock.now())


#: Beat asks every two seconds.
_retrying = Pace(1.0)
#: Seconds that one round of bulk retries may keep the control worker from waking what is due.
RETRY_SLICE = 0.25


@shared_task(name="orchestration.tasks.retry_in_bulk", ignore_result=True, acks_late=False)
def retry_in_bulk() -> None:
    """A slice of the bulk retries that people asked for; the next one goes on."""
    with _retrying.turn() as due:
        if due:
            carry_on(seconds=RETRY_SLICE)
