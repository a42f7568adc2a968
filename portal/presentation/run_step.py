"""One step of a run, as its drawer tells it: what became of it, each attempt, how it was called.

Owns the sentences of the drawer. Never loads or masks a payload: the view does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestration.policies.retry import Policy
from orchestration.selectors.waiting_words import items_told, waiting_for
from orchestration.states import STEP_BAD, STEP_GOOD, STEP_OPEN, Compensation, Effect, StepStatus, WaitingKind
from portal.presentation import step_words
from portal.presentation.quantities import duration
from portal.presentation.runs import look_of_step, seconds
from portal.presentation.words import Look

if TYPE_CHECKING:
    from orchestration.manifest import PlannedStep
    from orchestration.models import Attempt, StepRun
    from orchestration.selectors.runs import RunDetail


_UNDOING = {
    Compensation.RUNNING: "Its effect is being undone.",
    Compensation.DONE: "Then its effect was undone.",
    Compensation.FAILED: "Undoing its effect failed: someone has to put it right.",
}
_GOING_ON = {
    StepStatus.READY: "Ready: the next free worker takes it.",
    StepStatus.RUNNING: "Running, attempt {step.attempt}.",
    StepStatus.RETRYING: "Attempt {step.attempt} failed: {step.error_message}",
    StepStatus.CANCELLED: "Cancelled before it ended.",
}
_OUTCOME = {
    "succeeded": Look("ok", "ok", "succeeded"),
    "parked": Look("warn", "parked", "parked, no attempt"),
}
#: Waits while something else of the same run, or another run, is at work.
_AT_WORK = frozenset({WaitingKind.ITEMS, WaitingKind.FALLBACK, WaitingKind.CHILD, WaitingKind.CELERY})
_ENDED = {"wait": "Waited", "event": "The event came", "approval": "Approved", "emit": "Emitted"}
#: Kinds that call nothing: no retry and no time limit mean anything for them.
CALLS_NOTHING = frozenset({"wait", "value", "approval", "event", "emit"})


@dataclass(frozen=True, slots=True)
class Try:
    """One line of the attempts table; `message` is empty where it would repeat the line above."""

    attempt: Attempt
    message: str
    took: float | None
    look: Look
    waited: str


@dataclass(frozen=True, slots=True)
class Drawer:
    """Everything of the drawer but the payloads."""

    name: str
    look: Look
    intent: str
    lead: str
    advice: str
    forward: list[Try]
    compensation: list[Try]
    step: StepRun | None
    previous: str
    next: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Called:
    """How the step is called, in words."""

    call: str
    kind: str
    dependency: str
    retry: str
    never_retried: str
    timeout: str
    input_contract: str
    output_contract: str
    when: str
    flag: str
    when_off: str
    expect: tuple[str, ...]
    compensation: str
    fallback: str


def drawer(detail: RunDetail, name: str) -> Drawer:
    """The drawer of a step of the plan, reached or not."""
    step = detail.steps.get(name)
    order = detail.plan.order
    place = order.index(name)
    tries = detail.attempts[step.pk] if step is not None else []
    planned = detail.plan.steps[name]
    return Drawer(
        name=name,
        look=look_of_step(step),
        intent=planned.intent,
        lead=_lead(detail, planned, step),
        advice=_advice(planned, step),
        forward=_tries([one for one in tries if one.phase == "forward"], _begun(step)),
        compensation=_tries([one for one in tries if one.phase == "compensation"]),
        step=step,
        previous=order[place - 1] if place else "",
        next=order[place + 1] if place + 1 < len(order) else "",
        is_open=detail.run.finished_at is None,
    )


def called(planned: PlannedStep, declared: Mapping[str, Any], policy: Policy, per_attempt: float) -> Called:
    """`declared` is the step in the version's normal form; policy and per_attempt hold after defaults."""
    undo, named = planned.compensate, declared.get("retry")
    calm = planned.kind in CALLS_NOTHING
    back = ""
    if undo is not None:
        body = declared.get("compensate", {})
        back = f"nothing to undo: {body.get('none', '')}" if undo.kind == "none" else step_words.call(undo.kind, body)
    return Called(
        call=step_words.call(planned.kind, declared),
        kind=step_words.kind_words(planned),
        dependency=planned.dependency or "",
        retry="" if calm else step_words.retry(policy, named if isinstance(named, str) else None),
        never_retried="" if calm else step_words.never_retried(policy),
        timeout="" if calm else step_words.timeouts(planned.timeout, per_attempt),
        input_contract=planned.input_contract or "",
        output_contract=planned.output_contract or "",
        when=str(declared.get("when", "")),
        flag=planned.flag.key if planned.flag else "",
        when_off=planned.flag.when_off if planned.flag else "",
        expect=tuple(declared.get("expect", ())),
        compensation=back,
        fallback=step_words.fallback(planned.fallback),
    )


