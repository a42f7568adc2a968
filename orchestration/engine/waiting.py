"""Begin to wait: the rows of whatever a step waits for, written with the record that it waits.

Owns what each kind of wait leaves in the database. Never ends a wait: answer.py does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orchestration.engine import children, loops, stand_ins
from orchestration.engine.claim import Claim
from orchestration.engine.recording import move
from orchestration.engine.subscriptions import subscribe
from orchestration.hooks import hooks
from orchestration.models import Approval, Run, Subscription, Team
from orchestration.states import StepStatus, WaitingKind
from orchestration.steps.outcome import AskTeam, AwaitEvent, Spread, StandIn, StartChild, Waits
from orchestration.telemetry import tracing


def begin_wait(run: Run, claim: Claim, outcome: Waits, now: datetime, stored: dict[str, Any]) -> None:
    """The step waits from now on. In the caller's transaction, with the run locked; raises Refused."""
    match outcome:
        case AwaitEvent():
            move(claim, StepStatus.WAITING, waiting_kind=WaitingKind.EVENT, not_before=outcome.until, **stored)
            subscribe(claim, outcome, now)
        case AskTeam():
            move(claim, StepStatus.WAITING, waiting_kind=WaitingKind.APPROVAL, not_before=outcome.until, **stored)
            _ask(claim, outcome, now)
        case StartChild():
            due = now + children.LOOK_AGAIN
            move(claim, StepStatus.WAITING, waiting_kind=WaitingKind.CHILD, not_before=due, **stored)
            children.begin(run, claim, outcome)
        case Spread():
            move(claim, StepStatus.WAITING, waiting_kind=WaitingKind.ITEMS, **stored)
            loops.spread(run, claim, outcome, now)
        case StandIn():
            _forget(claim, now)
            why = {"error_type": outcome.failed.error_type, "error_message": outcome.failed.message}
            move(claim, StepStatus.WAITING, waiting_kind=WaitingKind.FALLBACK, **{**stored, **why})
            stand_ins.begin(claim, outcome, now)
    tracing.attempt_ended(claim, now, "waiting")


def _forget(claim: Claim, now: datetime) -> None:
    """What it waited for so far comes too late from now on."""
    Subscription.objects.filter(pk=claim.step.pk).delete()
    asked = Approval.objects.filter(step_id=claim.step.pk, decision=Approval.Decision.OPEN)
    asked.update(decision=Approval.Decision.WITHDRAWN, decided_at=now)


def _ask(claim: Claim, outcome: AskTeam, now: datetime) -> None:
    team = Team.objects.get(name=outcome.team)
    approval = Approval.objects.create(
        step_id=claim.step.pk, fence=claim.step.fence, run_id=claim.run.id, team=team, requested_at=now,
        due_at=outcome.until, on_timeout=outcome.on_timeout if outcome.until else "",
    )  # fmt: skip
    hooks.approvals.asked(approval)
