"""Approvals of runs: telling the team that it is asked, and what came of it; and deciding, with an entry in the audit log.

Owns what is said, and that a decision is told in the same transaction. Never asks whether the person may: portal does. Never
ends a wait: the engine does.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse

from governance.services import audit
from governance.services.webhooks import announce
from orchestration.engine.approvals import decide
from orchestration.errors import InvalidInput
from orchestration.models import Approval
from orchestration.services.governed import require_reason


class Asking:
    """Orchestration's wish, done: see orchestration.hooks.ApprovalHook."""

    def asked(self, approval: Approval) -> None:
        """See ApprovalHook."""
        due = approval.due_at.isoformat() if approval.due_at else None
        announce("approval.requested", teams=[approval.team], data=_of(approval) | {"due_at": due})

    def decided(self, approval: Approval) -> None:
        """See ApprovalHook."""
        by = approval.decided_by.get_username() if approval.decided_by else None
        announce(
            "approval.decided", teams=[approval.team], data=_of(approval) | {"decision": approval.decision, "by": by}
        )


def decide_approval(*, approval: Approval, person: Any, decision: str, comment: str) -> Approval:
    """Approve or reject, once for all. Raises InvalidInput without a comment, Conflict when it is no longer open."""
    if decision not in {"approve", "reject"}:
        raise InvalidInput(f"a decision is approve or reject, not {decision[:40]!r}")
    said = require_reason(comment)
    with transaction.atomic():
        audit.hold()  # before the run's row is locked, as everywhere
        decided = decide(approval_id=approval.pk, actor=person, approve=decision == "approve", comment=said)
        audit.record(
            action=str(decided.decision), kind="approval", name=name_of(decided), actor=person, reason=said,
            before={"decision": "open"}, after={"decision": decided.decision, "team": decided.team.name},
        )  # fmt: skip
    return decided


def name_of(approval: Approval) -> str:
    """As the audit log names it."""
    return f"{approval.pk}: {approval.step.name} of run {approval.run_id}"


def _of(approval: Approval) -> dict[str, Any]:
    return {
        "approval": approval.pk, "workflow": approval.run.workflow.name, "run": str(approval.run_id),
        "step": approval.step.name, "team": approval.team.name, "link": reverse("approval", args=[approval.pk]),
    }  # fmt: skip
