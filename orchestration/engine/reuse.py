"""Outcomes of an earlier run that stand in a later one: the same output, effect and key, linked to where they came from.

Owns what is copied. Never decides which steps stand: services/runs.py does, and of the items of a loop it is decided here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from orchestration.engine import transition
from orchestration.engine.claim import Claim
from orchestration.engine.payloads import encode, store, text_of
from orchestration.models import StepRun
from orchestration.states import STEP_GOOD, Compensation, StepStatus
from orchestration.steps.outcome import Spread

TOGETHER = 500


@dataclass(frozen=True, slots=True)
class ReusedItems:
    """`same`: the list is that of the run that is retried; `degraded` of the items that stand are so."""

    same: bool = False
    degraded: int = 0


def copied(run_id: uuid.UUID, step: StepRun) -> StepRun:
    """The row of a step of another run, for this one."""
    return StepRun(
        run_id=run_id, name=step.name, item=step.item, status=step.status, ready_at=step.ready_at,
        started_at=step.started_at, finished_at=step.finished_at, idempotency_key=step.idempotency_key,
        input=store(text_of(step.input), run_id), output=store(text_of(step.output), run_id),
        effect=step.effect, reused_from_id=step.pk,
    )  # fmt: skip


def copy_items(claim: Claim, outcome: Spread) -> ReusedItems:
    """In the retry of a run: the items that ended well and were not undone, if the list is the same one."""
    if claim.run.retry_of_id is None:
        return ReusedItems()
    rows = StepRun.objects.filter(run_id=claim.run.retry_of_id, name=claim.step.name)
    before = rows.filter(item=0).values_list("input", flat=True).first()
    if not before or text_of(before) != encode(outcome.items, "the items"):
        return ReusedItems()
    good = rows.filter(item__gt=0, status__in=list(STEP_GOOD), compensation=Compensation.NONE).order_by("item")
    degraded, last = 0, 0
    while batch := list(good.filter(item__gt=last)[:TOGETHER]):
        transition.create_steps([copied(claim.run.id, step) for step in batch])
        degraded += sum(step.status == StepStatus.DEGRADED for step in batch)
        last = batch[-1].item
    return ReusedItems(True, degraded)
