"""The one sentence that says what became of a run: conclusion first. Pure words over what run_detail read. Never queries."""

from __future__ import annotations

from orchestration.engine.plans import retry_policy
from orchestration.models import StepRun
from orchestration.selectors.runs import RunDetail
from orchestration.selectors.waiting_words import waiting_for
from orchestration.states import Compensation, Effect, RunResult, RunStatus, StepStatus, WaitingKind

#: So many steps that fell back are named with their reason.
MOST_TOLD = 3


def conclusion(detail: RunDetail) -> str:
    """The lead: `Failed at charge: timeout after 5 attempts.`"""
    run = detail.run
    if run.status == RunStatus.FINISHED:
        return _ended(detail)
    if run.status == RunStatus.COMPENSATING:
        return f"Failing at {run.failed_step}, undoing what was done." if run.failed_step else "Undoing what was done."
    if run.status == RunStatus.CANCELLING:
        return "Cancelling: it stops at the next step boundary."
    if run.ending:
        return f"Ending as {run.ending.replace('_', ' ')}: steps that run are let finish."
    return _going_on(detail)


def consequence(detail: RunDetail) -> str:
    """What it means: how much was undone, what is left. Empty when there is nothing to add."""
    steps = detail.steps.values()
    undone = sum(step.compensation == Compensation.DONE for step in steps)
    left = [step.name for step in steps if _is_left(detail, step)]
    stuck = [step.name for step in steps if step.compensation == Compensation.FAILED]
    doing = [step.name for step in steps if step.compensation == Compensation.RUNNING]
    for step_id, counts in detail.waits.items.items():
        name = next(step.name for step in steps if step.pk == step_id)
        undone += counts.undone
        stuck += [f"{counts.stuck} items of {name}"] if counts.stuck else []
        doing += [f"the items of {name}"] if counts.undoing else []
        if counts.left and detail.plan.steps[name].effect == "write":
            left.append(f"{counts.left} items of {name}")
    if stuck:
        return (
            f"Compensation of {', '.join(stuck)} failed; {undone} {_steps(undone)} undone. Someone has to put it right."
        )
    if doing:
        waits = [f" {_put_off(step)}" for step in steps if _is_put_off(detail, step)]
        return f"Undoing {', '.join(doing)}; {undone} {_steps(undone)} undone so far.{''.join(waits[:1])}"
    if undone:
        return f"{undone} of {undone + len(left)} steps with an effect compensated; {_left_behind(left)}"
    if detail.run.result in {RunResult.FAILED, RunResult.TIMED_OUT, RunResult.CANCELLED}:
        return f"Nothing was compensated; {_left_behind(left)}" if left else "Nothing had to be compensated."
    if detail.run.result == RunResult.TERMINATED:
        return "Nothing was compensated: what had happened by then still stands."
    return ""


def _is_left(detail: RunDetail, step: StepRun) -> bool:
    """A write that had its effect, or may have, and was not undone."""
    writes = detail.plan.steps[step.name].effect == "write"
    return writes and step.effect != Effect.NONE and step.compensation == Compensation.NONE


def _is_put_off(detail: RunDetail, step: StepRun) -> bool:
    """Its undoing waits for its dependency. What waits after a try that failed has that try's row, with the time of the next."""
    if step.compensation != Compensation.RUNNING or step.not_before is None:
        return False
    return all(attempt.next_at != step.not_before for attempt in detail.attempts[step.pk])


def _put_off(step: StepRun) -> str:
    """`Undoing ship waits: the breaker of shipping is open since 14:03:12 UTC; next try 14:03:42 UTC at the soonest.`"""
    return (
        f"Undoing {step.name} waits: {step.compensation_error}; next try {step.not_before:%H:%M:%S} UTC at the soonest."
    )


def _left_behind(names: list[str]) -> str:
    return f"what {', '.join(names)} did still stands." if names else "nothing is left behind."


def _ended(detail: RunDetail) -> str:
    run = detail.run
    if run.result == RunResult.SUCCEEDED:
        skipped = sum(step.status == StepStatus.SKIPPED for step in detail.steps.values())
        done = sum(step.status == StepStatus.SUCCEEDED for step in detail.steps.values())
        return f"Succeeded: {done} {_steps(done)} done" + (f", {skipped} skipped." if skipped else ".")
    if run.result == RunResult.DEGRADED:
        return _with_a_part_missing(detail)
    if run.result == RunResult.CANCELLED:
        return f"Cancelled: {run.error_message}."
    if run.result == RunResult.TERMINATED:
        return f"Terminated: {run.error_message}."
    word = "Timed out" if run.result == RunResult.TIMED_OUT else "Failed"
    if not run.failed_step:
        return f"{word}: {run.error_message or run.error_type}."
    step = detail.steps.get(run.failed_step)
    tries = step.attempt if step is not None else 0
    after = f" after {tries} attempts" if tries > 1 else ""
    return f"{word} at {run.failed_step}: {run.error_type}{after}."


def _going_on(detail: RunDetail) -> str:
    waiting, retrying, running = [], [], []
    for step in detail.steps.values():
        match step.status:
            case StepStatus.WAITING:
                waiting.append(step)
            case StepStatus.RETRYING:
                retrying.append(step)
            case StepStatus.RUNNING | StepStatus.READY:
                running.append(step)
    if running:
        return f"Running {', '.join(step.name for step in running[:3])}."
    if retrying:
        step = retrying[0]
        most = retry_policy(detail.plan.steps[step.name]).maximum_attempts
        return f"Retrying {step.name} after {step.error_type}: attempt {step.attempt} of {most} failed."
    at_items = next((step for step in waiting if step.waiting_kind == WaitingKind.ITEMS), None)
    if at_items is not None:
        return f"{waiting_for(detail, at_items)}."
    parked = next((step for step in waiting if step.waiting_kind in {WaitingKind.PARKED, WaitingKind.CAPACITY}), None)
    if parked is not None:
        return _parked(detail, parked)
    return f"{waiting_for(detail, waiting[0])}." if waiting else "Queued."


def _parked(detail: RunDetail, step: StepRun) -> str:
    """`Parked at charge: the breaker of payments is open since 14:03:12 UTC; next try 14:03:42 UTC.`"""
    row = detail.parked.get(step.pk)
    word = "Parked" if step.waiting_kind == WaitingKind.PARKED else "Waiting for capacity"
    why = f": {row.message}" if row is not None else ""
    after = f"; next try {step.not_before:%H:%M:%S} UTC at the soonest" if step.not_before is not None else ""
    return f"{word} at {step.name}{why}{after}."


def _with_a_part_missing(detail: RunDetail) -> str:
    """What is missing and why: `Succeeded with a part missing: suggest (timeout after 3 attempts; took the declared value).`"""
    fallen = [step for step in detail.steps.values() if step.status == StepStatus.DEGRADED]
    told = [f"{step.name} ({step.error_message.rstrip('.') or step.error_type})" for step in fallen[:MOST_TOLD]]
    more = f" and {len(fallen) - MOST_TOLD} more" if len(fallen) > MOST_TOLD else ""
    return f"Succeeded with a part missing: {', '.join(told)}{more}." if told else "Succeeded with a part missing."


def _steps(count: int) -> str:
    return "step" if count == 1 else "steps"
