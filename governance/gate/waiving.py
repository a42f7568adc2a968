"""Waivers: a team accepts one finding of a contract until a date, and need not be asked about that finding again.

A waiver is about a finding's fingerprint, not about a text of the change: it outlives edits that leave the finding as it is. It
stands in for the review of the one team that gave it, and only where every finding that breaks is waived, by as many people as
the team must be asked, none of them an author of the change or counted for another team. What could not be proved has no
finding to waive. Owns those rules.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from governance.gate import telling
from governance.gate.refusing import not_now, require_asked, require_seen
from governance.gate.standing import Standing, authors_of, standing
from governance.models import Change, Contract, Waiver
from governance.selectors.reviews import counted
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput
from orchestration.models import Team
from orchestration.services.governed import hold, require_reason, save

LONGEST = timedelta(days=365)


def breaking_findings(change: Change) -> list[dict[str, Any]]:
    """The findings that break somebody."""
    return [one for one in change.report.get("findings", []) if one["direction"]]


def live_waivers(change: Change) -> list[Waiver]:
    """Waivers of this contract that hold now, of the findings of this change."""
    if change.version is None:
        return []
    now = clock.now()
    marks = [one["fingerprint"] for one in breaking_findings(change)]
    held = Waiver.objects.filter(contract_id=change.version.contract_id, fingerprint__in=marks, expires_at__gt=now)
    return list(held.select_related("team", "person").order_by("pk"))


def live_waivers_of(contract: Contract) -> list[Waiver]:
    """All of a contract's that hold now, the next to end first."""
    held = Waiver.objects.filter(contract=contract, expires_at__gt=clock.now())
    return list(held.select_related("team", "person", "change").order_by("expires_at"))


def waived_teams(change: Change) -> set[int]:
    """The teams that need not review it."""
    marks = {one["fingerprint"] for one in breaking_findings(change)}
    if change.verdict != "breaking" or not marks or change.report.get("doubt"):
        return set()
    authors = authors_of(change)
    # A person counts for one team, and who let somebody vote in their place has counted too.
    speaks_for = {person: one.team_id for one in counted(change) for person in (one.person_id, one.for_person_id)}
    people: dict[tuple[int, str], set[int]] = {}
    for one in live_waivers(change):
        if one.person_id not in authors and speaks_for.setdefault(one.person_id, one.team_id) == one.team_id:
            people.setdefault((one.team_id, one.fingerprint), set()).add(one.person_id)
    return {
        request.team_id
        for request in change.requests.all()
        if all(len(people.get((request.team_id, mark), ())) >= request.needed for mark in marks)
    }


def waive(
    *, change: Change, person: Any, team: Team, fingerprint: str, reason: str, expires_at: datetime, seen: str
) -> Waiver:
    """Accept a finding for a team. The rules of a review hold: no author, the role since before, a person no token.

    Raises Conflict for a change that is over or was edited since `seen`, Forbidden, InvalidInput. Where this was the last that
    was missing, what was asked is done.
    """
    from governance.gate.settling import locked, settle  # settling counts waivers, so it knows this module

    reason = require_reason(reason)
    now = clock.now()
    if not now < expires_at <= now + LONGEST:
        raise InvalidInput(f"a waiver ends within {LONGEST.days} days from now; choose a later or nearer date")
    with transaction.atomic():
        current = locked(change)
        if current.state != Change.State.OPEN:
            raise not_now(current, "there is nothing to waive")
        require_seen(current, seen)
        finding = next((one for one in breaking_findings(current) if one["fingerprint"] == fingerprint), None)
        if finding is None or current.version is None:
            raise InvalidInput("there is no such finding that breaks; what could not be proved can't be waived")
        require_asked(current, team)
        if standing(current, person, team) != Standing():
            raise Forbidden(f"a waiver takes an approver of team {team.name} itself, no delegate and no stand-in")
        waiver = Waiver(
            contract=current.version.contract, team=team, fingerprint=fingerprint, text=finding["text"], change=current,
            person=person, reason=reason, given_at=now, expires_at=expires_at,
        )  # fmt: skip
        save(waiver, actor=person, reason=reason)
        telling.tell(current, "change.waived", person, reason, team=team.name, finding=fingerprint)
        settle(current, person, reason)
    return waiver


def revoke(*, waiver: Waiver, person: Any, reason: str) -> None:
    """End a waiver now. Raises Conflict for one that has ended."""
    reason = require_reason(reason)
    with transaction.atomic():
        hold()
        held = Waiver.objects.select_for_update().get(pk=waiver.pk)
        if held.expires_at <= clock.now():
            raise Conflict("the waiver has ended already")
        held.expires_at = clock.now()
        save(held, actor=person, reason=reason)
