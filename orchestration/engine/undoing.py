"""Which step is undone next: every one whose effect happened or may have, last completed first, one at a time.

Reads the few columns that it needs: a loop may have ten thousand items to undo. Owns the order. Never undoes anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from orchestration.engine.plans import undo_of
from orchestration.manifest import Plan
from orchestration.models import StepRun
from orchestration.states import Compensation, Effect


class Undoable(NamedTuple):
    """A step, or an item of a loop, that is to be undone."""

    pk: int
    name: str
    fence: int
    effect: str
    finished_at: datetime | None


def next_to_undo(plan: Plan, run_id: uuid.UUID) -> Undoable | None:
    """The step that is undone now; None when nothing is left."""
    undoable = [name for name, planned in plan.steps.items() if undo_of(planned) is not None]
    rows = StepRun.objects.filter(run_id=run_id, name__in=undoable, compensation=Compensation.NONE)
    rows = rows.exclude(effect=Effect.NONE).order_by("-finished_at", "-item")
    last: dict[str, Undoable] = {}
    for row in rows.values_list("pk", "name", "fence", "effect", "finished_at").iterator(chunk_size=200):
        found = Undoable(*row)
        unsure = found.effect == Effect.UNKNOWN and not plan.steps[found.name].compensate_on_unknown
        if not unsure:
            last.setdefault(found.name, found)
        if len(last) == len(undoable):
            break
    place = _completion(plan, run_id)
    return _latest(list(last.values()), place) if last else None


def _latest(steps: Sequence[Undoable], place: Mapping[str, tuple[datetime, int]]) -> Undoable:
    return max(steps, key=lambda step: place[step.name])


def _completion(plan: Plan, run_id: uuid.UUID) -> dict[str, tuple[datetime, int]]:
    """When each step was over, never before its predecessors: clocks of two workers may differ by milliseconds."""
    rows = StepRun.objects.filter(run_id=run_id, item=0, finished_at__isnull=False)
    ended = {name: at for name, at in rows.values_list("name", "finished_at") if at is not None}
    place: dict[str, tuple[datetime, int]] = {}
    for position, name in enumerate(plan.order):
        if name not in ended:
            continue
        before = [place[other][0] for other in plan.steps[name].predecessors if other in place]
        if plan.steps[name].join == "any":
            before = sorted(before)[:1]  # it followed the first; the others may well have come later
        place[name] = (max([ended[name], *before]), position)
    return place
