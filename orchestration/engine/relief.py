"""Sweeps in the control worker's place while nobody does: what time brings must not wait for one process to start again.

Every worker process, and beat, looks twice a second how long ago the last round was, and when that is too long one of them does
the next (docs/decisions/0051). Owns the thread that looks. Never decides what is due: wake.py does.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog
from django.db import close_old_connections, connection

from orchestration import clock
from orchestration.engine.wake import ROUND, wake
from orchestration.models import EngineMark
from orchestration.pooled import give_back

log = structlog.get_logger(__name__)

#: Seconds between two looks.
LOOK = 0.5
#: So long after the last round, three times its pace, nobody seems to be at it.
LATE = timedelta(seconds=1.5)
#: The mark of the rounds done here; /readyz goes by the control worker's own, so what is away still shows.
RELIEF = "relief"
#: One that comes so long after the last is told of: once for each time that the control worker is away.
NEWS = timedelta(seconds=30)

_stop = threading.Event()
_thread: threading.Thread | None = None


def start_relief() -> None:
    """Look from a thread of its own, until stop_relief. Said twice, and after a fork, there is one."""
    global _thread  # noqa: PLW0603 - one thread for the process
    _stop.clear()
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_run, name="relief", daemon=True)
        _thread.start()


def stop_relief() -> None:
    """Look no more; a round that is under way is left to come to its end."""
    _stop.set()
    if _thread is not None:
        _thread.join(timeout=5)


def relieve() -> bool:
    """Do a round if nobody has for LATE; whether it did. Of several processes that ask at once one does."""
    now = clock.now()
    marks = dict(EngineMark.objects.filter(name__in=(ROUND, RELIEF)).values_list("name", "at"))
    if any(now - at < LATE for at in marks.values()):
        return False
    last = marks.get(RELIEF)
    if last is None:
        _, mine = EngineMark.objects.get_or_create(name=RELIEF, defaults={"at": now})
    else:
        mine = EngineMark.objects.filter(name=RELIEF, at=last).update(at=now) == 1
    if not mine:
        return False
    if last is None or now - last > NEWS:
        log.warning("wake.relieved", last_wake=str(marks.get(ROUND, "never")))
    wake(RELIEF)
    return True


def _run() -> None:
    while True:
        try:
            close_old_connections()
            relieve()
            give_back()
        except Exception as error:  # nothing may end the thread; a database that is away is looked for again
            log.warning("relief.failed", error=str(error)[:200])
            connection.close()
        if _stop.wait(LOOK):
            connection.close()
            return
