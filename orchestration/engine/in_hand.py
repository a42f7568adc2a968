"""What a worker process has in hand: steps asked for, claimed, at work and finished, and what becomes of each.

Steps without effects don't wait for the record of what came before them (engine/ahead.py): their thread goes on, and what
it finished is recorded with what comes after, or by another thread meanwhile. Owns the room that runs take up in the
process: every way on from a step keeps it for the next or gives it back, once. Never decides which thread does what
(conductor.py) nor what an outcome means (gather.py and complete.py).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import partial

import structlog

from orchestration.engine.ahead import run_ahead
from orchestration.engine.child_ends import end_waits
from orchestration.engine.claim import Claim, Turn, claim_all
from orchestration.engine.complete import complete_apart
from orchestration.engine.gather import Apart, Item, gather, is_plain
from orchestration.engine.refill import Refill
from orchestration.engine.work import perform
from orchestration.engine.worker import hold, let_go
from orchestration.limits import AHEAD_STEPS, AT_HAND, QUEUED_AT_HAND, spare_threads
from orchestration.patience import outlast
from orchestration.states import StepStatus
from orchestration.steps.outcome import Transactional

log = structlog.get_logger(__name__)


#: Outcomes recorded by themselves at one time: each is a transaction on a connection of its own, and a dependency that
#: fails makes hundreds at once. Transactional tasks are not counted, since the others need not wait for their work.
ALONE = 4
#: Seconds after which what waits at hand, and no thread came for, goes back.
HELD = 0.5


class InHand:
    """See the module. Every queue and number here is touched under the lock alone."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        #: Those that what may be taken later leaves free.
        self._spared = spare_threads(threads)
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._asked: deque[int] = deque()
        #: What is not to wait for the record of others; one thread at a time claims it.
        self._urgent: deque[int] = deque()
        self._claiming = False
        #: What may be taken later and has no thread yet. Not claimed, so anybody else may have it.
        self._at_hand: deque[int] = deque()
        #: When the last of that was begun, in monotonic seconds.
        self._drawn = 0.0
        self._ready: deque[Claim] = deque()
        self._finished: list[Item] = []
        #: Since when the oldest of them has been waiting, in monotonic seconds.
        self._oldest = 0.0
        #: Outcomes that are recorded by themselves.
        self._single: deque[Item] = deque()
        self._alone_now = 0
        #: Since when, in monotonic seconds, something has been waiting that no thread came for; None: nothing is.
        self._since: float | None = None
        self._watch = threading.Event()
        self._recording = self._closing = False
        #: Steps asked for or in hand: at most one for each thread.
        self._taken = 0
        #: Who is told that there is room again.
        self.refill: Refill | None = None

    def _waiting(self) -> None:
        """Note since when something waits; the watch then sees to it that it does not wait for long."""
        if self._since is None and self._waits():
            self._since = time.monotonic()
            self._watch.set()

    def _waits(self) -> int:
        """How many threads could do something this moment."""
        urgent = bool(self._urgent and not self._claiming)
        recorded = bool(not self._recording and (self._finished or self._asked))
        return urgent + self._singles() + len(self._ready) + recorded

    def _singles(self) -> int:
        """How many outcomes may be recorded by themselves this moment."""
        if self._single and _takes_its_time(self._single[0]):
            return 1
        return min(len(self._single), ALONE - self._alone_now)

    def _take_single(self) -> Item:
        item = self._single.popleft()
        self._alone_now += not _takes_its_time(item)
        return item

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
        try:
            executed = perform(held)
            if executed is None:
                self._lose(held)
                return None
            item = Item(held, executed, not held.turn.over and not self._closing)
            following = run_ahead(item) if ahead and is_plain(held, executed) else None
        except BaseException:  # whatever a task's own exceptions do when they are looked at
            log.exception("step.failed_oddly", run_id=held.run.text_id, step=held.step.name)
            self._lose(held)
            return None
        with self._lock:
            if held.is_ahead and held.turn.void:  # the run goes on from what could be recorded
                self._give_back(1)
                return None
            if held.is_ahead or is_plain(held, executed):
                if not self._finished:
                    self._oldest = time.monotonic()
                self._finished.append(item)
            else:
                self._single.append(item)
            self._waiting()
        return following

    def _lose(self, held: Claim) -> None:
        """It came to nothing: its lease ends, and it is rescued."""
        with self._lock:
            held.lost = True
            let_go(held.step.pk, held.step.fence)
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

    def _claim_urgent(self, asked: list[int]) -> None:
        try:
            self._claim(asked)
        finally:
            with self._lock:
                self._claiming = False

    def _gather(self, items: list[Item]) -> None:
        """Record what was finished; what is no plain success only after what came before it in its run."""
        plain = [item for item in items if is_plain(item.claim, item.executed)]
        try:
            found = outlast(partial(gather, plain)) if plain else []
        except Exception as error:
            if not isinstance(error, Apart):
                log.exception("batch.failed", steps=len(plain))
            turns = {id(item.claim.turn): item.claim.turn for item in items}
            for turn in turns.values():
                mine = [item for item in items if item.claim.turn is turn]
                if len(turns) > 1 and len(mine) > 1:
                    self._gather(mine)  # what ran ahead in it need not suffer for the others
                else:
                    self._apart(mine)
            return
        for item, follows in zip(plain, found, strict=True):
            self._on(item.claim, follows, item.ahead)
        with self._lock:
            self._single.extend(item for item in items if not is_plain(item.claim, item.executed))
            self._waiting()

    def _apart(self, items: list[Item]) -> None:
        """Of one turn: by itself. What ran ahead of it is forgotten: it will be executed again, or not."""
        turn = items[0].claim.turn
        with self._lock:
            turn.void = True
            mine = [*items, *(item for item in self._finished if item.claim.turn is turn)]
            self._finished = [item for item in self._finished if item.claim.turn is not turn]
            if mine[-1].ahead is not None:  # at work still, in a thread of its own; whoever ends it gives that back
                self._taken += 1
            written = [item for item in mine if not item.claim.is_ahead]
            for item in written:
                item.claim.turn = Turn(turn.steps, turn.began)
            self._single.extend(written)
            if not written:
                self._give_back(1)
            self._waiting()

    def _alone(self, item: Item) -> None:
        """An outcome that is recorded by itself. A fault in it is its own: its lease ends, and it is rescued."""
        follows: Claim | int | None = None
        try:
            follows = outlast(partial(complete_apart, item.claim, item.executed, inline=item.inline))
        except Exception:
            log.exception("outcome.failed", run_id=str(item.claim.run.id), step=item.claim.step.name)
        finally:
            with self._lock:
                self._alone_now -= not _takes_its_time(item)
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
        taken = {held.step.pk for held in claims}
        if others := [pk for pk in asked if pk not in taken]:  # perhaps steps whose child run has ended
            outlast(partial(end_waits, others))

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
        with self._lock:
            step.pk = row.pk
            if row.status == StepStatus.RUNNING and not ahead.lost:
                hold(step.pk, step.fence, ahead.limit)  # its lease began with its row

    def room(self, withheld: int = 0) -> int:
        """So many runs may come out of the queue for this process: as many as places.py counts on, and a few however much
        of a long fan-out waits at hand, so that the queue goes on beside it. `withheld`: so many fewer, and none if need be.
        """
        with self._lock:
            free = self._free(QUEUED_AT_HAND) - withheld
            return max(0, free) if withheld else max(1, self._threads // 4, free)

    def _free(self, at_hand: int) -> int:
        return (1 + at_hand) * self._threads - self._spared - self._taken - len(self._at_hand)

    def _take_on(self, rest: deque[int]) -> None:
        while rest and self._taken < self._threads:
            self._urgent.append(rest.popleft())
            self._taken += 1

    def _put_by(self, rest: deque[int]) -> None:
        if not self._at_hand:
            self._drawn = time.monotonic()
        while rest and self._free(AT_HAND) > 0:
            self._at_hand.append(rest.popleft())
        self._draw()
        if self._at_hand:
            self._watch.set()

    def _draw(self) -> None:
        """Begin what waits at hand, as far as there is room."""
        while self._at_hand and self._taken < self._threads - self._spared and not self._closing:
            self._asked.append(self._at_hand.popleft())
            self._taken += 1
            self._drawn = time.monotonic()

    def _is_stuck(self) -> bool:
        return bool(self._at_hand) and time.monotonic() - self._drawn >= HELD

    def _hand_back(self) -> list[int]:
        """What waits at hand, which another process may have room for."""
        left = list(self._at_hand)
        self._at_hand.clear()
        return left

    def _give_back(self, count: int) -> None:
        self._taken -= count
        if count:
            self._draw()
            self._waiting()
            self._room.notify_all()
            if self.refill is not None:
                self.refill.look()


def _takes_its_time(item: Item) -> bool:
    """Whether the work itself is done while its outcome is recorded."""
    return isinstance(item.executed.outcome, Transactional)
