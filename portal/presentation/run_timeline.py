"""What happened in a run, in order, as sentences: events, attempts in groups, waits, the end.

Owns the sentences of the timeline. Never loses one: what is left out of the short list is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from orchestration.states import STEP_BAD, Compensation, StepStatus
from portal.presentation.runs import look_of, seconds
from portal.presentation.words import Tone

if TYPE_CHECKING:
    from orchestration.models import Attempt, Run, RunEvent, StepRun
    from orchestration.selectors.runs import RunDetail

#: The short list: enough for most runs, and readable for the others.
SHORT = 24


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when, how it looks, what, and a note at the right."""

    at: datetime
    tone: Tone
    icon: str
    text: str
    took: float | None = None
    note: str = ""
    #: Of two at one moment the lower comes first: what a step did, then what followed from it.
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Timeline:
    """The entries to show and how many there are in all."""

    entries: list[Entry]
    total: int

    @property
    def is_short(self) -> bool:
        return len(self.entries) < self.total


def build(detail: RunDetail, *, everything: bool = False) -> Timeline:
    """In order of time. The short list keeps the beginning and the end, where the reader looks."""
    entries = [_event(event, detail.run) for event in detail.events]
    for step in detail.steps.values():
        if step.reused_from_id is None:
            entries += _of_step(step, detail.attempts[step.pk], detail.plan.steps[step.name].kind)
    run = detail.run
    if run.finished_at is not None:
        look = look_of(run)
        entries.append(
            Entry(
                run.finished_at,
                look.tone,
                look.icon,
                f"Run ended: {look.word.lower()}",
                seconds(run.started_at, run.finished_at),
                rank=2,
            )
        )
    entries.sort(key=lambda entry: (entry.at, entry.rank))
    if everything or len(entries) <= SHORT:
        return Timeline(entries, len(entries))
    return Timeline(entries[:4] + entries[4 - SHORT :], len(entries))


def _event(event: RunEvent, run: Run) -> Entry:
    who = f" by {event.actor.get_username()}" if event.actor is not None else ""
    match event.kind:
        case "started" | "queued" as kind:
            queued = " and queued" if kind == "queued" else ""
            text = f"Started{who}{queued}{f', {event.detail}' if event.detail else ''}"
            return Entry(event.at, "unk", "new", text, note=f"version {run.version.version}", rank=-1)
        case "cancelled":
            return Entry(event.at, "unk", "stop", f"Cancelled{who}: {event.detail}")
        case "terminated":
            return Entry(event.at, "unk", "close", f"Terminated{who}: {event.detail}")
        case "compensation_began":
            return Entry(event.at, "warn", "undo", "Compensation began", rank=1)
        case "compensation_failed":
            return Entry(event.at, "fail", "fail", "A compensation failed: someone has to put it right", rank=1)
    text = event.kind.replace("_", " ").capitalize()
    return Entry(event.at, "unk", "info", f"{text}{who}{f': {event.detail}' if event.detail else ''}")


def _of_step(step: StepRun, attempts: Sequence[Attempt], kind: str) -> Iterator[Entry]:
    for (phase, outcome, error), group in groupby(attempts, key=lambda one: (one.phase, one.outcome, one.error_type)):
        tries = list(group)
        if phase == "compensation":
            yield _undone(step, tries, outcome, error)
        elif outcome == "succeeded":
            last = tries[-1]
            at = f" at attempt {last.number}" if last.number > 1 else ""
            yield Entry(
                last.finished_at, "ok", "ok", f"{step.name} succeeded{at}", seconds(last.started_at, last.finished_at)
            )
        elif outcome == "parked":
            yield _was_parked(step, tries)
        else:
            yield _failed(step, tries, error)
    if kind in {"wait", "approval", "event"} and step.started_at:
        yield _waited(step)
    elif step.status == StepStatus.SKIPPED and step.finished_at:
        yield Entry(step.finished_at, "unk", "none", f"{step.name} skipped{' by flag' if step.error_type else ''}")
    elif step.status == StepStatus.CANCELLED and step.finished_at:
        yield Entry(step.finished_at, "unk", "stop", f"{step.name} cancelled")
    elif step.status == StepStatus.DEGRADED and step.finished_at:
        yield Entry(step.finished_at, "warn", "warn", f"{step.name} fell back after {step.error_type}", rank=1)
    elif step.status in STEP_BAD and step.finished_at and not attempts:
        yield Entry(step.finished_at, "fail", "fail", f"{step.name} failed: {step.error_type}")


def _was_parked(step: StepRun, tries: Sequence[Attempt]) -> Entry:
    first, last = tries[0], tries[-1]
    took = seconds(first.started_at, last.finished_at)
    return Entry(last.finished_at, "warn", "parked", f"{step.name} was parked: {last.message}", took)


def _failed(step: StepRun, tries: Sequence[Attempt], error: str) -> Entry:
    first, last = tries[0], tries[-1]
    took = seconds(first.started_at, last.finished_at)
    final = step.status in STEP_BAD and last.number == step.attempt
    tone: Tone = "fail" if final else "warn"
    if len(tries) > 1:
        text = f"{step.name} attempts {first.number} to {last.number} failed: {error}"
    elif final and last.number == 1:
        text = f"{step.name} failed: {error}"
    else:
        text = f"{step.name} attempt {last.number} failed: {error}"
    return Entry(last.finished_at, tone, "fail" if final else "retry", text, took)


def _undone(step: StepRun, tries: Sequence[Attempt], outcome: str, error: str) -> Entry:
    last = tries[-1]
    took = seconds(tries[0].started_at, last.finished_at)
    if outcome == "succeeded":
        at = f" at attempt {last.number}" if last.number > 1 else ""
        return Entry(last.finished_at, "ok", "undo", f"{step.name} undone{at}", took)
    which = f"attempts {tries[0].number} to {last.number}" if len(tries) > 1 else f"attempt {last.number}"
    if step.compensation == Compensation.FAILED and last.number == step.compensation_attempt:
        return Entry(last.finished_at, "fail", "fail", f"{step.name} could not be undone: {error}, {which}", took)
    return Entry(last.finished_at, "warn", "retry", f"Undoing {step.name}, {which} failed: {error}", took)


def _waited(step: StepRun) -> Entry:
    begin = step.started_at
    assert begin is not None
    if step.status == StepStatus.WAITING:
        return Entry(begin, "unk", "wait", f"{step.name} began to wait")
    end = step.finished_at or begin
    return Entry(end, "unk", "wait", f"{step.name}: the wait is over", seconds(begin, end))
