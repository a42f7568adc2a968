"""The worker's loop for one run: claim → execute → complete, on and on, then give way.

What a worker process does with many runs at once is engine/conductor.py's; the parts are the same. Owns the order of the
three. Never decides what an outcome means.
"""

from __future__ import annotations

from functools import partial

import structlog

from orchestration.engine.child_ends import end_waits
from orchestration.engine.claim import Claim, claim
from orchestration.engine.complete import complete
from orchestration.engine.execute import Abandoned, Executed, execute
from orchestration.engine.worker import hold, let_go
from orchestration.logs import at_work
from orchestration.patience import outlast

log = structlog.get_logger(__name__)


def work(step_id: int) -> int:
    """Take the step and go on along its run; how many attempts were executed. 0: someone else has it."""
    done = 0
    current: Claim | int | None = step_id
    while current is not None:
        held = claim(current) if isinstance(current, int) else current
        if held is None:
            end_waits([step_id])
            return done
        hold(held.step.pk, held.step.fence, held.limit, held.claimed_at)
        executed = perform(held)
        if executed is None:
            let_go(held.step.pk, held.step.fence)
            return done
        done += 1
        inline = not held.turn.over
        current = outlast(partial(complete, held, executed, inline=inline))
        let_go(held.step.pk, held.step.fence)
        if isinstance(current, int) and not inline:
            return done  # its wake-up is on its way already
    return done


def perform(held: Claim) -> Executed | None:
    """Execute, with every line that is logged meanwhile bound to the step. None: it was too late to begin."""
    token = at_work.set(held)
    try:
        return execute(held)
    except Abandoned:
        log.warning("step.abandoned", fence=held.step.fence)
        return None
    finally:
        at_work.reset(token)
