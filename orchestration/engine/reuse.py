"""Outcomes of an earlier run that stand in a later one: the same output, effect and key, linked to where they came from.

Owns what is copied. Never decides which steps stand: services/runs.py does, and of the items of a loop it is decided here.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from orchestration.engine import transition
from orchestration.engine.claim import Claim
from orchestration.engine.payloads import encode, store, text_of
from orchestration.models import Loop, StepRun
from orchestration.states import STEP_GOOD, Compensation, Effect, StepStatus
from orchestration.steps.outcome import Spread

TOGETHER = 500


@dataclass(frozen=True, slots=True)
class ReusedItems:
    """`same`: the list is that of the run that is retried; `degraded` of the items that stand are so."""

    same: bool = False
    degraded: int = 0


def copied(run_id: uuid.UUID, step: StepRun, inherits: bool = True) -> StepRun:
    """The row of a step of another run, for this one. `inherits`: what it did is this run's to undo as well."""
    return StepRun(
        run_id=run_id, name=step.name, item=step.item, status=step.status, ready_at=step.ready_at,
        started_at=step.started_at, finished_at=step.finished_at, idempotency_key=step.idempotency_key,
        input=store(text_of(step.input), run_id), output=store(text_of(step.output), run_id),
        effect=step.effect if inherits else Effect.NONE, reused_from_id=step.pk,
    )  # fmt: skip


def copy_steps(run_id: uuid.UUID, steps: Sequence[StepRun], inherits: bool = True) -> None:
    """Steps of another run that stand in this one; of a loop with all its items, which are undone one by one."""
    created = transition.create_steps([copied(run_id, step, inherits) for step in steps])
    new = {step.name: step.pk for step in created}
    for loop in Loop.objects.filter(step__in=[step.pk for step in steps]).select_related("step"):
        items = StepRun.objects.filter(run_id=loop.step.run_id, name=loop.step.name, item__gt=0)
        _copy_all(run_id, items, inherits)
        Loop.objects.create(
            step_id=new[loop.step.name], total=loop.total, begun=loop.begun, failed=loop.failed, degraded=loop.degraded,
            parallel=loop.parallel, tolerated=loop.tolerated,
        )  # fmt: skip


def copy_items(claim: Claim, outcome: Spread) -> ReusedItems:
    """In the retry of a run: the items that ended well and were not undone, if the list is the same one."""
    if claim.run.retry_of_id is None:
        return ReusedItems()
    rows = StepRun.objects.filter(run_id=claim.run.retry_of_id, name=claim.step.name)
    before = rows.filter(item=0).values_list("input", flat=True).first()
    if not before or text_of(before) != encode(outcome.items, "the items"):
        return ReusedItems()
    good = rows.filter(item__gt=0, status__in=list(STEP_GOOD), compensation=Compensation.NONE)
    _copy_all(claim.run.id, good)
    return ReusedItems(True, good.filter(status=StepStatus.DEGRADED).count())


def _copy_all(run_id: uuid.UUID, items: QuerySet[StepRun], inherits: bool = True) -> None:
    """So many at a time: there may be ten thousand, each with its payloads."""
    last = 0
    while batch := list(items.filter(item__gt=last).order_by("item")[:TOGETHER]):
        transition.create_steps([copied(run_id, step, inherits) for step in batch])
        last = batch[-1].item
