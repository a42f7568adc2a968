"""Celery's tasks: thin, and carrying ids only. Losing, doubling or delaying a message changes nothing but the time."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from orchestration import clock
from orchestration.engine.conductor import conductor
from orchestration.engine.events import route as route_event
from orchestration.engine.publish import send
from orchestration.engine.wake import wake as wake_once
from orchestration.pace import Pace
from orchestration.services.event_retention import prune_events as prune_old_events
from orchestration.services.retention import prune as prune_runs
from orchestration.services.rollups import prune_rollups
from orchestration.services.statistics import freshen
from orchestration.telemetry.alerting import evaluate
from orchestration.telemetry.fold import fold as fold_once
from orchestration.telemetry.fold import sum_dirty

#: Seconds that one `prune` may keep the control worker from waking what is due.
PRUNE_SLICE = 0.25
#: Seconds that a message waits for room in a process that is full, before it goes back for others to take.
ROOM_PATIENCE = 0.5

#: Beat asks for a wake every half second and for a slice of pruning every ten. Statistics are looked at after a wake.
_waking, _pruning, _freshening = Pace(0.3), Pace(5.0), Pace(2.0)
_pruning_events = Pace(30.0)
_folding, _summing, _ageing = Pace(1.0), Pace(10.0), Pace(60.0)


@shared_task(name="orchestration.tasks.work", ignore_result=True, acks_late=False)
def work(step_ids: list[int] | int) -> None:
    """Wake-up for some steps; a message of the release before has a single id."""
    asked = [step_ids] if isinstance(step_ids, int) else step_ids
    send(conductor().submit(asked, ROOM_PATIENCE))


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
