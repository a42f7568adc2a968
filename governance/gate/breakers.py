"""Forcing a breaker, through the gate: done at once unless a GatePolicy wants breaker.force reviewed.

Owns that subject. What forcing means, and for how long it may last, is orchestration's (services/breakers.py). Letting a
breaker go again asks nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from governance.gate.endings import moment
from governance.gate.subjects import Judgement
from governance.models import Change
from orchestration.errors import Conflict
from orchestration.models import Breaker
from orchestration.selectors.breakers import view
from orchestration.selectors.workflows import consumers_of, find_dependency
from orchestration.services import breakers

FORCE = "breaker.force"
OWNS = "owns the dependency"


def proposal(state: str, expires_at: datetime) -> dict[str, Any]:
    """What a change of this kind asks for. Raises InvalidInput for what can't be forced."""
    breakers.check(state, expires_at)
    return {"state": state, "expires_at": expires_at.isoformat()}


class ForceBreaker:
    """Kind breaker.force. `proposal`: {"state": one of three, "expires_at": ISO 8601}."""

    kind = FORCE
    done = "forced"

    def judge(self, change: Change) -> Judgement:
        """See subjects.Subject."""
        dependency = find_dependency(change.name)
        until = moment(change.proposal.get("expires_at"))
        breakers.check(str(change.proposal.get("state", "")), until)
        report = {
            "findings": [], "before": {"state": str(view(change.name).state)},
            "workflows": [version.workflow.name for version, _ in consumers_of(change.name)],
        }  # fmt: skip
        hits = ((dependency.owner, OWNS),)
        content = [change.kind, change.name, change.proposal]
        return Judgement("safe", report, hits, content, owners=(dependency.owner,), until=until)

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """See subjects.Subject."""
        breakers.force(
            name=change.name, state=change.proposal["state"], expires_at=moment(change.proposal["expires_at"]),
            reason=reason or change.reason, actor=actor,
        )  # fmt: skip

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """Nothing was done, so nothing is taken back."""

    def undo(self, change: Change, reason: str) -> None:
        """Let it go, if it is still as this change left it."""
        row = Breaker.objects.filter(name=change.name).first()
        if row is None or row.state != change.proposal["state"]:
            return
        try:
            breakers.release(name=change.name, reason=reason, actor=None)
        except Conflict:
            return  # it expired meanwhile
