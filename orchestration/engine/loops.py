"""Loops: a `for_each` does its step once for each item, so many at a time, and ends when all have ended or too many failed.

The loop is a step of its own, item 0; its items are rows 1 to n, made only when there is room for them. Their counts stand
in one row, so that the end of an item costs the same with ten of them and with ten thousand. Owns that row and which item
is next. Never records an outcome: complete.py does, of items and of the loop.
"""

from __future__ import annotations

import json
import math
from datetime import datetime

from orchestration.engine import hot_sql, transition
from orchestration.engine.begin import first_row, in_hand, take
from orchestration.engine.claim import FORWARD, Claim, held_by
from orchestration.engine.execute import Executed
from orchestration.engine.payloads import text_of
from orchestration.engine.publish import wake_up
from orchestration.engine.reuse import copy_items
from orchestration.engine.rows import NewStep
from orchestration.engine.settle import stop_children
from orchestration.errors import TooLarge
from orchestration.limits import MAX_PAYLOAD
from orchestration.models import Loop, Run, StepRun
from orchestration.states import STEP_BAD, StepStatus
from orchestration.steps.outcome import Completed, Degraded, Failed, Spread


def spread(run: Run, claim: Claim, outcome: Spread, now: datetime) -> None:
    """Begin the first items. In the transaction that makes the loop wait; there is one item at least."""
    planned = claim.planned.for_each
    assert planned is not None
    total = len(outcome.items)
    reused = copy_items(claim, outcome)
    loop = Loop.objects.create(
        step_id=claim.step.pk, total=total, parallel=planned.parallel, tolerated=math.floor(planned.tolerated * total),
        degraded=reused.degraded, continues=reused.same,
    )  # fmt: skip
    rows = _next_rows(claim, loop, now, min(planned.parallel, total))
    loop.save(update_fields=["begun", "open"])
    hot_sql.insert_steps(rows)
    wake_up([row.pk for row in rows])


def over_at_once(claim: Claim) -> tuple[Claim, Executed] | None:
    """A loop all of whose items stand from the run that is retried, with what it came to. None: it has work."""
    loop = Loop.objects.select_related("step__run").get(step=claim.step.pk)
    return (held_by(loop.step, FORWARD), _came_to(loop, failing=False)) if not loop.open else None


def item_ended(run: Run, claim: Claim, now: datetime, *, inline: bool) -> Claim | tuple[Claim, Executed] | None:
    """After an item: the next one in this process's hands, or the loop with what it came to, or neither.

    The run is locked; the item's end is written.
    """
    loop = Loop.objects.select_related("step__run").filter(
        step__run_id=claim.run.id, step__name=claim.step.name, step__item=0, step__status=StepStatus.WAITING
    ).first()  # fmt: skip
    if loop is None:
        return None
    status = StepRun.objects.values_list("status", flat=True).get(pk=claim.step.pk)
    loop.open -= 1
    loop.failed += status in STEP_BAD
    loop.degraded += status == StepStatus.DEGRADED
    failing, mine = loop.failed > loop.tolerated, None
    if failing:
        loop.open -= _stop_others(run, loop, now)
    elif rows := _next_rows(claim, loop, now, 1):
        mine = _begin(claim, rows[0], now, inline=inline)
    loop.save(update_fields=["begun", "open", "failed", "degraded"])
    if loop.open:
        return mine
    return held_by(loop.step, FORWARD), _came_to(loop, failing=failing)


def _next_rows(claim: Claim, loop: Loop, now: datetime, count: int) -> list[NewStep]:
    """Rows of the next items that have none; the loop's counts go on."""
    there = set(
        StepRun.objects.filter(
            run_id=claim.run.id, name=claim.step.name, item__gt=loop.begun, item__lte=loop.begun + _AHEAD
        ).values_list("item", flat=True)
    )
    rows: list[NewStep] = []
    while len(rows) < count and loop.begun < loop.total:
        loop.begun += 1
        if loop.begun not in there:
            rows.append(first_row(claim.run, claim.planned, now, item=loop.begun, anew=not loop.continues))
            loop.open += 1
    return rows


#: So many items are looked at for rows from an earlier run at a time: no loop has more.
_AHEAD = 10_000


def _begin(claim: Claim, row: NewStep, now: datetime, *, inline: bool) -> Claim | None:
    if inline:
        take(claim.run, claim.plan, row, now)
    hot_sql.insert_steps([row])
    if not inline:
        wake_up([row.pk])
        return None
    claim.turn.steps += 1
    return in_hand(claim.run, claim.plan, row, {}, claim.turn)


def _stop_others(run: Run, loop: Loop, now: datetime) -> int:
    """Items that nobody is at work on are not begun any more; how many. The others end at their boundary, or with the
    child run that they wait for, which is asked to stop."""
    stop_children(run, now, of=loop.step.name)
    stoppable = (StepStatus.READY, StepStatus.WAITING, StepStatus.RETRYING)
    return transition.cancel_items(loop.step.run_id, loop.step.name, stoppable, now)


def _came_to(loop: Loop, *, failing: bool) -> Executed:
    if failing:
        share = f"{loop.failed} of {loop.total} items failed, more than the {loop.tolerated} that may"
        return Executed(Failed("for_each.failed", f"{share}; {_first_error(loop)}", retryable=False, final=True))
    try:
        output = _outputs(loop)
    except TooLarge as error:
        return Executed(Failed("payload.too_large", str(error), retryable=False, final=True))
    bad = loop.failed or loop.degraded
    if not bad:
        return Executed(Completed(None), output=output)
    text = f"{loop.failed} of {loop.total} items failed" if loop.failed else f"{loop.degraded} items are degraded"
    failed = Failed("for_each.degraded", text, retryable=False)
    return Executed(Degraded(json.loads(output), failed, "went on with the others"))


def _first_error(loop: Loop) -> str:
    bad = StepRun.objects.filter(run_id=loop.step.run_id, name=loop.step.name, item__gt=0, status__in=list(STEP_BAD))
    item, message = bad.order_by("finished_at").values_list("item", "error_message").first() or (0, "")
    return f"first item {item}: {message}"


def _outputs(loop: Loop) -> str:
    """The items' outputs as one JSON list, in their order; null for one that failed."""
    rows = StepRun.objects.filter(run_id=loop.step.run_id, name=loop.step.name, item__gt=0).order_by("item")
    texts, size = list[str](), 0
    for status, output in rows.values_list("status", "output").iterator(chunk_size=500):
        texts.append(text := _output(status, output))
        size += len(text) + 1
        if size > MAX_PAYLOAD:
            raise TooLarge(
                f"the outputs of {loop.total:,} items are over {MAX_PAYLOAD:,} bytes (4 MB); give less of each"
            )
    return f"[{','.join(texts)}]"


def _output(status: str, output: str) -> str:
    return text_of(output) if output and status not in STEP_BAD else "null"
