"""Wake: everything that time brings about, every half second. Harmless when several run at once.

Owns the order: timers and retries first, since they are what people wait for; then the rescue; then lost wake-ups.
Never holds a lock for longer than one row's work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError

from orchestration import clock
from orchestration.engine import rescue, transition
from orchestration.engine.claim import FORWARD
from orchestration.engine.complete import pass_time
from orchestration.engine.publish import send
from orchestration.limits import LOST_WAKE_AFTER, WAKE_BATCH
from orchestration.models import EngineMark, StepRun, WorkerProcess
from orchestration.states import Compensation, StepStatus, WaitingKind

log = structlog.get_logger(__name__)

#: A worker's row is kept so long after its last heartbeat, for the page that shows it.
FORGET_WORKER_AFTER = timedelta(hours=1)


def wake() -> dict[str, int]:
    """One round; how many rows of each sort were moved on."""
    now = clock.now()
    EngineMark.objects.update_or_create(name="wake", defaults={"at": now})
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
    ids = list(due.order_by("not_before").values_list("pk", flat=True)[:WAKE_BATCH])
    if ids:
        transition.wake_steps(ids, StepStatus.RETRYING, now)
        _postpone(ids, now)
        send(ids)
    return len(ids)


def _due_timers(now: datetime) -> int:
    due = StepRun.objects.select_related("run").filter(status=StepStatus.WAITING, waiting_kind=WaitingKind.TIMER)
    steps = due.filter(not_before__lte=now).order_by("not_before")[:WAKE_BATCH]
    return rescue.each("timers", steps, lambda step: pass_time(step, rescue.held_by(step, FORWARD)))


def _due_compensations(now: datetime) -> int:
    free = StepRun.objects.filter(compensation=Compensation.RUNNING, worker_id="", not_before__lte=now)
    ids = list(free.order_by("not_before").values_list("pk", flat=True)[:WAKE_BATCH])
    if ids:
        free.filter(pk__in=ids).update(not_before=None)
        _postpone(ids, now)
        send(ids)
    return len(ids)


def _lost_wakes(now: datetime) -> int:
    """Ready work that no message has brought to a worker."""
    ready = StepRun.objects.filter(status=StepStatus.READY, wake_due_at__lte=now)
    undone = StepRun.objects.filter(compensation=Compensation.RUNNING, worker_id="", wake_due_at__lte=now)
    undone = undone.filter(not_before__isnull=True)
    ids = [*ready.values_list("pk", flat=True)[:WAKE_BATCH], *undone.values_list("pk", flat=True)[:WAKE_BATCH]]
    if ids:
        _postpone(ids, now)
        send(ids)
    return len(ids)


def _postpone(ids: list[int], now: datetime) -> None:
    """When to send again: later each time, so that a long queue is not flooded with doubles."""
    waited = StepRun.objects.filter(pk__in=ids, ready_at__isnull=False)
    waited.update(wake_due_at=now + timedelta(seconds=LOST_WAKE_AFTER))
    old = StepRun.objects.filter(pk__in=ids, ready_at__lt=now - timedelta(seconds=2 * LOST_WAKE_AFTER))
    old.update(wake_due_at=now + timedelta(seconds=6 * LOST_WAKE_AFTER))


#: What a round looks for, in this order.
_LOOKS: Mapping[str, Callable[[datetime], int]] = {
    "retries": _due_retries,
    "timers": _due_timers,
    "compensations": _due_compensations,
    "leases": rescue.expired_leases,
    "attempts": rescue.overdue_attempts,
    "schedules": rescue.overdue_schedules,
    "runs": rescue.overdue_runs,
    "lost_wakes": _lost_wakes,
}