def _lead(detail: RunDetail, planned: PlannedStep, step: StepRun | None) -> str:
    """The first sentence: what became of it."""
    if step is None:
        return "Not reached: " + (
            "the run ended before it." if detail.run.finished_at else "what it needs is not done yet."
        )
    if step.reused_from_id is not None:
        return "Reused: its outcome comes from the run that this one retries."
    if step.status in STEP_OPEN or step.status == StepStatus.DEGRADED:
        return _open_or_fallen(detail, step)
    if step.status in STEP_GOOD:
        return _ended_well(detail, planned, step)
    if step.status == StepStatus.SKIPPED:
        return _skipped(planned, step)
    return _ended_otherwise(step)


def _ended_otherwise(step: StepRun) -> str:
    if step.status in STEP_BAD:
        word = "Timed out" if step.status == StepStatus.TIMED_OUT else "Failed"
        tries = f" after {step.attempt} attempts" if step.attempt > 1 else ""
        return f"{word}{tries}: {(step.error_message or step.error_type).rstrip('.')}."
    return _GOING_ON[StepStatus(step.status)].format(step=step)


def _ended_well(detail: RunDetail, planned: PlannedStep, step: StepRun) -> str:
    took = duration(seconds(step.started_at, step.finished_at))
    if planned.for_each is not None:
        return f"Done for each item: {items_told(detail.waits.items.get(step.pk))}, {took}."
    tries = f" in {step.attempt} attempts" if step.attempt > 1 else ""
    return f"{_ENDED.get(planned.kind, 'Succeeded')}{tries}, {took}."


def _skipped(planned: PlannedStep, step: StepRun) -> str:
    if step.error_message:
        return f"Skipped by flag: {step.error_message.removeprefix('flag ').rstrip('.')}."
    if planned.stands_in_for:
        return f"Not needed: it is done only when {planned.stands_in_for} fails."
    return "Skipped: its condition was false, or a step that it needs was skipped."


def _open_or_fallen(detail: RunDetail, step: StepRun) -> str:
    if step.status == StepStatus.DEGRADED:
        return f"Fell back: {(step.error_message or step.error_type).rstrip('.')}."
    if (parked := detail.parked.get(step.pk)) is not None:
        until = f" It is tried again at {step.not_before:%H:%M:%S} UTC at the soonest." if step.not_before else ""
        return f"Waits without a worker, and without using an attempt: {parked.message}.{until}"
    if step.status == StepStatus.WAITING:
        worker = "" if step.waiting_kind in _AT_WORK else "; no worker is held"
        return f"{waiting_for(detail, step)}{worker}."
    return _GOING_ON[StepStatus(step.status)].format(step=step)


def _advice(planned: PlannedStep, step: StepRun | None) -> str:
    """What the outcome means for the world outside."""
    if step is None or planned.effect != "write":
        return ""
    if step.compensation != Compensation.NONE:
        return _UNDOING[Compensation(step.compensation)]
    if step.effect == Effect.UNKNOWN:
        return "Whether the last write arrived is unknown; the same Idempotency-Key makes a retry safe."
    if step.status in STEP_BAD and step.effect == Effect.NONE:
        return "It certainly had no effect."
    return ""


def _begun(step: StepRun | None) -> datetime | None:
    """When the attempt began that runs now."""
    return step.claimed_at if step is not None and step.status == StepStatus.RUNNING else None


def _tries(attempts: Sequence[Attempt], begun: datetime | None = None) -> list[Try]:
    starts = [*(one.started_at for one in attempts[1:]), begun]
    said = ["", *(one.message for one in attempts)]
    return [
        _try(one, "" if one.message == before else one.message, following)
        for one, before, following in zip(attempts, said, starts, strict=False)
    ]


def _try(attempt: Attempt, message: str, following: datetime | None) -> Try:
    look = _OUTCOME.get(attempt.outcome) or Look("fail", "fail", attempt.error_type or attempt.outcome)
    if following is not None:
        waited = duration(seconds(attempt.finished_at, following))
    elif attempt.next_at is not None:
        waited = "waits"
    else:
        waited = "" if attempt.outcome in _OUTCOME else "none left"
    return Try(attempt, message, seconds(attempt.started_at, attempt.finished_at), look, waited)
