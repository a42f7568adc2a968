"""Subscriptions: what a step that waits for an event is found by, and whether the event was there before it.

An event and the step that waits for it meet whichever comes first: both sides serialise on (type, correlation), so that
neither can overlook the other. Owns that lock and the waiting side; events.py has the other. Never records an outcome.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime

from django.db import connection
from django.db.models import Q

from orchestration.engine.claim import Claim
from orchestration.models import Approval, Event, EventReceipt, StepRun, Subscription
from orchestration.states import StepStatus
from orchestration.steps.outcome import AwaitEvent, Completed


def met(claim: Claim, wanted: AwaitEvent, now: datetime) -> Completed | None:
    """The event that came before the step began to wait, oldest first; the run then has had it. In the caller's transaction."""
    serialise(wanted.type, wanted.correlation)
    serialise(wanted.type, claim.run.text_id)
    mine = Q(run=None, correlation=wanted.correlation) | Q(run_id=claim.run.id)
    kept = Event.objects.filter(mine, type=wanted.type).exclude(receipts__run_id=claim.run.id)
    event = kept.order_by("pk").first()
    if event is None:
        return None
    EventReceipt.objects.create(event=event, run_id=claim.run.id, step_id=claim.step.pk, at=now)
    return Completed(json.loads(event.data or "null"))


def subscribe(claim: Claim, wanted: AwaitEvent, now: datetime) -> None:
    """Note what the step waits for."""
    Subscription.objects.create(
        step_id=claim.step.pk, run_id=claim.run.id, type=wanted.type, correlation=wanted.correlation, since=now
    )


def close_waits(run_id: uuid.UUID, now: datetime) -> None:
    """What steps of the run asked for that wait no more: questions are withdrawn, subscriptions go."""
    waiting = StepRun.objects.filter(run_id=run_id, status=StepStatus.WAITING)
    asked = Approval.objects.filter(run_id=run_id, decision=Approval.Decision.OPEN)
    asked.exclude(step__in=waiting).update(decision=Approval.Decision.WITHDRAWN, decided_at=now)
    Subscription.objects.filter(run_id=run_id).exclude(step__in=waiting).delete()


def serialise(type_: str, correlation: str) -> None:
    """One at a time for this pair, until the transaction ends. SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        digest = hashlib.sha256(f"{type_}\0{correlation}".encode()).digest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)])
