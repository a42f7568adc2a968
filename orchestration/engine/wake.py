"""Wake: everything that time brings about, every half second. Harmless when several run at once.

Owns the order: timers and retries first, since they are what people wait for; then the rescue; then lost wake-ups.
Never holds a lock for longer than one batch of timers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from orchestration import clock
from orchestration.engine import (
    backfills,
    child_ends,
    events,
    fallbacks,
    overdue,
    parked,
    probes,
    queue,
    rescue,
    schedules,
    transition,
)
from orchestration.engine.publish import send
from orchestration.engine.timers import due_timers
from orchestration.limits import LOST_WAKE_AFTER, WAKE_BATCH
from orchestration.models import EngineMark, StepRun, WorkerProcess
from orchestration.states import Compensation, StepStatus

log = structlog.get_logger(__name__)

#: The mark of the last round that beat asked for.
ROUND = "wake"
#: A worker's row is kept so long after its last heartbeat, for the page that shows it.
FORGET_WORKER_AFTER = timedelta(hours=1)
#: Seconds after which a wake-up that was sent again, or for a retry, is sent once more. Longer than LOST_WAKE_AFTER, which
#: tells those that were sent again from the others.
SEND_AGAIN_AFTER = 2 * LOST_WAKE_AFTER
#: So many wake-ups that were sent again may be under way within LOST_WAKE_AFTER.
SENT_AGAIN = 100


def wake(mark: str = ROUND) -> dict[str, int]:
    """One round, noted under that mark; how many rows of each sort were moved on."""
    now = clock.now()
    EngineMark.objects.update_or_create(name=mark, defaults={"at": now})
    moved = {name: _round(name, look, now) for name, look in _LOOKS.items()}
    WorkerProcess.objects.filter(seen_at__lt=now - FORGET_WORKER_AFTER).delete()
    if any(moved.values()):
        log.debug("wake", **{name: count for name, count in moved.items() if count})
    return moved


def _round(name: str, look: Callable[[datetime], int], now: datetime) -> int:
    """One look; a fault in it must not stop the others."""
    try:
        return look(now)
    except DatabaseError:
        log.exception("wake.look_failed", look=name)
        return 0


def _due_retries(now: datetime) -> int:
    due = StepRun.objects.filter(status=StepStatus.RETRYING, not_before__lte=now)
    ids = _batch(due.order_by("not_before"))
    if ids:
        with transaction.atomic():
            transition.wake_steps(_free(ids, due), StepStatus.RETRYING, now)
        _send(ids, now)
    return len(ids)


def _due_compensations(now: datetime) -> int:
    due = StepRun.objects.filter(compensation=Compensation.RUNNING, worker_id="", not_before__lte=now)
    ids = _batch(due.order_by("not_before"))
    if ids:
        with transaction.atomic():
            StepRun.objects.filter(pk__in=_free(ids, due)).update(not_before=None, wake_due_at=now)
        _send(ids, now)
    return len(ids)


def _parked(now: datetime) -> int:
    """Steps whose dependency takes calls again."""
    ids = parked.release(now)
    if ids:
        _put_off(ids, now + timedelta(seconds=LOST_WAKE_AFTER), now)
        _send(ids, now)
    return len(ids)


def _lost_wakes(now: datetime) -> int:
    """Ready work that no message has brought to a worker."""
    ready = StepRun.objects.filter(status=StepStatus.READY)
    undone = StepRun.objects.filter(compensation=Compensation.RUNNING, worker_id="", not_before__isnull=True)
    return sum(_send_again(waiting.order_by("wake_due_at"), now) for waiting in (ready, undone))


def _send_again(waiting: QuerySet[StepRun], now: datetime) -> int:
    """Send what is due, unless what was sent again lately still waits: then the queue is long, and doubles lengthen it."""
    lately = waiting.filter(wake_due_at__gt=now + timedelta(seconds=LOST_WAKE_AFTER))[:SENT_AGAIN].count()
    ids = _batch(waiting.filter(wake_due_at__lte=now), SENT_AGAIN - lately)
    if ids:
        _send(ids, now)
    return len(ids)


def _send(ids: list[int], now: datetime) -> None:
    """Send now, and again after a while; what a broker that is away did not take stays due.

    Written first: a worker that gets its message while the row is locked takes it for somebody else's.
    """
    _put_off(ids, now, now + timedelta(seconds=SEND_AGAIN_AFTER))
    unsent = ids[send(ids) :]
    if unsent:
        _put_off(unsent, now + timedelta(seconds=SEND_AGAIN_AFTER), now)


def _put_off(ids: list[int], due: datetime, until: datetime) -> None:
    """When the next message is due, for those whose last was due by then."""
    with transaction.atomic():
        rows = StepRun.objects.filter(pk__in=_free(ids, StepRun.objects.filter(wake_due_at__lte=due)))
        rows.update(wake_due_at=until)


def _batch(rows: QuerySet[StepRun], size: int = WAKE_BATCH) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:size])


def _free(ids: list[int], still: QuerySet[StepRun]) -> list[int]:
    """Those of them that are still so, locked. What someone else holds locked is left: waiting for it could deadlock."""
    return list(still.filter(pk__in=ids).select_for_update(skip_locked=True).values_list("pk", flat=True))


#: What a round looks for, in this order.
_LOOKS: Mapping[str, Callable[[datetime], int]] = {
    "retries": _due_retries,
    "timers": due_timers,
    "waits": overdue.due_waits,
    "children": child_ends.due,
    "events": events.unrouted,
    "compensations": _due_compensations,
    "parked": _parked,
    "queued": queue.due,
    "leases": rescue.expired_leases,
    "attempts": rescue.overdue_attempts,
    "overdue": rescue.overdue_schedules,
    "runs": rescue.overdue_runs,
    "lost_wakes": _lost_wakes,
    "schedules": schedules.look,
    "backfills": backfills.look,
    "probes": probes.look,
    "last_good": fallbacks.forget_old,
}
