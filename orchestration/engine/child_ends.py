"""What the end of a child run means for the step that waits for it.

A child that succeeded completes the step; one that ended degraded makes it degraded; any other end fails it. Owns that, and
finding ended children whose message was lost. Never locks a child: it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orchestration.engine.answer import answer
from orchestration.engine.children import LOOK_AGAIN
from orchestration.engine.claim import Claim
from orchestration.engine.payloads import load
from orchestration.limits import WAKE_BATCH
from orchestration.models import Run, StepRun
from orchestration.states import Compensation, Effect, RunResult, RunStatus, StepStatus, WaitingKind
from orchestration.steps.outcome import Completed, Degraded, Failed, Outcome

_FAILED_AS = {
    RunResult.FAILED: "child.failed", RunResult.TIMED_OUT: "child.timed_out",
    RunResult.CANCELLED: "child.cancelled", RunResult.TERMINATED: "child.terminated",
}  # fmt: skip


def end_waits(step_ids: Sequence[int]) -> int:
    """Steps among these whose child has ended go on; how many."""
    waiting = StepRun.objects.filter(
        pk__in=step_ids, status=StepStatus.WAITING, waiting_kind=WaitingKind.CHILD
    ).values_list("pk", "fence")
    return sum(_end_wait(pk, fence) for pk, fence in waiting)


def due(now: datetime) -> int:
    """Look at the children of steps that have waited for a while without being told; how many had ended."""
    waiting = StepRun.objects.filter(status=StepStatus.WAITING, waiting_kind=WaitingKind.CHILD, not_before__lte=now)
    ids = list(waiting.order_by("not_before").values_list("pk", flat=True)[:WAKE_BATCH])
    if not ids:
        return 0
    ended = end_waits(ids)
    StepRun.objects.filter(pk__in=ids, status=StepStatus.WAITING).update(not_before=now + 2 * LOOK_AGAIN)
    return ended


def outcome_of(child: Run, claim: Claim) -> Outcome:
    """What the step came to by this child."""
    output: Any = load(child.output)
    match RunResult(child.result):
        case RunResult.SUCCEEDED:
            return Completed(output)
        case RunResult.DEGRADED:
            failed = Failed("child.degraded", f"child run {child.short_id} ended degraded", retryable=False)
            return Degraded(output, failed, "its output counts", Effect.HAPPENED)
        case result:
            clean = child.compensation != Compensation.FAILED and result != RunResult.TERMINATED
            why = f" at {child.failed_step}" if child.failed_step else ""
            told = f": {child.error_message}" if child.error_message else ""
            return Failed(
                _FAILED_AS[result], f"child run {child.short_id} {_WORDS[result]}{why}{told}",
                retryable=claim.planned.retry is not None or claim.planned.retry_ref is not None,
                effect=Effect.NONE if clean else Effect.UNKNOWN, timed_out=result == RunResult.TIMED_OUT,
            )  # fmt: skip


_WORDS = {
    RunResult.FAILED: "failed", RunResult.TIMED_OUT: "timed out", RunResult.CANCELLED: "was cancelled",
    RunResult.TERMINATED: "was terminated",
}  # fmt: skip


def _end_wait(step_id: int, fence: int) -> bool:
    child = Run.objects.filter(parent_step_id=step_id).order_by("-pk").first()
    if child is None or child.status != RunStatus.FINISHED:
        return False
    return answer(step_id, lambda claim: outcome_of(child, claim), fence=fence)
