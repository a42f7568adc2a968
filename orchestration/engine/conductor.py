"""The conductor of a worker process: many runs in hand, a thread for each, one transaction for all that is finished.

A thread takes what is there: a claimed step to execute, or, when no other thread is at it, everything finished and
everything asked for, to record and to claim in one go. So a slow step holds its own thread and nothing else, and quick
ones share their commits without waiting for one another (docs/decisions says what that is worth). A process never takes
more runs than it has threads: what it claims, it can begin.

Waking a thread costs as much as a quick step, so a thread goes on alone while it keeps up: another is called at once for
a step whose kind talks to a network, and otherwise for whatever has waited for a BLINK.

There is a thread more than runs in hand, and what has waited for a BLINK is recorded first: so whatever the steps do, an
outcome finds somebody to record it. A message that is not to be taken later (publish.py) is claimed by the next thread that
looks, or by one that is called for it, whatever is being recorded: somebody waits for it alone. What may be taken later and
finds no thread waits at hand, so that neither the broker nor whoever reads its messages has to do with it again; where no
thread becomes free for HELD seconds, it goes back for another process to take.

Owns the threads and what each does next. Never executes or records: engine/in_hand.py does.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from django.conf import settings
from django.db import close_old_connections, connection

from orchestration.engine.in_hand import InHand
from orchestration.engine.publish import send_later
from orchestration.engine.refill import Refill
from orchestration.pooled import give_back

log = structlog.get_logger(__name__)

#: Seconds of idleness after which a thread's connection is looked at before it is used again.
STALE_AFTER = 5.0

#: Seconds that a claimed step or an outcome waits for a busy thread before another one is called.
BLINK = 0.005
#: Seconds for which whoever brings the first work to a resting process steps aside: a called thread gets the interpreter
#: when another waits for something, and Celery still has a lot to do.
START = 0.0001
#: Kinds that spend their time waiting for somebody else.
BLOCKING = frozenset({"http", "celery"})

Job = Callable[[], None]


class Conductor(InHand):
    """One per process; see the module."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        #: A latch for each idle thread; the last to become idle is called first, so that in quiet times few threads,
        #: and few database connections with plans made ready, do all the work. A bare lock: an event takes twice as long.
        self._idle: list[threading.Lock] = []
        for number in range(threads + 1):
            threading.Thread(target=self._run, name=f"steps-{number}", daemon=True).start()
        threading.Thread(target=self._attend, name="steps-watch", daemon=True).start()

    def submit(self, step_ids: Sequence[int], patience: float) -> list[int]:
        """Take these steps on; waits for room for so many seconds. Those that there was no room for."""
        return self._submit(deque(step_ids), patience, self._take_on)

    def submit_later(self, step_ids: Sequence[int], patience: float) -> list[int]:
        """The same of steps that may wait at hand, and leave the threads alone that are kept free for whoever comes."""
        rest = self._submit(deque(step_ids), patience, self._put_by)
        if self.refill is not None:
            self.refill.look()
        return rest

    def _submit(self, rest: deque[int], patience: float, take: Callable[[deque[int]], None]) -> list[int]:
        ends, rested = time.monotonic() + patience, False
        with self._lock:
            while rest and not self._closing:
                take(rest)
                self._waiting()
                rested = len(self._idle) > self._threads
                if rested or (self._urgent and not self._claiming):
                    self._call(1)
                left = ends - time.monotonic()
                if not rest or left <= 0 or not self._room.wait(left):
                    break
        if rested:
            time.sleep(START)
        return list(rest)

    def close(self, patience: float) -> bool:
        """Take nothing more on, finish the steps in hand and hand their runs back. False: some did not end in time."""
        with self._lock:
            self._closing = True
            if self.refill is not None:
                self.refill.close()
            left = self._hand_back()
        send_later(left)
        with self._lock:
            ended = self._room.wait_for(lambda: self._taken == 0, patience)
            self._call(self._threads + 1)
            self._watch.set()
            return ended

    def _run(self) -> None:
        while True:
            try:
                job = self._next()
                if job is None:
                    break
                job()
            except BaseException:  # nothing may end the thread: its room would be lost to the process
                log.exception("conductor.failed")
                connection.close()
        connection.close()

    def _next(self) -> Job | None:
        """What there is to do, waited for; None at the end.

        A thread that is alone at work keeps its database connection for the next job: a lone run's claim and record.
        """
        with self._lock:
            job = self._pick()
            alone = len(self._idle) == self._threads
        if job is None or not alone:
            try:
                give_back()
            except Exception:  # the job is picked, and nobody else would do it
                log.exception("conductor.not_given_back")
        return job or self._wait()

    def _wait(self) -> Job | None:
        since = time.monotonic()
        while True:
            with self._lock:
                job = self._pick()
                if job is not None:
                    break
                if self._closing and not self._taken:
                    return None
                called = threading.Lock()
                called.acquire()
                self._idle.append(called)
            called.acquire()
        if time.monotonic() - since > STALE_AFTER:
            return partial(self._afresh, job)
        return job

    def _afresh(self, job: Job) -> None:
        try:
            close_old_connections()
        finally:
            job()

    def _pick(self) -> Job | None:
        job: Job | None = None
        late = bool(self._finished) and not self._recording and time.monotonic() - self._oldest >= BLINK
        if self._urgent and not self._claiming:
            self._claiming = True
            urgent = list(self._urgent)
            self._urgent.clear()
            job = partial(self._claim_urgent, urgent)
        elif self._singles():
            job = partial(self._alone, self._take_single())
        elif self._ready and not late:
            held = self._ready.popleft()
            job = partial(self._execute, held)
            if held.action.kind in BLOCKING and self._waits():
                self._call(1)
        elif not self._recording and (self._finished or self._asked):
            self._recording = True
            finished, self._finished = self._finished, []
            asked = list(self._asked)
            self._asked.clear()
            job = partial(self._record, finished, asked)
        self._since = None
        self._waiting()
        return job

    def _call(self, threads: int) -> None:
        for _ in range(min(threads, len(self._idle))):
            self._idle.pop().release()

    def _attend(self) -> None:
        """Call threads for what has waited too long: those at work are busy with something slow."""
        while not self._closing or self._taken:
            self._watch.wait()
            time.sleep(BLINK)
            with self._lock:
                stuck = self._hand_back() if self._is_stuck() else []
                if self._since is None and not self._at_hand:
                    self._watch.clear()
                elif self._since is not None and time.monotonic() - self._since >= BLINK:
                    self._call(self._waits())
            send_later(stuck)


_conductor: tuple[int, Conductor] | None = None
_making = threading.Lock()


def conductor() -> Conductor:
    """This process's conductor; a forked child makes its own."""
    global _conductor  # noqa: PLW0603 - one for the process
    with _making:
        if _conductor is None or _conductor[0] != os.getpid():
            made = Conductor(settings.PLUMBLINE.worker_threads)
            made.refill = Refill(made)
            _conductor = (os.getpid(), made)
        return _conductor[1]


def close(patience: float) -> None:
    """End this process's conductor, if it has one."""
    if _conductor is not None and _conductor[0] == os.getpid() and not _conductor[1].close(patience):
        log.warning("conductor.left_behind", patience=patience)
