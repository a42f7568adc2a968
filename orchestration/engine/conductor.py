"""The conductor of a worker process: many runs in hand, a thread for each, one transaction for all that is finished.

A thread takes what is there: a claimed step to execute, or, when no other thread is at it, everything finished and
everything asked for, to record and to claim in one go. So a slow step holds its own thread and nothing else, and quick
ones share their commits without waiting for one another (docs/decisions says what that is worth). A process never takes
more runs than it has threads: what it claims, it can begin.

Steps without effects don't wait for the record of what came before them (engine/ahead.py): the thread goes on, what it
finished is recorded with what comes after, or by another thread meanwhile.

Waking a thread costs as much as a quick step, so a thread goes on alone while it keeps up: another is called at once for
a step whose kind talks to a network, and otherwise for whatever has waited for a BLINK.

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

from orchestration.engine.ahead import run_ahead
from orchestration.engine.claim import Claim, Turn, claim_all
from orchestration.engine.complete import complete_apart
from orchestration.engine.gather import Apart, Item, gather, is_plain
from orchestration.engine.work import perform
from orchestration.engine.worker import hold, let_go
from orchestration.limits import AHEAD_STEPS
from orchestration.patience import outlast
from orchestration.states import StepStatus

log = structlog.get_logger(__name__)

#: Seconds of idleness after which a thread's connection is looked at before it is used again.
STALE_AFTER = 5.0

#: Seconds that a claimed step or an outcome waits for a busy thread before another one is called.
BLINK = 0.005
#: Seconds for which whoever brings the first work to a resting process steps aside: a called thread gets the interpreter
#: when another waits for something, and Celery still has a lot to do.
START = 0.0001
#: Kinds that spend their time waiting for somebody else.
BLOCKING = frozenset({"http"})

Job = Callable[[], None]


class Conductor:
    """One per process; see the module."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._asked: deque[int] = deque()
        self._ready: deque[Claim] = deque()
        self._finished: list[Item] = []
        #: Since when, in monotonic seconds, something has been waiting that no thread came for; None: nothing is.
        self._since: float | None = None
        self._watch = threading.Event()
        self._recording = self._closing = False
        #: A latch for each idle thread; the last to become idle is called first, so that in quiet times few threads,
        #: and few database connections with plans made ready, do all the work.
        self._idle: list[threading.Event] = []
        #: Steps asked for or in hand: at most one for each thread.
        self._taken = 0
        for number in range(threads):
            threading.Thread(target=self._run, name=f"steps-{number}", daemon=True).start()
        threading.Thread(target=self._attend, name="steps-watch", daemon=True).start()

    def submit(self, step_ids: Sequence[int], patience: float) -> list[int]:
        """Take these steps on; waits for room for so many seconds. Those that there was no room for."""
        ends, rest, rested = time.monotonic() + patience, deque(step_ids), False
        with self._lock:
            while rest and not self._closing:
                while rest and self._taken < self._threads:
                    self._asked.append(rest.popleft())
                    self._taken += 1
                self._waiting()
                rested = len(self._idle) == self._threads
                if rested:
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
            ended = self._room.wait_for(lambda: self._taken == 0, patience)
            self._call(self._threads)
            self._watch.set()
            return ended

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except BaseException:  # nothing may end the thread: its room would be lost to the process
                log.exception("conductor.failed")
                connection.close()
        connection.close()

    def _next(self) -> Job | None:
        """What there is to do, waited for; None at the end."""
        since = time.monotonic()
        while True:
            with self._lock:
                job = self._pick()
                if job is not None:
                    break
                if self._closing and not self._taken:
                    return None
                called = threading.Event()
                self._idle.append(called)
            called.wait()
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
        if self._ready:
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

    def _waiting(self) -> None:
        """Note since when something waits; the watch then sees to it that it does not wait for long."""
        if self._since is None and self._waits():
            self._since = time.monotonic()
            self._watch.set()

    def _waits(self) -> int:
        """How many threads could do something this moment."""
        return len(self._ready) + bool(not self._recording and (self._finished or self._asked))

    def _call(self, threads: int) -> None:
        for _ in range(min(threads, len(self._idle))):
            self._idle.pop().set()

    def _attend(self) -> None:
        """Call threads for what has waited too long: those at work are busy with something slow."""
        while not self._closing or self._taken:
            self._watch.wait()
            time.sleep(BLINK)
            with self._lock:
                if self._since is None:
                    self._watch.clear()
                elif time.monotonic() - self._since >= BLINK:
                    self._call(self._waits())

    def _execute(self, held: Claim) -> None:
        """Execute, and go on along the run while its steps have no effect, which need not wait for the record."""
        following: Claim | None = held
        for _ in range(AHEAD_STEPS):
            if following is not None:
                following = self._execute_one(following, ahead=True)
        if following is not None:
            self._execute_one(following, ahead=False)

    def _execute_one(self, held: Claim, *, ahead: bool) -> Claim | None:
        """The step that this thread goes on with at once."""
        executed = None
        try:
            executed = perform(held)
        except BaseException:  # whatever a task's own exceptions do when they are looked at
            log.exception("step.failed_oddly", run_id=held.run.text_id, step=held.step.name)
        if executed is None:
            self._lose(held)
            return None
        item = outlast(partial(Item, held, executed, not held.turn.over and not self._closing))
        plain = is_plain(held, executed)
        following = run_ahead(item) if plain and ahead else None
        with self._lock:
            if held.is_ahead and held.turn.void:
                return None  # the run goes on from what could be recorded
            if plain or held.is_ahead:
                self._finished.append(item)
                self._waiting()
                return following
        self._alone(item)
        return None

    def _lose(self, held: Claim) -> None:
        """It came to nothing: its lease ends, and it is rescued."""
        with self._lock:
            held.lost = True
            let_go(held.step.pk, held.step.fence)
            if not (held.is_ahead and held.turn.void):
                self._give_back(1)

    def _record(self, finished: list[Item], asked: list[int]) -> None:
        try:
            if finished:
                self._gather(finished)
            if asked:
                self._claim(asked)
        finally:
            with self._lock:
                self._recording = False

    def _gather(self, items: list[Item]) -> None:
        """Record what was finished; what is no plain success only after what came before it in its run."""
        plain = [item for item in items if is_plain(item.claim, item.executed)]
        try:
            found = outlast(partial(gather, plain)) if plain else []
        except Exception as error:
            if not isinstance(error, Apart):
                log.exception("batch.failed", steps=len(plain))
            self._apart(items)
            return
        for item, follows in zip(plain, found, strict=True):
            self._on(item.claim, follows, item.ahead)
        for item in items:
            if not is_plain(item.claim, item.executed):
                self._alone(item)

    def _apart(self, items: list[Item]) -> None:
        """One by one. What ran ahead of something here is forgotten: it will be executed again, or not."""
        with self._lock:
            for item in items:
                item.claim.turn.void = True
            self._finished = [item for item in self._finished if not (item.claim.is_ahead and item.claim.turn.void)]
            written = [item for item in items if not item.claim.is_ahead]
        for item in written:
            turn = item.claim.turn
            item.claim.turn = Turn(turn.steps, turn.began)
            self._alone(item)

    def _alone(self, item: Item) -> None:
        """An outcome that is recorded by itself. A fault in it is its own: its lease ends, and it is rescued."""
        follows: Claim | int | None = None
        try:
            follows = outlast(partial(complete_apart, item.claim, item.executed, inline=item.inline))
        except Exception:
            log.exception("outcome.failed", run_id=str(item.claim.run.id), step=item.claim.step.name)
        self._on(item.claim, follows)

    def _claim(self, asked: list[int]) -> None:
        claims: list[Claim] = []
        try:
            claims = outlast(partial(claim_all, list(dict.fromkeys(asked))))
        finally:
            for held in claims:
                hold(held.step.pk, held.step.fence, held.limit, held.claimed_at)
            with self._lock:
                self._ready.extend(claims)
                self._waiting()
                self._give_back(len(asked) - len(claims))

    def _on(self, held: Claim, follows: Claim | int | None, ahead: Claim | None = None) -> None:
        """What comes after a step in this process: the next one of its run, which may be at work already, or nothing.

        A compensation that is due now has its wake-up on the way; so undoing a long run gives way to others.
        """
        if ahead is not None:
            self._written(ahead)
        elif isinstance(follows, Claim):
            hold(follows.step.pk, follows.step.fence, follows.limit, follows.claimed_at)
        let_go(held.step.pk, held.step.fence)
        with self._lock:
            if isinstance(follows, Claim):
                self._ready.append(follows)
                self._waiting()
            elif ahead is None:
                self._give_back(1)

    def _written(self, ahead: Claim) -> None:
        """The row of a step that was executed ahead is there; it may be at work still."""
        row, step = ahead.row, ahead.step
        assert row is not None
        if row.status == StepStatus.RUNNING:
            hold(row.pk, step.fence, ahead.limit, ahead.claimed_at)
        with self._lock:
            step.pk = row.pk
            if ahead.lost:
                let_go(step.pk, step.fence)

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
