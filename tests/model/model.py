"""The engine's rules once more, in plain Python and without a database: what the machine holds the engine to.

One Run here stands for one run there. It is told what happened (`take`, `record`, `wake`, `cancel` …) and says in which
states that may leave it. Owns the rules of docs/engine.md; never imports the engine, so that the two can only agree by
meaning. beginning.py has what follows what, ending.py what stops a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.model import workflows
from tests.model.rows import DOUBT, GRACE, LEASE, LOSSES, OPEN, SECOND, Hold, Outcome, Row, judge, next_try
from tests.model.waiting import Waiting
from tests.model.workflows import WAITS, Step, Undo


@dataclass
class Run(Waiting):
    """A run as it goes."""

    # Attempts.

    def takable(self, name: str, now: int) -> bool:
        """Whether a wake-up for this step brings an attempt."""
        row = self.rows[name]
        if self.status == "compensating" and row.undo == "running":
            return row.hold is None and (row.due is None or row.due <= now)
        return not self.ending and self.status != "paused" and row.status == "ready"

    def take(self, name: str, now: int) -> None:
        """A worker takes the step, or its compensation."""
        row, step = self.rows[name], self.flow.named[name]
        row.due = row.start_by = None
        if row.undo == "running":
            assert step.undo is not None
            row.undo_attempt += 1
            ends = now + step.undo.start_to_close * SECOND
            row.hold = Hold(name, True, row.undo_attempt, now, now + LEASE, ends, None)
            return
        row.status, row.attempt = "running", row.attempt + 1
        ends = now + step.start_to_close * SECOND
        if row.close_by is not None:
            ends = min(ends, max(row.close_by, now))
        if self.deadline is not None:  # the run's own timeout bounds every attempt
            ends = min(ends, max(self.deadline, now))
        beat = now + step.heartbeat * SECOND if step.heartbeat else None
        row.hold = Hold(name, False, row.attempt, now, now + LEASE, ends, beat)

    def perform(self, hold: Hold, script: str) -> tuple[Outcome, tuple[str, int, str, Any] | None]:
        """What an attempt comes to, and how the function is called for it; None: it is not called."""
        row, step = self.rows[hold.step], self.flow.named[hold.step]
        strict = step.undo is not None and step.undo.strict if hold.undoing else step.strict
        given = {"output": row.output} if hold.undoing else {name: self._output(name) for name in step.needs}
        if strict and None in given.values():
            return Outcome("failed", error="expression", retryable=False), None
        if strict:
            given = {name: value["n"] for name, value in given.items()}
        if hold.ends <= hold.since:
            return Outcome("failed", error="timeout.schedule_to_close", retryable=False, timed_out=True), None
        if not hold.undoing and step.kind in {*WAITS, "value"}:
            return (Outcome("ok", {"n": workflows.VALUE}) if step.kind == "value" else Outcome(step.kind)), None
        call = (hold.step, hold.attempt, f"{row.key}/compensate" if hold.undoing else row.key, given)
        return judge(step, script, undoing=hold.undoing), call

    def record(self, hold: Hold, outcome: Outcome, now: int, *, inline: bool) -> None:
        """A worker reports. Nothing changes unless it still holds the step."""
        row, step = self.rows[hold.step], self.flow.named[hold.step]
        if row.hold is not hold:
            return None
        row.hold = None
        if hold.undoing:
            return self._record_undo(row, step.undo, outcome, now)
        if outcome.kind in WAITS:
            return self.begin_wait(row, step, hold, now, inline=inline)
        return self.end(row, step, hold, outcome, now, inline=inline)

    def end(self, row: Row, step: Step, hold: Hold, outcome: Outcome, now: int, *, inline: bool) -> None:
        """An attempt, or its wait, is over."""
        if outcome.output is not None:
            row.output = outcome.output
        row.effect = max(row.effect, outcome.effect, key=DOUBT.index) if step.writes else "none"
        row.error, row.finished = outcome.error, now
        if outcome.kind == "ok":
            row.status = "succeeded"
            self._note(row, hold, "succeeded")
            return self._go_on(now, inline=inline)
        at, spent = next_try(outcome, hold.attempt, step.attempts, step.interval, now)
        late = not spent and row.close_by is not None and at >= row.close_by
        self._note(row, hold, "timed_out" if outcome.timed_out else "failed")
        if spent or late or self.ending:
            row.status = "timed_out" if outcome.timed_out or late else "failed"
            return self._go_on(now, inline=inline)
        row.status, row.due = "retrying", at
        return None

    def _record_undo(self, row: Row, undo: Undo | None, outcome: Outcome, now: int) -> None:
        assert undo is not None
        hold = ("compensation", row.undo_attempt)
        word = "succeeded" if outcome.kind == "ok" else "timed_out" if outcome.timed_out else "failed"
        row.history = (*row.history, (*hold, word))
        at, spent = next_try(outcome, row.undo_attempt, undo.attempts, 2, now)
        if outcome.kind == "ok" or spent:
            row.undo = "done" if outcome.kind == "ok" else "failed"
            return self._wind_down(now)
        row.due = at
        return None

    # What time brings about.

    def wake(self, now: int) -> None:
        """One round of the sweeper, sort after sort; within a sort in any order."""
        rows = self.rows

        def each(due: Callable[[Row], bool], act: Callable[[str, Row], None]) -> None:
            names = [name for name, row in sorted(rows.items(), key=_taken) if due(row)]
            holds = {name: rows[name].hold for name in names}
            while names:
                names.remove(name := self.choose(names))
                if due(rows[name]) and rows[name].hold is holds[name]:
                    act(name, rows[name])

        def ready(_: str, row: Row) -> None:
            row.status, row.due = "ready", None

        def overdue(row: Row) -> bool:
            hold = row.hold
            return hold is not None and (hold.ends < now - GRACE or (hold.beat is not None and hold.beat < now))

        def closed(row: Row) -> bool:
            return row.close_by is not None and row.close_by < now

        each(lambda row: row.status == "retrying" and _past(row.due, now), ready)
        timer = {"wait"}
        each(lambda row: _waits(row, timer) and _past(row.due, now), lambda _, row: self._waited(row, now))
        self.overdue_waits(each, now)
        for row in rows.values():
            if row.undo == "running" and row.hold is None and _past(row.due, now):
                row.due = None
        each(lambda row: row.hold is not None and row.hold.lease < now, lambda name, row: self._lose(name, row, now))
        each(overdue, lambda name, row: self._time_out(name, row, now))
        each(
            lambda row: (
                not self.ending  # a run that stops waits for its children, however long it takes them
                and row.status in OPEN - {"running"}
                and (closed(row) or (row.status == "ready" and row.start_by is not None and row.start_by < now))
            ),
            lambda _, row: self._give_up(row, "close" if closed(row) else "start", now),
        )
        if self.deadline is not None and self.deadline < now and self.status != "finished" and not self.ending:
            self.time_children_out(now, self.deadline)
            self._stop("timed_out", "timeout.run")
            self._wind_down(now)
        self.time_children_out(now)

    def _waited(self, row: Row, now: int) -> None:
        row.status, row.due, row.finished = "succeeded", None, now
        self._go_on(now)

    def _give_up(self, row: Row, word: str, now: int) -> None:
        row.child = row.child or ("cancelled" if row.waits == "child" else "")
        row.status, row.due, row.finished, row.error = "timed_out", None, now, f"timeout.schedule_to_{word}"
        self._go_on(now)

    def _time_out(self, name: str, row: Row, now: int) -> None:
        """The attempt took too long, whatever its worker still does."""
        assert row.hold is not None
        silent = row.hold.beat is not None and row.hold.beat < now
        error = "timeout.heartbeat" if silent else "timeout"
        self.record(row.hold, Outcome("failed", error=error, effect="unknown", timed_out=True), now, inline=False)

    def _lose(self, name: str, row: Row, now: int) -> None:
        """The worker is gone: no attempt is used, up to the fifth loss."""
        hold = row.hold
        assert hold is not None
        if row.losses + 1 >= LOSSES:
            outcome = Outcome("failed", error="worker.lost", retryable=False, effect="unknown")
            return self.record(hold, outcome, now, inline=False)
        row.hold, row.losses = None, row.losses + 1
        self._note(row, hold, "lost")
        if hold.undoing:
            row.undo_attempt -= 1
            return None
        if self.flow.named[name].writes:
            row.effect = max(row.effect, "unknown", key=DOUBT.index)
        if self.ending:
            row.status, row.finished = "cancelled", now
            return self._wind_down(now)
        row.status, row.attempt = "ready", row.attempt - 1
        return None


def _waits(row: Row, kinds: set[str]) -> bool:
    return row.status == "waiting" and row.waits in kinds


def _past(due: int | None, now: int) -> bool:
    return due is not None and due <= now


def _taken(item: tuple[str, Row]) -> int:
    return item[1].hold.since if item[1].hold is not None else 0
