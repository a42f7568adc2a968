"""The worker's loop: claim → execute → complete, on and on along one run, then give the process back.

Owns the yielding. Never decides what an outcome means.
"""

from __future__ import annotations

import time
from functools import partial

from structlog.contextvars import bound_contextvars

from orchestration.engine.claim import Claim, claim
from orchestration.engine.complete import complete
from orchestration.engine.execute import execute
from orchestration.engine.worker import at_work
from orchestration.limits import INLINE_SECONDS, INLINE_STEPS
from orchestration.patience import outlast


def work(step_id: int) -> int:
    """Take the step and go on along its run; how many attempts were executed. 0: someone else has it."""
    began, done = time.monotonic(), 0
    current: Claim | int | None = step_id
    while current is not None:
        held = claim(current) if isinstance(current, int) else current
        if held is None:
            return done
        names = {"run_id": str(held.run.id), "workflow": held.run.workflow, "trace_id": held.run.trace_id}
        with (
            bound_contextvars(**names, step=held.step.name, attempt=held.attempt),
            at_work(held.step.pk, held.step.fence, held.limit),
        ):
            executed = execute(held)
            done += 1
            inline = done < INLINE_STEPS and time.monotonic() - began < INLINE_SECONDS
            current = outlast(partial(complete, held, executed, inline=inline))
        if isinstance(current, int) and not inline:
            return done  # its wake-up is on its way already
    return done
