"""The conductor of a worker process: many runs in hand, a thread for each, one transaction for all that is finished.

A thread takes what is there: a claimed step to execute, or, when no other thread is at it, everything finished and
everything asked for, to record and to claim in one go. So a slow step holds its own thread and nothing else, and quick
ones share their commits without waiting for one another (docs/decisions says what that is worth). A process never takes
more runs than it has threads: what it claims, it can begin.

Owns the threads and what is in hand. Never decides what an outcome means: engine/gather.py and complete.py do.
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

from orchestration.engine.claim import Claim, claim_all
from orchestration.engine.complete import complete_apart
from orchestration.engine.gather import Apart, Item, gather, is_plain
from orchestration.engine.work import perform
from orchestration.engine.worker import hold, let_go
from orchestration.patience import outlast

log = structlog.get_logger(__name__)

#: Seconds of idleness after which a thread's connection is looked at before it is used again.
STALE_AFTER = 5.0

Job = Callable[[], None]


class Conductor:
    """One per process; see the module."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._asked: deque[int] = deque()
        self._ready: deque[Claim] = deque()
        self._finished: list[Item] = []
        self._recording = self._closing = False
        self._idle = 0
        #: Steps asked for or in hand: at most one for each thread.
        self._taken = 0
        for number in range(threads):
            threading.Thread(target=self._run, name=f"steps-{number}", daemon=True).start()

    def submit(self, step_ids: Sequence[int], patience: float) -> list[int]:
        """Take these steps on; waits for room for so many seconds. Those that there was no room for."""
        ends, rest = time.monotonic() + patience, deque(step_ids)
        with self._lock:
            while rest and not self._closing:
                while rest and self._taken < self._threads:
                    self._asked.append(rest.popleft())
                    self._taken += 1
                self._call_one()
                left = ends - time.monotonic()
                if not rest or left <= 0 or not self._room.wait(left):
                    break
        return list(rest)

    def close(self, patience: float) -> bool:
        """Take nothing more on, finish the steps in hand and hand their runs back. False: some did not end in time."""
        with self._lock:
            self._closing = True
            return self._room.wait_for(lambda: self._taken == 0, patience)

    def _run(self) -> None:
        while True:
            job = self._next()
            try:
                job()
            except Exception:  # nothing may end the thread; what it had in hand is rescued when its lease ends
                log.exception("conductor.failed")
                connection.close()

    def _next(self) -> Job:
        """What there is to do, waited for. Whoever takes something calls another thread if there is more."""
        since = time.monotonic()
        with self._lock:
            while (job := self._pick()) is None:
                self._idle += 1
                self._work.wait()
                self._idle -= 1
            self._call_one()
        if time.monotonic() - since > STALE_AFTER:
            close_old_connections()
        return job

    def _pick(self) -> Job | None:
        if self._ready:
            return partial(self._execute, self._ready.popleft())
        if not self._recording and (self._finished or self._asked):
            self._recording = True
            finished, self._finished = self._finished, []
            asked = list(self._asked)
            self._asked.clear()
            return partial(self._record, finished, asked)
        return None

    def _call_one(self) -> None:
        waits = self._ready or (not self._recording and (self._finished or self._asked))
        if waits and self._idle:
            self._work.notify()

    def _execute(self, held: Claim) -> None:
        executed = perform(held)
        item = Item(held, executed, inline=not held.turn.over and not self._closing)
        if not is_plain(held, executed):
            self._alone(item)
            return
        with self._lock:
            self._finished.append(item)

    def _record(self, finished: list[Item], asked: list[int]) -> None:
        try:
            if finished:
                self._gather(finished)
            if asked:
                self._claim(asked)
        finally:
            with self._lock:
                self._recording = False
                self._call_one()

    def _gather(self, items: list[Item]) -> None:
        try:
            found = outlast(partial(gather, items))
        except Exception as error:
            if not isinstance(error, Apart):
                log.exception("batch.failed", steps=len(items))
            for item in items:
                self._alone(item)
            return
        for item, follows in zip(items, found, strict=True):
            self._on(item.claim, follows, inline=item.inline)

    def _alone(self, item: Item) -> None:
        """An outcome that is recorded by itself. A fault in it is its own: its lease ends, and it is rescued."""
        follows: Claim | int | None = None
        try:
            follows = outlast(partial(complete_apart, item.claim, item.executed, inline=item.inline))
        except Exception:
            log.exception("outcome.failed", run_id=str(item.claim.run.id), step=item.claim.step.name)
        self._on(item.claim, follows, inline=item.inline)

    def _claim(self, asked: list[int]) -> None:
        claims: list[Claim] = []
        try:
            claims = outlast(partial(claim_all, list(dict.fromkeys(asked))))
        finally:
            for held in claims:
                hold(held.step.pk, held.step.fence, held.limit)
            with self._lock:
                self._ready.extend(claims)
                self._give_back(len(asked) - len(claims))

    def _on(self, held: Claim, follows: Claim | int | None, *, inline: bool) -> None:
        """What comes after a step in this process: the next one of its run, its compensation, or nothing."""
        if isinstance(follows, Claim):
            hold(follows.step.pk, follows.step.fence, follows.limit)
        let_go(held.step.pk, held.step.fence)
        with self._lock:
            if isinstance(follows, Claim):
                self._ready.append(follows)
            elif follows is not None and inline:
                self._asked.append(follows)
            else:
                self._give_back(1)

    def _give_back(self, count: int) -> None:
        self._taken -= count
        if count:
            self._room.notify_all()


_conductor: tuple[int, Conductor] | None = None
_making = threading.Lock()


def conductor() -> Conductor:
    """This process's conductor; a forked child makes its own."""
    global _conductor  # noqa: PLW0603 - one for the process
    with _making:
        if _conductor is None or _conductor[0] != os.getpid():
            _conductor = (os.getpid(), Conductor(settings.PLUMBLINE.worker_threads))
        return _conductor[1]


def close(patience: float) -> None:
    """End this process's conductor, if it has one."""
    if _conductor is not None and _conductor[0] == os.getpid() and not _conductor[1].close(patience):
        log.warning("conductor.left_behind", patience=patience)
