"""Places and pace: how many calls a dependency gets at one time (bulkhead), and how many a second (rate limit).

Both hold for the whole fleet, by rows of their own. Owns those rows. Never waits and never parks: engine/admission.py does.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from orchestration import clock
from orchestration.engine.worker import identity, lease
from orchestration.models import BulkheadSlot, RateState, WorkerProcess
from orchestration.policies import rate as rules

#: A call may wait in its worker's hands for so many seconds: parking it would take longer.
PATIENCE = 0.1
#: Reserved calls that are not made within so many seconds are lost.
KEPT = 1.0
#: A slot outlives its call's own limit by so many seconds, in which its end may still be written.
GRACE = 5.0


@dataclass(slots=True)
class _Reserved:
    """Calls that this process may still make; `until` in monotonic seconds."""

    calls: int
    until: float


_lock = threading.Lock()
_reserved: dict[str, _Reserved] = {}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that is held. `until` tells this holder from a later one."""

    pk: int
    until: datetime


def take_slot(name: str, limit: int, lasts: float) -> Slot | None:
    """A slot for a call that may take `lasts` seconds; None: all are taken."""
    with transaction.atomic():
        now = clock.now()
        free = BulkheadSlot.objects.filter(Q(until=None) | Q(until__lt=now), dependency=name, number__lt=limit)
        locked = free.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        row = locked.order_by("number").first()
        if row is None and _made(name, limit):
            row = locked.order_by("number").first()
        if row is None:
            return None
        row.worker_id, row.until = identity(), now + timedelta(seconds=lasts + GRACE)
        row.save(update_fields=["worker_id", "until"])
        return Slot(row.pk, row.until)


def free_slot(slot: Slot) -> None:
    """The call is over. A slot that another took meanwhile, since this one was late, stays theirs."""
    BulkheadSlot.objects.filter(pk=slot.pk, worker_id=identity(), until=slot.until).update(until=None, worker_id="")


def free_slots(name: str, limit: int, now: datetime) -> int:
    """How many calls could begin now."""
    held = BulkheadSlot.objects.filter(dependency=name, number__lt=limit, until__gte=now).count()
    return max(limit - held, 0)


def free_lost_slots(now: datetime) -> None:
    """Free what dead workers held: their rows are gone, or have not beaten for a lease."""
    held = BulkheadSlot.objects.filter(until__gte=now)
    if held.exists():
        alive = WorkerProcess.objects.filter(seen_at__gte=now - lease()).values_list("id", flat=True)
        held.exclude(worker_id__in=list(alive)).update(until=None, worker_id="")


def take_call(name: str, rate: float) -> float:
    """Seconds to wait before the call, PATIENCE at most; negative: it is not to be made for so long."""
    with _lock:
        mine = _reserved.get(name)
        if mine is not None and mine.calls and time.monotonic() < mine.until:
            mine.calls -= 1
            return 0.0
    with transaction.atomic():
        row = RateState.objects.select_for_update().filter(name=name).first()
        if row is None:
            RateState.objects.get_or_create(name=name)
            row = RateState.objects.select_for_update().get(name=name)
        now = clock.now().timestamp()
        found = rules.take(row.arrival, rate, now, wanted=rules.batch(rate), patience=PATIENCE)
        if isinstance(found, float):
            return now - found
        row.arrival = found.arrival
        row.save(update_fields=["arrival"])
    if found.calls > 1:
        with _lock:
            _reserved[name] = _Reserved(found.calls - 1, time.monotonic() + KEPT)
    return found.wait


def calls_available(name: str, rate: float, now: datetime) -> int:
    """How many calls could begin now, reserved ones apart."""
    arrival = RateState.objects.filter(name=name).values_list("arrival", flat=True).first() or 0.0
    return rules.available(arrival, rate, now.timestamp(), patience=PATIENCE)


def forget() -> None:
    """Drop what is reserved: for tests, and after a change of database."""
    with _lock:
        _reserved.clear()


def _made(name: str, limit: int) -> bool:
    """Write the slots that are missing, as many as the limit says; whether there were any."""
    known = set(BulkheadSlot.objects.filter(dependency=name, number__lt=limit).values_list("number", flat=True))
    missing = [BulkheadSlot(dependency=name, number=number) for number in range(limit) if number not in known]
    BulkheadSlot.objects.bulk_create(missing, ignore_conflicts=True)
    return bool(missing)
