"""Waits for an event, a decision or a message that nobody ended in time. Owns what each comes to then. Never ends a timer."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from orchestration import clock
from orchestration.engine import rescue
from orchestration.engine.answer import answer
from orchestration.engine.approvals import ended_by_time
from orchestration.engine.claim import Claim
from orchestration.limits import WAKE_BATCH
from orchestration.models import StepRun, Subscription
from orchestration.states import Effect, StepStatus, WaitingKind
from orchestration.steps.outcome import Failed, Outcome

#: Kinds of waiting whose `not_before` is when there will be no answer any more.
BOUNDED = (WaitingKind.EVENT, WaitingKind.APPROVAL, WaitingKind.CELERY)


def due_waits(now: datetime) -> int:
    """End them; how many."""
    late = StepRun.objects.filter(status=StepStatus.WAITING, waiting_kind__in=BOUNDED, not_before__lte=now)
    rows = late.order_by("not_before").values_list("pk", "fence", "waiting_kind")[:WAKE_BATCH]
    return rescue.each("waits", list(rows), _end)


def _end(row: tuple[int, int, str]) -> None:
    step_id, fence, kind = row
    answer(step_id, partial(_outcome, kind), fence=fence)


def _outcome(kind: str, claim: Claim) -> Outcome:
    match kind:
        case WaitingKind.APPROVAL:
            return ended_by_time(claim, clock.now())
        case WaitingKind.EVENT:
            wanted = Subscription.objects.filter(pk=claim.step.pk).first()
            Subscription.objects.filter(pk=claim.step.pk).delete()
            what = f"{wanted.type} for {wanted.correlation}" if wanted is not None else "event"
            return Failed("timeout.event", f"no {what} came in time", retryable=False, timed_out=True)
        case _:
            effect = Effect.UNKNOWN if claim.writes else Effect.NONE
            return Failed("timeout", "no result within start_to_close", effect=effect, timed_out=True)
