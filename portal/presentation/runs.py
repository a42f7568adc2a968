"""A run as its page tells it: looks of its steps, facts, and what one can do about it, each with what it will do.

Owns the words of actions. Never decides who may: the view says whether the reader may operate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from orchestration.states import STEP_GOOD, Compensation, Effect, RunStatus, StepStatus
from portal.presentation import run_control
from portal.presentation.run_control import Action
from portal.presentation.words import Look, run_look, step_look

if TYPE_CHECKING:
    from orchestration.manifest import PlannedStep
    from orchestration.models import Run, StepRun
    from orchestration.selectors.runs import RunDetail

PENDING = step_look("pending")
REUSED = Look("ok", "hand", "Reused")
#: A sentence names at most so many steps.
MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    run: Run
    look: Look
    took: float | None
    trouble: str


def row(run: Run, now: datetime) -> Row:
    """How a run stands in a list."""
    trouble = ": ".join(part for part in (run.failed_step, run.error_type) if part)
    return Row(run, look_of(run), seconds(run.started_at, run.finished_at or now), trouble)


def look_of(run: Run) -> Look:
    """The run's badge: where it is heading counts as soon as it is known."""
    result = run.result or run.ending
    return run_look(run.status, result, run.compensation)


def looks_of(detail: RunDetail) -> dict[str, Look]:
    """Every step's look, in the plan's order; a step without a row is not reached."""
    return {name: look_of_step(detail.steps.get(name)) for name in detail.plan.order}


def look_of_step(step: StepRun | None) -> Look:
    """One step's look."""
    if step is None:
        return PENDING
    if step.reused_from_id is not None and step.compensation == Compensation.NONE:
        return REUSED if step.status in STEP_GOOD else step_look(step.status)
    return step_look(step.status, step.waiting_kind, step.compensation)


def next_at(detail: RunDetail) -> datetime | None:
    """When something happens by itself next: a retry or the end of a wait. None while a step runs anyway."""
    if any(step.status in {StepStatus.RUNNING, StepStatus.READY} for step in detail.steps.values()):
        return None
    return min((step.not_before for step in detail.steps.values() if step.not_before), default=None)


def seconds(begin: datetime | None, end: datetime | None) -> float | None:
    """From begin to end; None when one is not known, never below zero."""
    return max(0.0, (end - begin).total_seconds()) if begin and end else None


def listed(names: Sequence[str]) -> str:
    """`a, b and c`; of many the first, and how many more."""
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def actions(detail: RunDetail, *, may_operate: bool, no_retry: str | None) -> list[Action]:
    """Retry, cancel and terminate, and what else suits the run's state. `no_retry`: the engine's reason against a retry."""
    refusal = "" if may_operate else f"Only operators and maintainers of team {detail.run.team.name} may do this."
    more = run_control.actions(detail, refusal, no_retry)
    return [_retry(detail, refusal, no_retry), *more, _cancel(detail, refusal), _terminate(detail, refusal)]


def _retry(detail: RunDetail, refusal: str, no_retry: str | None) -> Action:
    impossible = _sentence(no_retry) if no_retry else refusal
    standing = [name for name, step in detail.steps.items() if _stands(step)]
    again = [name for name in detail.plan.order if name not in standing]
    effect = f"A new run of {detail.run.version.version}, linked to this one. Runs {listed(again)}"
    effect += f"; keeps what {listed(standing)} gave." if standing else " from the beginning."
    return Action("retry", "Retry failed", "retry", impossible or effect, not impossible)


def _cancel(detail: RunDetail, refusal: str) -> Action:
    run = detail.run
    impossible = _over(run)
    if not impossible and run.ending:
        impossible = f"It is ending already, as {run.ending.replace('_', ' ')}."
    undo = _to_undo(detail.steps, detail)
    effect = "Stops at the next step boundary. "
    effect += f"Then undoes {listed(undo)}, last one first." if undo else "Nothing has to be undone."
    refused = impossible or refusal
    return Action("cancel", "Cancel", "stop", refused or effect, not refused, asks="Why is it cancelled?")


def _terminate(detail: RunDetail, refusal: str) -> Action:
    impossible = _over(detail.run)
    undo = _to_undo(detail.steps, detail)
    effect = "Ends it now and undoes nothing. "
    effect += f"What {listed(undo)} did stays as it is." if undo else "No step has had an effect yet."
    refused = impossible or refusal
    return Action(
        "terminate", "Terminate", "close", refused or effect, not refused, asks="Why is it terminated?", danger=True
    )


def _over(run: Run) -> str:
    return "Nothing to stop: the run is over and holds no resources." if run.status == RunStatus.FINISHED else ""


def _to_undo(steps: Mapping[str, StepRun], detail: RunDetail) -> list[str]:
    """Steps that have had an effect, or may have, and were not undone."""
    return [
        name
        for name, step in steps.items()
        if step.effect != Effect.NONE and step.compensation == Compensation.NONE and undone(detail.plan.steps[name])
    ]


def undone(planned: PlannedStep) -> bool:
    """Whether there is something that undoes the step; kind none only says why nothing has to be."""
    return planned.compensate is not None and planned.compensate.kind != "none"


def _stands(step: StepRun) -> bool:
    """Its outcome counts for a retry too, as services.runs sees it: it ended well and was not undone."""
    return step.status in STEP_GOOD | {StepStatus.SKIPPED} and step.compensation == Compensation.NONE


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
