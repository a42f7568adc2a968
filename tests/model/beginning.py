"""What begins in a run of the model, what is skipped, and when the run is over.

Owns the rules of order: joins, conditions, tolerated failures, keys. What stops a run is ending.py's, what an attempt or
time brings is model.py's.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.model import workflows
from tests.model.ending import Ending
from tests.model.rows import BAD, GOOD, OPEN, SECOND, Row


@dataclass
class Beginning(Ending):
    """A run from its start on."""

    def start(self, now: int) -> None:
        """A new run; a retry takes over what still stands of the earlier one."""
        self.deadline = now + self.flow.timeout * SECOND if self.flow.timeout else None
        if self.earlier is not None:
            for name in self.earlier.standing():
                old = self.earlier.rows[name]
                self.rows[name] = Row(old.status, old.key, old.effect, output=old.output, finished=old.finished)
        self._go_on(now)

    def _unfold(self, now: int) -> list[str]:
        """Begin or skip whatever may; the names of what is ready now."""
        ready = []
        for step in [*self.flow.steps] * len(self.flow.steps):
            verdict = "" if step.name in self.rows else self._verdict(step)
            if not verdict:
                continue
            key, effect = self._key_of(step.name)
            row = self.rows[step.name] = Row(verdict, key, effect, finished=now)
            if verdict == "failed":
                row.error = "expression"
            if verdict == "ready":
                ready.append(step.name)
                row.start_by = now + step.schedule_to_start * SECOND if step.schedule_to_start else None
                row.close_by = now + step.schedule_to_close * SECOND if step.schedule_to_close else None
        return ready

    def _verdict(self, step: workflows.Step) -> str:
        """What a step becomes that has not begun; empty while it has to wait."""
        before = [self._state(name) for name in step.needs]
        first = step.join == "any" and any(state in GOOD for state in before)
        if not first and any(state is None or state in OPEN for state in before):
            return ""
        if before and all(state == "skipped" for state in before):
            return "skipped"
        if before and step.join == "any" and not first:
            return ""
        if step.when == "input":
            return "ready" if self.go else "skipped"
        if step.when:
            read = self._output(step.when)
            return "failed" if read is None else "ready" if read["n"] > 1 else "skipped"
        return "ready"

    def _key_of(self, name: str) -> tuple[str, str]:
        """One key for a step; an earlier run's where that left an effect that was not undone."""
        run = self.earlier
        while run is not None and name not in run.rows:
            run = run.earlier
        if run is not None and run.rows[name].effect != "none" and run.rows[name].undo == "none":
            return run.rows[name].key, run.rows[name].effect
        return f"{self.id}/{name}", "none"

    def _fatal(self) -> list[str]:
        """Failed steps that end the run: not every successor may still begin by another."""
        return [name for name, row in self.rows.items() if row.status in BAD and not self._tolerated(name)]

    def _tolerated(self, name: str) -> bool:
        after = [step for step in self.flow.steps if name in step.needs]
        hopes = {None, *OPEN, *GOOD}
        return bool(after) and all(
            step.join == "any" and any(self._state(other) in hopes for other in step.needs) for step in after
        )

    def _go_on(self, now: int, *, inline: bool = False) -> None:
        """A step ended: begin what follows, or bring the run to its end."""
        if self.ending:
            return self._wind_down(now)
        ready = [] if self._fatal() else self._unfold(now)
        fatal = self._fatal()
        if fatal:
            culprit = self.choose(fatal)
            row = self.rows[culprit]
            self._stop("timed_out" if row.status == "timed_out" else "failed", row.error, culprit)
            return self._wind_down(now)
        states = {row.status for row in self.rows.values()}
        if len(self.rows) == len(self.flow.steps) and not states & OPEN:
            return self._succeed(now, degraded=bool(states & BAD))
        if self.status == "paused":
            return None
        taken = self.choose([*ready, None]) if inline else None  # a process may go on with one of them, or leave all
        if taken is not None:
            self.take(taken, now)
        self.status = "waiting" if states & OPEN == {"waiting"} else "running"
        return None

    def _succeed(self, now: int, *, degraded: bool) -> None:
        if self.flow.output:
            made = self._output(self.flow.output)
            if made is None:
                self._stop("failed", "output")
                return self._wind_down(now)
            self.output = made["n"]
        self.status, self.result = "finished", "degraded" if degraded else "succeeded"
        return None
