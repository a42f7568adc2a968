"""How a run of the model stops: what is cancelled, what is undone and in which order, what a retry takes over.

Where the engine is free, `choose` picks, and `every_way` plays each choice. Owns what is known of a run. What begins, and what
time brings about, is model.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from tests.model.rows import DOUBT, GOOD, OPEN, Hold, Mail, Row
from tests.model.workflows import Flow

T = TypeVar("T")
E = TypeVar("E", bound="Ending")


@dataclass
class Ending:
    """A run of a flow, as far as anybody can see it, and how it comes to its end."""

    flow: Flow
    id: str
    go: bool
    deadline: int | None = None
    earlier: Ending | None = None
    status: str = "running"
    ending: str = ""
    result: str = ""
    compensation: str = "none"
    failed_step: str = ""
    error: str = ""
    output: Any = None
    rows: dict[str, Row] = field(default_factory=dict)
    #: Every event there is, for all runs, in the order in which they came; and those that this run has had.
    mail: list[Mail] = field(default_factory=list)
    had: frozenset[str] = frozenset()
    choose: Callable[[Sequence[Any]], Any] = lambda options: options[0]

    def cancel(self, now: int) -> None:
        """At the next boundary of a step; then what happened is undone."""
        self._stop("cancelled", "")
        self.status = "cancelling"
        self._wind_down(now)

    def pause(self) -> None:
        """Nothing more is taken; what is held goes on, and so does time."""
        self.status = "paused"

    def resume(self) -> None:
        """From where it stands."""
        states = {row.status for row in self.rows.values()} & OPEN
        self.status = "waiting" if states == {"waiting"} else "running"

    def terminate(self, now: int) -> None:
        """At once, and nothing is undone; a write that was at work is in doubt."""
        for name, row in self.rows.items():
            away = row.status == "running" or (row.status == "waiting" and row.waits == "child")
            if away and self.flow.named[name].writes:
                row.effect = max(row.effect, "unknown", key=DOUBT.index)
            if row.status in OPEN:
                row.status, row.finished = "cancelled", now
            if row.undo == "running":
                row.undo = "failed"
            row.hold = row.due = None
        if self.status == "compensating":
            self.compensation = "failed"
        self.status, self.result = "finished", "terminated"

    def _stop(self, ending: str, error: str, culprit: str = "") -> None:
        self.ending, self.error, self.failed_step = ending, error, culprit

    def _wind_down(self, now: int) -> None:
        """Cancel what is open, wait for what runs, undo one after the other, finish."""
        rows = self.rows.values()
        for row in rows:
            if row.status == "waiting" and row.waits == "child":
                row.child = row.child or "cancelled"  # asked to stop, which it does at once; its parent is told of it
            elif row.status in OPEN - {"running"}:
                row.status, row.due, row.finished = "cancelled", None, now
        if any(row.status in {"running", "waiting"} or row.undo == "running" for row in rows):
            return
        halted = any(row.undo == "failed" for row in rows)
        due = [] if halted else self._to_undo()
        if due:
            row = self.rows[self.choose(due)]
            self.status, self.compensation = "compensating", "running"
            row.undo, row.losses, row.due = "running", 0, None
            return
        if self.status == "compensating":
            self.compensation = "failed" if halted else "done"
        self.status, self.result = "finished", self.ending

    def _to_undo(self) -> list[str]:
        """Of what happened or may have: what was over last. Never a step before one that followed it."""
        due = []
        for name, row in self.rows.items():
            undo = self.flow.named[name].undo
            if undo is not None and row.undo == "none":
                due += [name] * (row.effect == "happened" or (row.effect == "unknown" and undo.on_unknown))
        over: dict[str, int] = {}
        for step in self.flow.steps:
            if step.name in self.rows:
                before = sorted(over[name] for name in step.needs if name in over)
                before = before[:1] if step.join == "any" else before  # it followed the first of them
                over[step.name] = max(self.rows[step.name].finished, *before, 0)
        last = max((over[name] for name in due), default=0)
        tied = [name for name in due if over[name] == last]
        return [name for name in tied if not any(name in self._before(other) for other in tied)]

    def _before(self, name: str) -> set[str]:
        needs = self.flow.named[name].needs
        return {*needs, *(far for near in needs for far in self._before(near))}

    # What a retry makes of it.

    def standing(self) -> list[str]:
        """What a retry does not do again: over well, not undone, and made of what stands; or a write that happened."""
        stands: list[str] = []
        for step in self.flow.steps:
            row = self.rows.get(step.name)
            if row is None or row.status not in {*GOOD, "skipped"} or row.undo != "none":
                continue
            reached = [name for name in step.needs if name in self.rows]
            kept = any if step.join == "any" and reached else all
            if row.effect == "happened" or kept(name in stands for name in reached):
                stands.append(step.name)
        return stands

    def retryable(self) -> bool:
        """Whether a retry is taken at all (its being retried already aside)."""
        return (
            self.status == "finished" and self.result not in {"succeeded", "degraded"} and self.compensation != "failed"
        )

    # What can be seen.

    def _state(self, name: str) -> str | None:
        return self.rows[name].status if name in self.rows else None

    def _output(self, name: str) -> Any:
        """What others see of a step: nothing of one that failed."""
        return self.rows[name].output if self._state(name) in GOOD else None

    @staticmethod
    def _note(row: Row, hold: Hold, word: str) -> None:
        """Of a success at the first claim the step's own row says it all."""
        if row.history or hold.undoing or word != "succeeded":
            row.history = (*row.history, ("compensation" if hold.undoing else "forward", hold.attempt, word))


def every_way(run: E, act: Callable[[E], None]) -> Iterator[E]:
    """The run after `act`, once for each way in which the engine is free to go."""
    paths: list[list[int]] = [[]]
    while paths:
        path, gone = paths.pop(), list[int]()

        def choose(options: Sequence[T], path: list[int] = path, gone: list[int] = gone) -> T:
            place = path[len(gone)] if len(gone) < len(path) else 0
            if len(gone) >= len(path):
                paths.extend([*gone, other] for other in range(1, len(options)))
            gone.append(place)
            return options[place]

        rows = {name: replace(row) for name, row in run.rows.items()}
        after = replace(run, rows=rows, choose=choose)
        act(after)
        yield after
