"""What the steps of one run wait for, or waited for: decisions, events, child runs, the items of loops. Never writes.

A query for each of these that the run's plan has; for a plan that has none of them, no query.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Q

from orchestration.manifest import Plan
from orchestration.models import Approval, EventReceipt, Loop, Run, StepRun, Subscription
from orchestration.states import STEP_BAD, STEP_OPEN, Compensation, Effect, StepStatus

ITEMS_PAGE = 50
_ENDED_WELL = (StepStatus.SUCCEEDED, StepStatus.DEGRADED)


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """The items of one loop, counted; `left`: an effect that stands, `stuck`: one that could not be undone."""

    total: int
    done: int = 0
    open: int = 0
    failed: int = 0
    undone: int = 0
    undoing: int = 0
    stuck: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Waits:
    """By the id of the step's row; `items` by the loop's. Children oldest first: a retried step has several."""

    approvals: Mapping[int, Approval] = field(default_factory=dict)
    subscriptions: Mapping[int, Subscription] = field(default_factory=dict)
    receipts: Mapping[int, EventReceipt] = field(default_factory=dict)
    children: Mapping[int, list[Run]] = field(default_factory=dict)
    items: Mapping[int, ItemCounts] = field(default_factory=dict)


def waits_of(run_id: uuid.UUID, plan: Plan, steps: Iterable[StepRun]) -> Waits:
    """Everything that the page of a run says of waiting."""
    rows = list(steps)
    kinds = {plan.steps[row.name].kind for row in rows if row.name in plan.steps}
    loops = [row.pk for row in rows if plan.steps[row.name].for_each is not None]
    asked = Approval.objects.filter(run_id=run_id, step__item=0).select_related("team", "decided_by").order_by("pk")
    waiting = Subscription.objects.filter(run_id=run_id, step__item=0)
    had = EventReceipt.objects.filter(run_id=run_id, step__item=0).select_related("event")
    return Waits(
        {one.step_id: one for one in asked} if "approval" in kinds else {},
        {one.step_id: one for one in waiting} if "event" in kinds else {},
        {one.step_id: one for one in had.defer("event__data")} if "event" in kinds else {},
        children_of([row.pk for row in rows]) if "workflow" in kinds else {},
        _counts(run_id, loops) if loops else {},
    )


def children_of(step_ids: list[int]) -> dict[int, list[Run]]:
    """Child runs by the step that started them."""
    found: dict[int, list[Run]] = {}
    rows = Run.objects.filter(parent_step__in=step_ids).select_related("workflow").defer("input", "output")
    for child in rows.order_by("pk"):
        assert child.parent_step_id is not None
        found.setdefault(child.parent_step_id, []).append(child)
    return found


def items_of(
    run_id: uuid.UUID, name: str, *, after: int = 0, failed: bool = False, limit: int = ITEMS_PAGE
) -> list[StepRun]:
    """A page of a loop's items, in their order, without payloads; of the failed ones alone, if asked so."""
    rows = StepRun.objects.filter(run_id=run_id, name=name, item__gt=after).defer("input", "output")
    if failed:
        rows = rows.filter(status__in=list(STEP_BAD))
    return list(rows.order_by("item")[:limit])


def _counts(run_id: uuid.UUID, loops: list[int]) -> dict[int, ItemCounts]:
    """One pass over the items of the run, however many there are."""
    totals = dict(Loop.objects.filter(step__in=loops).values_list("step__name", "total"))
    ids = dict(StepRun.objects.filter(pk__in=loops).values_list("name", "pk"))
    standing = Q(compensation=Compensation.NONE) & ~Q(effect=Effect.NONE)
    counted = StepRun.objects.filter(run_id=run_id, item__gt=0).values("name").order_by().annotate(
        done=Count("pk", filter=Q(status__in=_ENDED_WELL)), open=Count("pk", filter=Q(status__in=list(STEP_OPEN))),
        failed=Count("pk", filter=Q(status__in=list(STEP_BAD))), left=Count("pk", filter=standing),
        undone=Count("pk", filter=Q(compensation=Compensation.DONE)),
        undoing=Count("pk", filter=Q(compensation=Compensation.RUNNING)),
        stuck=Count("pk", filter=Q(compensation=Compensation.FAILED)),
    )  # fmt: skip
    found = {
        row["name"]: ItemCounts(
            totals.get(row["name"], 0), row["done"], row["open"], row["failed"], row["undone"], row["undoing"],
            row["stuck"], row["left"],
        )
        for row in counted
    }  # fmt: skip
    return {ids[name]: found.get(name, ItemCounts(total)) for name, total in totals.items()}
