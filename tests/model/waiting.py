"""What the model knows of steps that wait for an event, an approval or a child run, and of what ends their wait.

Owns who gets which event, what a decision, a child's end or time makes of a wait. Attempts are model.py's.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.model import workflows
from tests.model.beginning import Beginning
from tests.model.rows import SECOND, Hold, Mail, Outcome, Row
from tests.model.workflows import CHILD_GIVES, LOOK, ROUTED, Step


@dataclass
class Waiting(Beginning):
    """A run some of whose steps may wait."""

    @abstractmethod
    def end(self, row: Row, step: Step, hold: Hold, outcome: Outcome, now: int, *, inline: bool) -> None:
        """An attempt, or its wait, is over."""

    def begin_wait(self, row: Row, step: Step, hold: Hold, now: int, *, inline: bool) -> None:
        """A worker reports that the step waits. An event that is there already ends that at once."""
        if self.ending and step.kind != "wait":
            row.status, row.finished = "cancelled", now
            return self._wind_down(now)
        early = next((mail for mail in self.mail if self._is_mine(mail)), None) if step.kind == "event" else None
        if early is not None:
            self.had |= {early.id}
            return self.end(row, step, hold, Outcome("ok", {"n": early.n}), now, inline=inline)
        row.status, row.waits, row.last, row.child = "waiting", step.kind, hold, ""
        match step.kind:
            case "wait":
                row.due = hold.since + workflows.WAIT * SECOND
            case "child":
                row.due, row.child_by = now + LOOK * SECOND, now + step.start_to_close * SECOND
            case _:
                row.due = hold.since + step.patience * SECOND if step.patience else None
        return self._go_on(now)

    def given(self, mail: Mail, now: int) -> None:
        """An event is routed: one step that waits for its like gets it, if the run has not had it."""
        waiting = [name for name, row in self.rows.items() if row.status == "waiting" and row.waits == "event"]
        if waiting and self._is_mine(mail):
            self.had |= {mail.id}
            self._answer(self.choose(waiting), Outcome("ok", {"n": mail.n}), now)

    def decided(self, name: str, approve: bool, now: int, at: Any, by: str | None, comment: str) -> None:
        """Somebody, or time, has decided."""
        outcome = Outcome("failed", error="approval.rejected", retryable=False)
        if approve:
            outcome = Outcome("ok", {"approved": True, "by": by, "comment": comment, "at": at})
        self._answer(name, outcome, now)

    def child_ended(self, name: str, how: str) -> None:
        """Its parent does not know yet."""
        self.rows[name].child = how

    def told(self, name: str, now: int) -> None:
        """A parent looks at its child."""
        row = self.rows[name]
        if row.status != "waiting" or row.waits != "child" or not row.child:
            return None
        if row.child == "succeeded":
            return self._answer(name, Outcome("ok", CHILD_GIVES, effect="happened"), now)
        late = row.child == "timed_out"
        return self._answer(name, Outcome("failed", error=f"child.{row.child}", timed_out=late), now)

    def overdue_waits(self, each: Callable[..., None], now: int) -> None:
        """What the sweeper finds: answers that did not come, children nobody told of, events nobody routed."""

        def late(row: Row, kinds: set[str]) -> bool:
            return row.status == "waiting" and row.waits in kinds and row.due is not None and row.due <= now

        each(lambda row: late(row, {"event", "approval"}), lambda name, row: self._in_vain(name, row, now))
        looked = [name for name, row in self.rows.items() if late(row, {"child"})]
        each(lambda row: late(row, {"child"}) and bool(row.child), lambda name, row: self.told(name, now))
        for name in looked:
            if self.rows[name].status == "waiting":
                self.rows[name].due = now + 2 * LOOK * SECOND
        for mail in self.mail:
            if not mail.routed and mail.came < now - ROUTED * SECOND:
                self.given(mail, now)

    def time_children_out(self, now: int, before: int | None = None) -> None:
        """Child runs that are out of their own time, which their step gave them."""
        for row in self.rows.values():
            if row.status == "waiting" and row.waits == "child" and row.child_by < min(now, before or now):
                row.child = row.child or "timed_out"

    def _in_vain(self, name: str, row: Row, now: int) -> None:
        step = self.flow.named[name]
        if row.waits == "event":
            return self._answer(name, Outcome("failed", error="timeout.event", retryable=False, timed_out=True), now)
        if step.approves:
            return self.decided(name, True, now, workflows.moment(now), None, "nobody decided in time")
        return self._answer(name, Outcome("failed", error="approval.timeout", retryable=False, timed_out=True), now)

    def _answer(self, name: str, outcome: Outcome, now: int) -> None:
        row = self.rows[name]
        assert row.last is not None
        row.due = None
        self.end(row, self.flow.named[name], row.last, outcome, now, inline=False)

    def _is_mine(self, mail: Mail) -> bool:
        return mail.id not in self.had and mail.run in {"", self.id}
