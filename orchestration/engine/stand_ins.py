"""Fallback by another step: it is done in the place of the one that failed, and its output becomes that one's.

The step that failed waits meanwhile; a stand-in that fails too leaves it its own error. Owns the beginning of a stand-in and
what its end means. Never records an outcome.
"""

from __future__ import annotations

from datetime import datetime

from orchestration.engine import hot_sql
from orchestration.engine.begin import first_row
from orchestration.engine.claim import FORWARD, Claim, held_by
from orchestration.engine.execute import Executed
from orchestration.engine.payloads import load
from orchestration.engine.publish import wake_up
from orchestration.models import StepRun
from orchestration.states import STEP_GOOD, Effect, StepStatus, WaitingKind
from orchestration.steps.outcome import Degraded, Failed, StandIn


def begin(claim: Claim, outcome: StandIn, now: datetime) -> None:
    """Its row, ready. In the transaction that makes the other step wait."""
    row = first_row(claim.run, claim.plan.steps[outcome.step], now)
    hot_sql.insert_steps([row])
    wake_up([row.pk])


def ended(claim: Claim) -> tuple[Claim, Executed] | None:
    """What the end of a stand-in means for the step that waits for it. None: that waits no more."""
    name, stand_in = claim.planned.stands_in_for, StepRun.objects.get(pk=claim.step.pk)
    row = StepRun.objects.select_related("run").filter(
        run_id=claim.run.id, name=name, item=0, status=StepStatus.WAITING, waiting_kind=WaitingKind.FALLBACK
    ).first()  # fmt: skip
    if row is None:
        return None
    other = held_by(row, FORWARD)
    failed = Failed(row.error_type, row.error_message, retryable=False, effect=Effect(row.effect), final=True)
    if stand_in.status in STEP_GOOD:
        return other, Executed(Degraded(load(stand_in.output), failed, f"took the output of {claim.step.name}"))
    why = f"{row.error_message}; its stand-in {claim.step.name} {stand_in.status}: {stand_in.error_message}"
    return other, Executed(Failed(row.error_type, why, retryable=False, effect=Effect(row.effect), final=True))
