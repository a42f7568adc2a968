"""Who this process is, what it has in hand, and the heartbeat that renews the leases of that.

Only what a thread of this process is really at work on is renewed: a claim whose answer was lost with the connection is
nobody's, so its lease ends and it is rescued. Owns the process's id, its row and the renewing thread. Never claims a
step: engine/claim.py does.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Q

from orchestration import clock
from orchestration.models import StepRun, WorkerProcess
from orchestration.pooled import give_back

log = structlog.get_logger(__name__)

#: Seconds past its limit after which an attempt counts as stuck: a thread can't be killed, but it can be reported.
STUCK_AFTER = 5.0
#: Seconds between two tries to beat while the database is away, so that the first beat after it is in time.
BEAT_AGAIN = 0.25


@dataclass(slots=True)
class _InHand:
    """In monotonic seconds: when the attempt's own time is up, and when its lease began or was last renewed."""

    ends: float
    renewed: float


_identity: tuple[int, str] | None = None
#: Every attempt at work in this process, by (step, fence).
_in_hand: dict[tuple[int, int], _InHand] = {}
_chores: list[Callable[[], None]] = []
_stop = threading.Event()
_thread: threading.Thread | None = None
_queue = ""


def identity() -> str:
    """This process's id; a forked child gets its own."""
    global _identity  # noqa: PLW0603 - one identity for the process
    if _identity is None or _identity[0] != os.getpid():
        _identity = (os.getpid(), str(uuid.uuid4()))
    return _identity[1]


def lease() -> timedelta:
    """For how long a claim holds without a heartbeat."""
    return timedelta(seconds=settings.PLUMBLINE.lease_seconds)


def hold(step_id: int, fence: int, limit: float, claimed_at: datetime | None = None) -> None:
    """From now on this process's heartbeat renews the lease of that claim; `limit` in seconds from now.

    `claimed_at`: when its lease began, if that was not this moment.
    """
    now = time.monotonic()
    age = max((clock.lately() - claimed_at).total_seconds(), 0.0) if claimed_at is not None else 0.0
    _in_hand[step_id, fence] = _InHand(now + limit, now - age)


def still_held(step_id: int, fence: int) -> bool:
    """Whether the lease of a claim in hand can't have ended yet: to be asked just before its effect.

    A process that was stopped for a while wakes up believing in claims that others have long taken over. A claim that
    was never put in hand is its caller's own affair.
    """
    held = _in_hand.get((step_id, fence))
    return held is None or time.monotonic() - held.renewed < settings.PLUMBLINE.lease_seconds


def let_go(step_id: int, fence: int) -> None:
    """The claim's outcome is recorded, or refused, or somebody else's."""
    _in_hand.pop((step_id, fence), None)


def beat(queue: str) -> None:
    """Say that this process lives and how many of its slots are stuck, and renew the lease of what is at work."""
    asked, now, held = time.monotonic(), clock.now(), dict(_in_hand)
    stuck = sum(time.monotonic() > one.ends + STUCK_AFTER for one in held.values())
    facts = {"seen_at": now, "queue": queue, "hostname": socket.gethostname(), "pid": os.getpid(), "stuck": stuck}
    WorkerProcess.objects.update_or_create(id=identity(), defaults=facts, create_defaults={**facts, "started_at": now})
    if stuck:
        log.warning("worker.stuck", worker=identity(), slots=stuck)
    if held:
        for claim in _renew(list(held), now):
            held[claim].renewed = asked


def _renew(held: list[tuple[int, int]], now: datetime) -> list[tuple[int, int]]:
    """Which were renewed. A row that is locked is being recorded or freed this moment: waiting could only deadlock."""
    mine = Q(*[Q(pk=step_id, fence=fence) for step_id, fence in held], _connector=Q.OR)
    leased = StepRun.objects.filter(mine, worker_id=identity(), lease_until__isnull=False)
    with transaction.atomic():
        free = leased.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        renewed = list(free.values_list("pk", "fence"))
        StepRun.objects.filter(pk__in=[pk for pk, _ in renewed]).update(lease_until=now + lease())
    return renewed


def start_heartbeat(queue: str) -> None:
    """Beat three times a lease from a thread of its own, until stop_heartbeat. Said twice, the later queue holds."""
    global _thread, _queue  # noqa: PLW0603
    _queue = queue
    _stop.clear()
    if _thread is None or not _thread.is_alive():  # after a fork it is not: a child has the thread that forked alone
        _thread = threading.Thread(target=_run, name="heartbeat", daemon=True)
        _thread.start()


def with_each_beat(chore: Callable[[], None]) -> None:
    """Do this as well, after each beat, in the heartbeat's thread: something quick that may be late."""
    _chores.append(chore)


def stop_heartbeat() -> None:
    """Stop beating and take the process's row away: it left in good order."""
    _stop.set()
    if _thread is not None:
        _thread.join(timeout=5)
    try:
        WorkerProcess.objects.filter(id=identity()).delete()
    except DatabaseError:
        log.warning("heartbeat.row_left", worker=identity())


def _run() -> None:
    while True:
        pause = settings.PLUMBLINE.lease_seconds / 3
        try:
            close_old_connections()
            beat(_queue)
            for chore in _chores:
                chore()
            give_back()
        except Exception as error:  # nothing may end the heartbeat: without it every step here is taken for lost
            log.warning("heartbeat.failed", error=str(error)[:200])
            connection.close()
            pause = BEAT_AGAIN
        if _stop.wait(pause):
            connection.close()
            return
