"""What happened at the gate is told: to the audit log, and to the teams' webhooks. Owns which event says what to whom.

Never decides anything, and never sends by itself: the outbox does, after the commit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse

from governance.models import Change, ContractVersion, ReviewRequest
from governance.selectors.api_uses import uses_of
from governance.services.audit import record
from governance.services.webhooks import announce
from orchestration import clock
from orchestration.manifest.models.channels import WEBHOOK_EVENTS
from orchestration.models import Team
from orchestration.services.governed import save


def tell(change: Change, event: str, actor: Any, reason: str, **more: Any) -> None:
    """An event of a change, with what `docs/webhooks.md` promises of it. What no manifest can ask for is not sent."""
    if event in ("change.proposed", "change.edited", "change.reopened"):
        asked = {request.team.name: request.needed for request in change.requests.select_related("team")}
        record(**_entry(change, event, actor, reason), after={"asked": asked, "content_hash": change.content_hash})
    else:
        record(**_entry(change, event, actor, reason), after=more or None)
    if event not in WEBHOOK_EVENTS:
        return
    if event == "change.proposed":
        more |= {"verdict": change.verdict, "expires_at": change.expires_at.isoformat()}
    announce(event, teams=_concerned(change), data=_of(change) | more)


def remind(change: Change, request: ReviewRequest) -> None:
    """Tell a team that it was asked and has said nothing."""
    entry = _entry(change, "change.reminded", None, "it was asked and has said nothing")
    record(**entry, after={"team": request.team.name})
    more = {"waiting_for": [request.team.name], "expires_at": change.expires_at.isoformat()}
    announce("change.reminder", teams=[request.team], data=_of(change) | more)


def tell_version(event: str, version: Any, actor: Any, reason: str) -> None:
    """What became of a version of a contract or a workflow, for its owner and everybody who uses it."""
    data = {"version": version.version}
    if version.sunset_at is not None and event != "version.retired":
        data |= {"successor": version.successor, "sunset": version.sunset_at.isoformat()}
    if isinstance(version, ContractVersion):
        name = version.contract.name
        teams = [version.contract.owner, *(use.version.workflow.owner for use in uses_of(name))]
        link = reverse("contract", args=[name])
        announce(event, teams=teams, data={"contract": name, **data, "link": link})
    else:
        name = version.workflow.name
        link = reverse("workflow", args=[name])
        announce(event, teams=[version.workflow.owner], data={"workflow": name, **data, "link": link})


def tell_near(version: ContractVersion, distance: timedelta) -> None:
    """Tell those who still use a version that its sunset comes near; once for each distance."""
    assert version.sunset_at is not None
    if version.warned_at is not None and version.warned_at >= version.sunset_at - distance:
        return
    version.warned_at = clock.now()
    save(version, actor=None, reason=f"its users are told that the sunset comes within {distance.days} days")
    tell_version("version.sunset_near", version, None, "")


def _entry(change: Change, event: str, actor: Any, reason: str) -> dict[str, Any]:
    action = event.removeprefix("change.")
    return {"action": action, "kind": "change", "name": str(change), "actor": actor, "reason": reason}


def _concerned(change: Change) -> list[Team]:
    return [change.owner, *change.teams.all()]


def _of(change: Change) -> dict[str, Any]:
    return {"change": change.pk, "title": change.title, "link": reverse("change", args=[change.pk])}
