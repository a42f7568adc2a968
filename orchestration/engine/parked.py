"""Parked steps: those that wait for their dependency without a worker, and how they are let go, never as a herd.

A half-open breaker gets as many as it has permits, a closed one a few in the first second and twice as many in each after
it, a full bulkhead as many as it has slots. Older steps go first. Owns the Parking rows and the attempt rows that keep the
parked time for good. Never decides whether a call may be made: engine/admission.py does, when the step comes back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet

from orchestration import clock
from orchestration.engine import breakers, capacity, transition
from orchestration.engine.claim import Claim
from orchestration.engine.publish import wake_up
from orchestration.limits import LOST_WAKE_AFTER, WAKE_BATCH
from orchestration.models import Attempt, Parking, Run, StepRun
from orchestration.policies.admission import NO_BOUND, ramp, retries_left
from orchestration.policies.breaker import PASSING, Book, State
from orchestration.selectors.guards import Guards, guards_of
from orchestration.states import RunStatus, StepStatus, WaitingKind
from orchestration.steps.outcome import Deferred

log = structlog.get_logger(__name__)

Kind = Parking.Kind
PARKED_KINDS = (WaitingKind.PARKED, WaitingKind.CAPACITY)
#: Seconds between two releases of one dependency, and before those let go half-open are taken for lost.
ROUND, TRIAL_AGAIN = 1.0, 5.0
#: Seconds over which compensations come back that waited for the same dependency,
SPREAD = 5.0
#: and after which they ask again at the latest: a breaker that is forced for days may be let go at any moment.
ASKS_AGAIN = timedelta(seconds=60)
#: Seconds without a release after which the ramp begins anew.
RAMP_OVER = 10.0


def columns_of(claim: Claim, deferred: Deferred) -> dict[str, Any]:
    """The row of a step that waits so: the attempt that it did not make counts as none, and the first one is yet to begin."""
    kind = WaitingKind.PARKED if deferred.kind == Kind.BREAKER else WaitingKind.CAPACITY
    columns = {"waiting_kind": kind, "not_before": deferred.until, "attempt": claim.step.attempt - 1}
    return columns if claim.step.attempt > 1 else {**columns, "started_at": None}


def put_off_compensation(claim: Claim, deferred: Deferred, now: datetime) -> bool:
    """A compensation waits by its own time, without using an attempt. False: it is not held any more."""
    soonest = min(max(deferred.until or now, now), now + ASKS_AGAIN)
    at = soonest + timedelta(seconds=SPREAD * random.random())  # noqa: S311 - jitter
    return transition.release_compensation(
        claim.step.pk, claim.step.fence, not_before=at, wake_due_at=at + timedelta(seconds=LOST_WAKE_AFTER),
        compensation_attempt=claim.step.compensation_attempt - 1, compensation_error=deferred.message,
    )  # fmt: skip


def park(step_id: int, deferred: Deferred, now: datetime) -> None:
    """Note who waits for what, in the transaction that makes the step wait."""
    Parking.objects.create(
        step_id=step_id, dependency=deferred.dependency, kind=deferred.kind, since=now, message=deferred.message[:300]
    )


def release(now: datetime) -> list[int]:
    """Let go whom there is room for, and tidy up after those that were stopped while parked. The steps let go."""
    capacity.free_lost_slots(now)
    queues = list(Parking.objects.values_list("dependency", "kind").distinct())
    if not queues:
        return []
    _close(now)
    freed: list[int] = []
    for name, kind in queues:
        count = _room(name, kind, now)
        if count:
            freed += _let_go(Parking.objects.filter(dependency=name, kind=kind), count)
    return freed


def release_next(name: str) -> None:
    """A slot of the bulkhead became free: let the oldest who waits for one have it."""
    waiting = Parking.objects.filter(dependency=name, kind=Kind.BULKHEAD)
    if waiting.exists():
        wake_up(_let_go(waiting, 1))


def _let_go(waiting: QuerySet[Parking], count: int) -> list[int]:
    """The oldest of them become ready; those of paused runs stay, and take nobody's place. Rows that someone else holds are
    left for the next round: waiting could deadlock.
    """
    waiting = waiting.exclude(step__run__status=RunStatus.PAUSED)
    ids = list(waiting.order_by("step_id").values_list("step_id", flat=True)[: min(count, WAKE_BATCH)])
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        now = clock.now()
        runs = Run.objects.filter(steps__in=ids).order_by("pk").select_for_update(skip_locked=skip, of=("self",))
        free = [run.pk for run in runs.only("ending", "status") if not run.ending and run.status != RunStatus.PAUSED]
        steps = StepRun.objects.filter(
            pk__in=ids, run__in=free, status=StepStatus.WAITING, waiting_kind__in=PARKED_KINDS
        )
        found = list(steps.select_for_update(skip_locked=skip).values_list("pk", flat=True))
        transition.release_parked(found, now, now + timedelta(seconds=LOST_WAKE_AFTER))
        rows = Parking.objects.filter(pk__in=found).select_related("step").defer("step__input", "step__output")
        kept = list(rows)
        _keep(kept, now)
        transition.move_runs([row.step.run_id for row in kept], RunStatus.WAITING, RunStatus.RUNNING)
    return found


def _close(now: datetime) -> None:
    """Steps that were cancelled, or ran out of time, while parked: their rows go, their parked time stays."""
    gone = Parking.objects.exclude(step__status=StepStatus.WAITING, step__waiting_kind__in=PARKED_KINDS)
    with transaction.atomic():
        for row in gone.select_related("step").defer("step__input", "step__output")[:WAKE_BATCH]:
            _keep([row], row.step.finished_at or now)


def _keep(rows: Sequence[Parking], ended: datetime) -> None:
    """The parked time as an attempt of its own, which counts as none; the row is no more."""
    attempts = [
        Attempt(
            step_id=row.pk, phase="forward", number=row.step.attempt + 1, started_at=row.since, finished_at=ended,
            outcome="parked", error_type=f"parked.{row.kind}", message=row.message, fence=row.step.fence,
        )
        for row in rows
    ]  # fmt: skip
    Attempt.objects.bulk_create(attempts, ignore_conflicts=True)
    Parking.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _room(name: str, kind: str, now: datetime) -> int:
    """How many of those that wait for this may go now."""
    return _ROOM[kind](name, guards_of(name), now)


def _by_breaker(name: str, guards: Guards, now: datetime) -> int:
    """Half-open: as many as there are permits, once, and again if they don't come. Closed: the ramp, once a second."""

    def how_many(book: Book, before: int, ago: float | None) -> int:
        if book.state == State.HALF_OPEN and (ago is None or ago >= TRIAL_AGAIN):
            return book.free_permits(guards.breaker, now.timestamp())
        if book.state in PASSING and (ago is None or ago >= ROUND):
            return ramp(before if ago is not None and ago < RAMP_OVER else 0)
        return 0

    count = breakers.let_go(name, how_many)
    return WAKE_BATCH if count is None else count  # without a breaker nothing stands in their way


def _by_bulkhead(name: str, guards: Guards, now: datetime) -> int:
    return WAKE_BATCH if guards.bulkhead is None else capacity.free_slots(name, guards.bulkhead, now)


def _by_rate(name: str, guards: Guards, now: datetime) -> int:
    return WAKE_BATCH if guards.rate is None else capacity.calls_available(name, guards.rate, now)


def _by_budget(name: str, guards: Guards, now: datetime) -> int:
    """As many as the budget has; where it sets no bound, at the breaker's pace, lest they all come back at once."""
    book, at = breakers.look(name, guards.breaker), now.timestamp()
    left = retries_left(book.window(at), book.latest(at))
    return _by_breaker(name, guards, now) if left == NO_BOUND else left


_ROOM: dict[str, Callable[[str, Guards, datetime], int]] = {
    Kind.BREAKER: _by_breaker,
    Kind.BULKHEAD: _by_bulkhead,
    Kind.RATE: _by_rate,
    Kind.RETRY_BUDGET: _by_budget,
}
