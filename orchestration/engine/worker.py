"""Who this process is, and the heartbeat that renews its leases.

Owns the process's id, its row and the renewing thread. Never claims a step: engine/claim.py does.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from orchestration import clock
from orchestration.models import StepRun, WorkerProcess

log = structlog.get_logger(__name__)

_identity: tuple[int, str] | None = None
_stop = threading.Event()
_thread: threading.Thread | None = None


def identity() -> str:
    """This process's id; a forked child gets its own."""
    global _identity  # noqa: PLW0603 - one identity for the process
    if _identity is None or _identity[0] != os.getpid():
        _identity = (os.getpid(), str(uuid.uuid4()))
    return _identity[1]


def lease() -> timedelta:
    """For how long a claim holds without a heartbeat."""
    return timedelta(seconds=settings.PLUMBLINE.lease_seconds)


def beat(queue: str) -> None:
    """Say that this process lives, and renew every lease that it holds."""
    now = clock.now()
    WorkerProcess.objects.update_or_create(
        id=identity(),
        defaults={"seen_at": now, "queue": queue, "hostname": socket.gethostname(), "pid": os.getpid()},
        create_defaults={
            "seen_at": now,
            "started_at": now,
            "queue": queue,
            "hostname": socket.gethostname(),
            "pid": os.getpid(),
        },
    )
    StepRun.objects.filter(worker_id=identity(), lease_until__isnull=False).update(lease_until=now + lease())


def start_heartbeat(queue: str) -> None:
    """Beat three times a lease from a thread of its own, until stop_heartbeat."""
    global _thread  # noqa: PLW0603
    _stop.clear()
    _thread = threading.Thread(target=_run, args=(queue,), name="heartbeat", daemon=True)
    _thread.start()


def stop_heartbeat() -> None:
    """Stop beating and take the process's row away: it left in good order."""
    _stop.set()
    if _thread is not None:
        _thread.join(timeout=5)
    try:
        WorkerProcess.objects.filter(id=identity()).delete()
    except DatabaseError:
        log.warning("heartbeat.row_left", worker=identity())


def _run(queue: str) -> None:
    pause = settings.PLUMBLINE.lease_seconds / 3
    while True:
        try:
            close_old_connections()
            beat(queue)
        except DatabaseError as error:
            # A database that restarts must not end the heartbeat: the next beat reconnects.
            log.warning("heartbeat.failed", error=str(error)[:200])
            connection.close()
        if _stop.wait(pause):
            connection.close()
            return
