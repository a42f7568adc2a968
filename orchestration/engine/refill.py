"""Fills the room of a worker process from the queue: whenever a run leaves it, what may begin next begins here.

So a queued run costs no message, and while a queue is long no thread waits for the sweeper. Owns the thread that looks. Never
decides who is next: queue.py does.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

import structlog
from django.db import close_old_connections, connection

from orchestration.engine import places
from orchestration.engine.courtesy import Courtesy
from orchestration.engine.publish import send_later
from orchestration.engine.queue import admit
from orchestration.pooled import give_back

log = structlog.get_logger(__name__)

#: Seconds between two looks: while something is admitted, so that several share a transaction; else, which costs an idle queue
#: thirty cheap questions a second while runs end; and after a fault.
BUSY, QUIET, AFTER_A_FAULT = 0.005, 0.03, 1.0
#: And until a look that nothing asked for, while there is room that courtesy keeps.
AGAIN = 0.1


class Taking(Protocol):
    """Whoever has threads."""

    def submit_later(self, step_ids: list[int], patience: float) -> list[int]:
        """Take these steps on; those that there was no room for."""
        ...

    def room(self, withheld: int = 0) -> int:
        """How many there is room for, if so many fewer than usual are to be in hand."""
        ...


class Refill:
    """One per worker process."""

    def __init__(self, taking: Taking) -> None:
        self._taking, self._room, self._over = taking, threading.Event(), False
        self._courtesy = Courtesy(taking.room())
        threading.Thread(target=self._run, name="refill", daemon=True).start()

    def look(self) -> None:
        """There may be room. Costs the caller next to nothing."""
        self._room.set()

    def close(self) -> None:
        """Look no more."""
        self._over = True
        self._room.set()

    def _run(self) -> None:
        withheld = 0
        while True:
            self._room.wait(AGAIN if withheld else None)
            self._room.clear()
            if self._over:
                connection.close()
                return
            withheld = self._courtesy.withheld
            late = _overslept(self._once(withheld))
            self._courtesy.seen(late, guests=places.has_guests())

    def _once(self, withheld: int) -> float:
        """One look; the seconds until the next."""
        try:
            close_old_connections()
            ids = admit(self._taking.room(withheld))
            rest = self._taking.submit_later(ids, 0.0) if ids else []
            if rest:
                send_later(rest)
            give_back()
        except Exception as error:  # nothing may end the thread: the sweeper would be left alone with the queue
            log.warning("refill.failed", error=str(error)[:200])
            connection.close()
            return AFTER_A_FAULT
        return BUSY if ids else QUIET


def _overslept(pause: float) -> float:
    """Sleep so many seconds; how many it was more."""
    began = time.monotonic()
    time.sleep(pause)
    return time.monotonic() - began - pause
