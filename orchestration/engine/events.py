"""Events find who waits for them: steps, triggers and webhooks; each run is given an event once at most.

Owns the routing; event_store.py keeps them, subscriptions.py has the steps that wait. Never decides what
an event means for the step that gets it: complete.py records that like any other outcome.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from orchestration import clock
from orchestration.engine import triggers
from orchestration.engine.answer import answer
from orchestration.hooks import hooks
from orchestration.models import Event, EventReceipt, Run, StepRun, Subscription
from orchestration.steps.outcome import Completed

log = structlog.get_logger(__name__)

#: Seconds after which an event that nobody routed is routed by the sweeper.
ROUTED_WITHIN = timedelta(seconds=3)
ROUTED_A_ROUND = 100


def route(event_id: int) -> int:
    """Give the event to every run that waits for it, to triggers and to webhooks; to how many runs. May be done twice."""
    event = Event.objects.filter(pk=event_id, routed_at=None).first()
    if event is None:
        return 0
    waiting = Subscription.objects.filter(type=event.type)
    waiting = waiting.filter(run_id=event.run_id) if event.run_id else waiting.filter(correlation=event.correlation)
    given = sum(_give(event, *found) for found in waiting.order_by("pk").values_list("step_id", "run_id"))
    if event.run_id is None:
        triggers.fire(event)
    with transaction.atomic():
        if Event.objects.filter(pk=event_id, routed_at=None).update(routed_at=clock.now()) and event.emitted_by_id:
            hooks.events.emitted(event)
    return given


def unrouted(now: datetime) -> int:
    """Events whose message was lost; how many."""
    late = Event.objects.filter(routed_at=None, received_at__lt=now - ROUTED_WITHIN)
    ids = list(late.order_by("pk").values_list("pk", flat=True)[:ROUTED_A_ROUND])
    for event_id in ids:
        try:
            route(event_id)
        except Exception:
            log.exception("event.not_routed", event_id=event_id)
    return len(ids)


def _give(event: Event, step_id: int, run_id: uuid.UUID) -> bool:
    """One waiting step. False: the run has had this event, or does not wait any more."""

    def hand_over(run: Run, step: StepRun) -> bool:
        _, created = EventReceipt.objects.get_or_create(
            event=event, run=run, defaults={"step": step, "at": clock.now()}
        )
        return created and bool(Subscription.objects.filter(pk=step.pk).delete()[0])

    return answer(step_id, Completed(json.loads(event.data or "null")), first=hand_over)
