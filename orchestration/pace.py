"""How often periodic work is really done in this process, whatever number of messages asks for it.

Beat goes on asking while nobody answers: after an hour there are thousands of messages. They must not expire, since that
compares the clocks of two machines, so all but a few of them are passed over instead. Owns that decision; never a clock
that another process reads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """At least `apart` seconds between two beginnings, and a pause after each end, in which a pile of messages melts."""

    PAUSE = 0.1

    def __init__(self, apart: float) -> None:
        self._apart = apart
        self._next = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether it is time, and nobody else in this process is at it."""
        if not self._lock.acquire(blocking=False):
            yield False
            return
        try:
            began = time.monotonic()
            due = began >= self._next
            try:
                yield due
            finally:
                if due:
                    self._next = max(began + self._apart, time.monotonic() + self.PAUSE)
        finally:
            self._lock.release()
