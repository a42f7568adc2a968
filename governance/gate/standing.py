"""Who may vote for a team about a change: its approvers, who they delegated to, and where it has too few, its stand-in team.

All of them since before the change was opened, and no author of it; so nobody names themselves for it. Owns that question. Never
writes, and never asks who may sign in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from governance.gate.rolls import Rolls
from governance.models import Change
from governance.selectors.reviews import counted
from orchestration.errors import Forbidden
from orchestration.models import Team


@dataclass(frozen=True, slots=True)
class Standing:
    """In what quality a person votes for a team: in their own right, for somebody, or as the team that stands in."""

    for_person: Any = None
    stand_in: Team | None = None


def authors_of(change: Change) -> set[int]:
    """Everybody who wrote any revision of it."""
    return Rolls([change], ()).authors(change)


def standing(change: Change, person: Any, team: Team, rolls: Rolls | None = None) -> Standing:
    """How this person may vote for this team. Raises Forbidden, with the first thing that is in the way."""
    rolls = rolls or Rolls([change], [team.pk])
    if person.pk in rolls.authors(change):
        raise Forbidden("an author of a change can't review it; somebody else of the team can")
    since = rolls.approver_since(person.pk, team.pk)
    if since is not None and since <= change.opened_at:
        return Standing()
    giver = _giver(change, person, team, rolls)
    if giver is not None:
        return Standing(for_person=giver)
    stand_in = stand_in_of(change, team, rolls)
    if stand_in is not None:
        since_there = rolls.approver_since(person.pk, stand_in.pk)
        if since_there is not None and since_there <= change.opened_at:
            return Standing(stand_in=stand_in)
    if since is not None:
        raise Forbidden(
            f"{person} became approver of {team.name} after the change was opened, so it does not count here"
        )
    raise Forbidden(f"{person} is no approver of team {team.name}; an admin can grant the role")


def stand_in_of(change: Change, team: Team, rolls: Rolls | None = None) -> Team | None:
    """The team that its manifest named, before the change was opened, to stand in where it has too few people of its own."""
    rolls = rolls or Rolls([change], [team.pk])
    request = next((one for one in change.requests.all() if one.team_id == team.pk), None)
    own = rolls.approvers(team.pk, change.opened_at) - rolls.authors(change)
    if request is None or len(own) >= max(request.needed, 1):
        return None
    name = rolls.stand_in(team.pk, change.opened_at)
    return Team.objects.filter(name=name).exclude(pk=team.pk).first() if name else None


def _giver(change: Change, person: Any, team: Team, rolls: Rolls) -> Any:
    """An approver who let this person vote: one who could vote now, and for whom nobody has, nor they themselves."""
    out = {someone for one in counted(change) for someone in (one.person_id, one.for_person_id)} | rolls.authors(change)
    for delegation in rolls.lent_to(person):
        since = rolls.approver_since(delegation.giver_id, team.pk)
        is_since_before = delegation.team_id == team.pk and since is not None and since <= change.opened_at
        if is_since_before and delegation.giver_id not in out:
            return delegation.giver
    return None
