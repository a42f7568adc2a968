"""Answer a waiting step from outside: an event came, somebody decided, a child run ended, a message told the result.

The same checks as for any other attempt: output contract, `expect`, retries, fallback. Owns the transaction, which holds the
run's row. Never knows who answers.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import transaction

from orchestration import clock
from orchestration.engine.claim import FORWARD, Claim, held_by
from orchestration.engine.complete import record
from orchestration.engine.execute import Executed, finish
from orchestration.engine.recording import Refused
from orchestration.engine.settle import lock
from orchestration.errors import NotFound
from orchestration.models import Run, StepRun
from orchestration.states import StepStatus
from orchestration.steps.outcome import Outcome

log = structlog.get_logger(__name__)

#: Done first, in the same transaction, with the run locked; False: it is answered already.
First = Callable[[Run, StepRun], bool]


def answer(
    step_id: int, outcome: Outcome | Callable[[Claim], Outcome], *, fence: int | None = None, first: First | None = None
) -> bool:
    """Record what the wait came to. False: the step waits no more, or with another fence, or `first` says so.

    An answer may come before the wait was recorded: then the step is still running, and ends at once.
    """
    row = StepRun.objects.filter(pk=step_id).values_list("run_id", flat=True).first()
    if row is None:
        return False
    try:
        with transaction.atomic():
            run = lock(row)
            step = StepRun.objects.select_related("run").get(pk=step_id)
            if step.status not in {StepStatus.WAITING, StepStatus.RUNNING} or fence not in {None, step.fence}:
                return False
            if first is not None and not first(run, step):
                return False
            claim = held_by(step, FORWARD)
            executed = Executed(outcome(claim) if callable(outcome) else outcome)
            executed.outcome = finish(claim, executed, executed.outcome)
            record(run, claim, executed, clock.now(), inline=False)
    except (Refused, NotFound):
        log.info("answer.refused", step_id=step_id)
        return False
    return True
