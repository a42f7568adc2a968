"""Reads of changes: lists, one whole, and those that wait for a person. Never writes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from governance.gate import standing
from governance.gate.opening import WAITING
from governance.gate.rolls import Rolls
from governance.models import Change, Review
from governance.selectors.reviews import approvals, counted, owner_now
from orchestration.errors import Forbidden, NotFound
from orchestration.models import Role, Team

#: A person who is asked about more than these sees the oldest of them first.
MOST = 200


def changes(*, state: str = "", team: str = "", kind: str = "") -> QuerySet[Change]:
    """Newest first, with the names that a row shows. `state`: one of Change.State, or empty for all."""
    found = Change.objects.select_related("owner", "author").prefetch_related("teams", "reviews")
    if state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    if team:
        found = found.filter(teams__name=team)
    return found.order_by("-pk").defer("report", "proposal")


def find_change(number: int) -> Change:
    """One, with all that its page shows. Raises NotFound."""
    found = Change.objects.select_related("version__contract__owner", "base", "author", "owner")
    whole = found.prefetch_related(
        "teams", "requests__team", "reviews__person", "reviews__team", "reviews__for_person", "reviews__stand_in"
    )
    change = whole.filter(pk=number).first()
    if change is None:
        raise NotFound(f"no change {number}")
    if change.state in WAITING:
        change.owner = owner_now(change)
    return change


def waiting_for(person: Any) -> list[Change]:
    """Open changes that this person may still review."""
    teams = _may_speak_for(person, Rolls((), ()))
    if not teams:
        return []
    open_ones = changes(state=Change.State.OPEN).filter(teams__in=teams).distinct().prefetch_related("requests__team")
    found = list(open_ones[:MOST])
    rolls = Rolls(found, teams)
    return [change for change in found if votes_open_to(change, person, rolls, teams)]


def votes_open_to(
    change: Change, person: Any, rolls: Rolls | None = None, mine: set[int] | None = None
) -> list[tuple[Team, standing.Standing]]:
    """The teams for which this person can vote now, and in what quality; at most one of them will count."""
    if change.state != Change.State.OPEN:
        return []
    if any(person.pk in (one.person_id, one.for_person_id) for one in counted(change)):
        return []
    given = approvals(change)
    rolls = rolls or Rolls([change], [one.team_id for one in change.requests.all()])
    mine = _may_speak_for(person, rolls) if mine is None else mine
    found = []
    for request in change.requests.all():
        if request.team_id in mine and given[request.team_id] < request.needed:
            try:
                found.append((request.team, standing.standing(change, person, request.team, rolls)))
            except Forbidden:
                continue
    return found


def votes_of(change: Change, team_id: int) -> list[Review]:
    """What the team's people said about the content as it is."""
    return [one for one in counted(change) if one.team_id == team_id]


def _may_speak_for(person: Any, rolls: Rolls) -> set[int]:
    """Teams whose gate this person could ever vote at: members, delegates, and those who stand in."""
    own = set(person.memberships.filter(role=Role.APPROVER).values_list("team_id", flat=True))
    lent = {one.team_id for one in rolls.lent_to(person)}
    names = list(Team.objects.filter(pk__in=own).values_list("name", flat=True))
    stands_in = Team.objects.filter(document__spec__stand_in__in=names) if names else Team.objects.none()
    return own | lent | set(stands_in.values_list("pk", flat=True))
