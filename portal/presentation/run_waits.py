"""What belongs to a step beside its attempts: the decision asked for, the event it got, its child runs, its items.

Owns the lines of these parts of the drawer. Never loads a payload: the view does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from orchestration.states import RunStatus
from portal.presentation.runs import look_of, look_of_step, seconds
from portal.presentation.words import Look

if TYPE_CHECKING:
    from orchestration.models import Approval, EventReceipt, Run, StepRun, Subscription
    from orchestration.selectors.runs import RunDetail
    from orchestration.selectors.waits import ItemCounts


#: Of children and of dependencies: a loop may have very many.
MOST_LEADS = 3


@dataclass(frozen=True, slots=True)
class Child:
    """A child run as the drawer lists it."""

    run: Run
    look: Look


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a loop; `child`: the run that it started last."""

    step: StepRun
    look: Look
    took: float | None
    message: str
    child: Run | None


@dataclass(frozen=True, slots=True)
class Within:
    """Everything of the step that has rows of its own. `more`: the item after which the next page begins."""

    approval: Approval | None
    subscription: Subscription | None
    receipt: EventReceipt | None
    children: list[Child]
    counts: ItemCounts | None
    items: list[Item]
    more: int


def within(
    detail: RunDetail, name: str, items: Sequence[StepRun], children: dict[int, list[Run]], *, page: int
) -> Within:
    """Of the step of that name; `items` is a page of at most `page` of them, with the child runs that they started."""
    step, waits = detail.steps.get(name), detail.waits
    if step is None:
        return Within(None, None, None, [], None, [], 0)
    return Within(
        approval=waits.approvals.get(step.pk),
        subscription=waits.subscriptions.get(step.pk),
        receipt=waits.receipts.get(step.pk),
        children=[Child(child, look_of(child)) for child in waits.children.get(step.pk, [])],
        counts=waits.items.get(step.pk),
        items=[_item(one, children.get(one.pk, [])) for one in items],
        more=items[-1].item if len(items) == page else 0,
    )


def leads(detail: RunDetail) -> list[tuple[str, str]]:
    """Words and addresses: where it is seen, and perhaps ended, what the run waits for. Without a query."""
    asked = [one for one in detail.waits.approvals.values() if not one.decision]
    children = [one for own in detail.waits.children.values() for one in own if one.status != RunStatus.FINISHED]
    parked = sorted({one.dependency for one in detail.parked.values()})
    return [
        *(("Read it and decide", reverse("approval", args=[one.pk])) for one in asked),
        *((f"Child run {one.short_id}", reverse("run", args=[one.pk])) for one in children[:MOST_LEADS]),
        *((f"The breaker of {name}", reverse("dependency-breaker", args=[name])) for name in parked[:MOST_LEADS]),
    ]


def _item(step: StepRun, children: Sequence[Run]) -> Item:
    took = seconds(step.started_at, step.finished_at)
    return Item(step, look_of_step(step), took, step.error_message, children[-1] if children else None)
