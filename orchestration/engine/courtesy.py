"""How much of the queue a worker process leaves alone, for the sake of those who do not wait in it.

A run of a team that has no queue starts at once, and then shares processors, and a process's interpreter, with what came out
of the queue. Where those are short everything of it takes twice as long and more, however many threads are free. So while such
a team was there lately, a process takes on only as many queued runs as let it wake up in time: half as many after it woke late,
one more after a few times in which it did not, as networks avoid congestion (RFC 5681). Without such a team, or with processors
to spare, the queue has everything.

Owns that number. Never knows a team (places.py) nor admits a run (queue.py).
"""

from __future__ import annotations

#: Seconds: a thread that sleeps wakes so soon where processors are free.
PROMPT = 0.001
#: Taken on however late the process wakes.
LEAST = 2
#: So often must it wake in time for one run more: it looks every few milliseconds, so each time would undo a halving at once.
IN_A_ROW = 4


class Courtesy:
    """One per worker process."""

    def __init__(self, most: int) -> None:
        self._most = self._taken = most
        self._prompt = 0

    def seen(self, late: float, *, guests: bool) -> None:
        """A thread woke up so many seconds after it wanted to; `guests`: somebody without a queue was there lately."""
        if not guests:
            self._taken = self._most
        elif late > PROMPT:
            self._taken, self._prompt = max(LEAST, self._taken // 2), 0
        else:
            self._prompt += 1
            self._taken = min(self._most, self._taken + self._prompt // IN_A_ROW)
            self._prompt %= IN_A_ROW

    @property
    def withheld(self) -> int:
        """Runs fewer than there is room for."""
        return self._most - self._taken
