"""Who may vote for a team about a change: its approvers, who they delegated to, and where it has too few, its stand-in team.

All of them since before the change was opened, and no author of it; so nobody names themselves for it. Owns that question. Never
writes, and never asks who may sign in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from governance.models import Change, Delegation, ReviewRequest
from orchestration import clock
from orchestration.errors import Forbidden
from orchestration.models import Membership, Role, Team


@dataclass(frozen=True, slots=True)
class Standing:
    """In what quality a person votes for a team: in their own right, for somebody, or as the team that stands in."""

    for_person: Any = None
    stand_in: Team | None = None


def authors_of(change: Change) -> set[int]:
    """Everybody who wrote any revision of it."""
    written = change.history.exclude(author=None).values_list("author_id", flat=True)
    return {*written, *([change.author_id] if change.author_id else [])}


def standing(change: Change, person: Any, team: Team) -> Standing:
    """How this person may vote for this team. Raises Forbidden, with the first thing that is in the way."""
    authors = authors_of(change)
    if person.pk in authors:
        raise Forbidden("an author of a change can't review it; somebody else of the team can")
    since = _approver_since(person.pk, team)
    if since is not None and since <= change.opened_at:
        return Standing()
    giver = _giver(change, person, team, authors)
    if giver is not None:
        return Standing(for_person=giver)
    stand_in = stand_in_of(change, team, authors)
    if stand_in is not None:
        since_there = _approver_since(person.pk, stand_in)
        if since_there is not None and since_there <= change.opened_at:
            return Standing(stand_in=stand_in)
    if since is not None:
        raise Forbidden(
            f"{person} became approver of {team.name} after the change was opened, so it does not count here"
        )
    raise Forbidden(f"{person} is no approver of team {team.name}; an admin can grant the role")


def voters(change: Change, team: Team) -> set[int]:
    """The people who could vote for the team in their own right."""
    return set(_approvers(team, change.opened_at)) - authors_of(change)


def stand_in_of(change: Change, team: Team, authors: set[int] | None = None) -> Team | None:
    """The team that its manifest named, before the change was opened, to stand in where it has too few people of its own."""
    request = ReviewRequest.objects.filter(change=change, team=team).first()
    own = set(_approvers(team, change.opened_at)) - (authors_of(change) if authors is None else authors)
    if request is None or len(own) >= max(request.needed, 1):
        return None
    then = team.history.filter(history_date__lte=change.opened_at).order_by("-history_date", "-history_id").first()
    name = ((then.document or {}).get("spec") or {}).get("stand_in") if then is not None else None
    return Team.objects.filter(name=name).exclude(pk=team.pk).first() if name else None


def delegations_to(person: Any, team_id: int | None = None) -> list[Delegation]:
    """Those that hold now."""
    now = clock.now()
    held = Delegation.objects.filter(taker=person, starts_at__lte=now, ends_at__gt=now, giver__is_active=True)
    if team_id is not None:
        held = held.filter(team_id=team_id)
    return list(held.select_related("giver", "team").order_by("pk"))


def _giver(change: Change, person: Any, team: Team, authors: set[int]) -> Any:
    """An approver who let this person vote: one who could vote now, and for whom nobody has, nor they themselves."""
    votes = change.reviews.filter(content_hash=change.content_hash).values_list("person_id", "for_person_id")
    voted = {someone for pair in votes for someone in pair}
    for delegation in delegations_to(person, team.pk):
        since = _approver_since(delegation.giver_id, team)
        if since is not None and since <= change.opened_at and delegation.giver_id not in authors | voted:
            return delegation.giver
    return None


def _approver_since(person_id: int, team: Team) -> datetime | None:
    """Since when they are approver of the team, as the role is held now."""
    held = Membership.objects.filter(user_id=person_id, team=team, role=Role.APPROVER).first()
    if held is None:
        return None
    rows = held.history.order_by("-history_date", "-history_id").values_list(
        "role", "team_id", "user_id", "history_date"
    )
    since = None
    for role, team_id, user_id, at in rows:  # back to where the row became this role of theirs, however it was written
        if (role, team_id, user_id) != (Role.APPROVER, team.pk, person_id):
            break
        since = at
    # A role that no history knows of was not given by the portal, so it counts from now on.
    return since or clock.now()


def _approvers(team: Team, before: datetime) -> list[int]:
    held = Membership.objects.filter(Q(team=team, role=Role.APPROVER, user__is_active=True)).select_related("user")
    people = []
    for one in held:
        since = _approver_since(one.user_id, team)
        if since is not None and since <= before:
            people.append(one.user_id)
    return people
