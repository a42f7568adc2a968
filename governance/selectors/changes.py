"""Reads of changes: lists, one whole, and those that wait for a person. Never writes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from governance.models import Change, Review
from orchestration.errors import NotFound
from orchestration.models import Role


def changes(*, state: str = "", team: str = "") -> QuerySet[Change]:
    """Newest first, with the names that a row shows. `state`: one of Change.State, or empty for all."""
    found = Change.objects.select_related("version__contract__owner", "author").prefetch_related("teams", "reviews")
    if state:
        found = found.filter(state=state)
    if team:
        found = found.filter(teams__name=team)
    return found.order_by("-pk").defer("version__schema", "version__canonical", "report")


def find_change(number: int) -> Change:
    """One, with all that its page shows. Raises NotFound."""
    found = Change.objects.select_related("version__contract__owner", "base", "author")
    change = found.prefetch_related("teams", "reviews__person", "reviews__team").filter(pk=number).first()
    if change is None:
        raise NotFound(f"no change {number}")
    return change


def waiting_for(person: Any) -> list[Change]:
    """Open changes that this person may still review: approver of a team that is asked and has not voted, and no author."""
    teams = set(person.memberships.filter(role=Role.APPROVER).values_list("team_id", flat=True))
    if not teams:
        return []
    found = []
    for change in changes(state=Change.State.OPEN).filter(teams__in=teams).distinct()[:200]:
        reviews = counted(change)
        voted = {one.team_id for one in reviews}
        mine = {team.pk for team in change.teams.all()} & teams - voted
        if mine and change.author_id != person.pk and all(one.person_id != person.pk for one in reviews):
            found.append(change)
    return found


def counted(change: Change) -> list[Review]:
    """Reviews of the content as it is now; those before it no longer count."""
    return [one for one in change.reviews.all() if one.content_hash == change.content_hash]
