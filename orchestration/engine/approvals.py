"""Approvals: a team is asked, one person's word ends the wait. A no ends the step as failed, so that its run is undone.

Owns the decision; waiting.py asks. Never asks whether the person may: portal does; never writes to people: governance does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from orchestration import clock
from orchestration.engine.answer import answer
from orchestration.engine.claim import Claim
from orchestration.errors import Conflict, NotFound
from orchestration.hooks import hooks
from orchestration.ids import short
from orchestration.models import Approval, Run, RunEvent, StepRun
from orchestration.steps.outcome import Completed, Failed, Outcome


def decide(*, approval_id: int, actor: Any, approve: bool, comment: str) -> Approval:
    """Approve or reject. Raises NotFound, and Conflict when it is decided or withdrawn already: the first word counts."""
    asked = Approval.objects.filter(pk=approval_id).first()
    if asked is None:
        raise NotFound(f"there is no approval {approval_id}")
    word = Approval.Decision.APPROVED if approve else Approval.Decision.REJECTED

    def take(run: Run, step: StepRun) -> bool:
        now = clock.now()
        mine = Approval.objects.filter(pk=approval_id, decision=Approval.Decision.OPEN, fence=step.fence)
        if not mine.update(decision=word, decided_by=actor, decided_at=now, comment=comment):
            return False
        RunEvent.objects.create(run=run, at=now, kind=str(word), actor=actor, detail=f"{step.name}: {comment}")
        hooks.approvals.decided(_row(approval_id))
        return True

    with transaction.atomic():
        decided = answer(asked.step_id, _outcome(word, str(actor), comment), first=take)
    approval = _row(approval_id)
    if not decided:
        raise Conflict(_too_late(approval))
    return approval


def ended_by_time(claim: Claim, now: datetime) -> Outcome:
    """Nobody decided in time; what the manifest says then."""
    asked = Approval.objects.filter(step_id=claim.step.pk, decision=Approval.Decision.OPEN).first()
    approve = asked is not None and asked.on_timeout == "approve"
    word = Approval.Decision.APPROVED if approve else Approval.Decision.REJECTED
    comment = "nobody decided in time"
    if asked is not None:
        Approval.objects.filter(pk=asked.pk).update(decision=word, decided_at=now, comment=comment)
        hooks.approvals.decided(_row(asked.pk))
    if approve:
        return _outcome(word, None, comment)
    team = asked.team.name if asked is not None else "the team"
    return Failed("approval.timeout", f"nobody of {team} decided in time", retryable=False, timed_out=True)


def _row(approval_id: int) -> Approval:
    return Approval.objects.select_related("team", "decided_by", "step", "run__workflow").get(pk=approval_id)


def _outcome(word: str, by: str | None, comment: str) -> Outcome:
    if word == Approval.Decision.REJECTED:
        return Failed("approval.rejected", f"{by} rejected it: {comment}", retryable=False)
    return Completed({"approved": True, "by": by, "comment": comment, "at": clock.now().isoformat()})


def _too_late(approval: Approval) -> str:
    if approval.decision in {Approval.Decision.OPEN, Approval.Decision.WITHDRAWN}:
        return f"run {short(approval.run_id)} does not wait for this approval any more"
    who = str(approval.decided_by) if approval.decided_by else "time"
    return f"it was {approval.decision} by {who} already; the first word counts"
