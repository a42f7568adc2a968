"""What a waiting step waits for, in a sentence without its full stop. Pure words over what run_detail read. Never queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orchestration.models import StepRun
from orchestration.selectors.waits import ItemCounts
from orchestration.states import WaitingKind

if TYPE_CHECKING:
    from orchestration.selectors.runs import RunDetail


def waiting_for(detail: RunDetail, step: StepRun) -> str:
    """`Waiting at review for a yes or no of team fraud, until 27 Nov 14:03 UTC`."""
    told = _TOLD.get(step.waiting_kind)
    return told(detail, step) if told is not None else f"Waiting at {step.name}"


def items_told(counts: ItemCounts | None) -> str:
    """`120 of 10,000 done, 2 failed`."""
    if counts is None:
        return "none has begun"
    failed = f", {counts.failed:,} failed" if counts.failed else ""
    return f"{counts.done:,} of {counts.total:,} done{failed}"


def _approval(detail: RunDetail, step: StepRun) -> str:
    asked = detail.waits.approvals.get(step.pk)
    return f"Waiting at {step.name} for a yes or no of team {asked.team.name if asked else '?'}{_until(step)}"


def _event(detail: RunDetail, step: StepRun) -> str:
    wanted = detail.waits.subscriptions.get(step.pk)
    what = f"event {wanted.type} for {wanted.correlation}" if wanted else "an event"
    return f"Waiting at {step.name} for {what}{_until(step)}"


def _child(detail: RunDetail, step: StepRun) -> str:
    children = detail.waits.children.get(step.pk, [])
    return f"Waiting at {step.name} for child run {children[-1].short_id if children else '?'}"


def _fallback(detail: RunDetail, step: StepRun) -> str:
    fallback = detail.plan.steps[step.name].fallback
    return f"{step.name} failed, and {fallback.step if fallback is not None else 'another step'} is done in its place"


def _until(step: StepRun) -> str:
    return f", until {step.not_before:%-d %b %H:%M} UTC" if step.not_before is not None else ""


_TOLD: Mapping[str, Callable[[RunDetail, StepRun], str]] = {
    WaitingKind.APPROVAL: _approval,
    WaitingKind.EVENT: _event,
    WaitingKind.CHILD: _child,
    WaitingKind.CELERY: lambda detail, step: f"Waiting at {step.name} for the result of its task{_until(step)}",
    WaitingKind.ITEMS: lambda detail, step: (
        f"Doing {step.name} for each item: {items_told(detail.waits.items.get(step.pk))}"
    ),
    WaitingKind.FALLBACK: _fallback,
    WaitingKind.TIMER: lambda detail, step: f"Waiting at {step.name} for its time to come",
}
