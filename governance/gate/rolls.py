"""What the question who may vote rests on, read once for many changes and teams: authors, roles since when, stand-ins.

Owns those reads, so that a page of a change that asks five hundred teams costs as much as one that asks two. Never writes, and
never decides who may: standing.py does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from governance.models import Change, Delegation
from orchestration import clock
from orchestration.models import Membership, Role, Team


class Rolls:
    """Good for one answer: kept longer, it would not see who lost a role. A team or change not named is read when asked for."""

    def __init__(self, changes: Iterable[Change], team_ids: Iterable[int]) -> None:
        self._changes, self._teams = list(changes), set(team_ids)
        self._authors: dict[int, set[int]] = {}
        #: Team → approver → (since when, whether they can sign in).
        self._approvers: dict[int, dict[int, tuple[datetime, bool]]] = {}
        self._lent: dict[int, list[Delegation]] = {}
        #: Team → (since when, the stand-in that its manifest named), the newest first.
        self._named: dict[int, list[tuple[datetime, str | None]]] = {}

    def authors(self, change: Change) -> set[int]:
        """Everybody who wrote any revision of it."""
        if change.pk not in self._authors:
            asked = {one.pk: one for one in [*self._changes, change] if one.pk not in self._authors}
            for pk, one in asked.items():
                self._authors[pk] = {one.author_id} if one.author_id else set()
            rows = Change.history.filter(id__in=list(asked)).exclude(author=None)
            for pk, author in rows.values_list("id", "author_id").distinct().order_by():
                self._authors[pk].add(author)
        return self._authors[change.pk]

    def approver_since(self, person_id: int, team_id: int) -> datetime | None:
        """Since when they are approver of the team, as the role is held now."""
        return self._of(team_id).get(person_id, (None, False))[0]

    def approvers(self, team_id: int, before: datetime) -> set[int]:
        """Who can sign in, and was approver of it by then."""
        return {who for who, (since, is_active) in self._of(team_id).items() if is_active and since <= before}

    def stand_in(self, team_id: int, at: datetime) -> str | None:
        """The team that its manifest named at that time to stand in for it."""
        if team_id not in self._named:
            asked = {team_id, *(self._teams - set(self._named))}
            self._named |= {one: [] for one in asked}
            rows = Team.history.filter(id__in=asked).order_by("-history_date", "-history_id")
            for pk, since, document in rows.values_list("id", "history_date", "document"):
                self._named[pk].append((since, ((document or {}).get("spec") or {}).get("stand_in")))
        return next((name for since, name in self._named[team_id] if since <= at), None)

    def lent_to(self, person: Any) -> list[Delegation]:
        """The delegations to this person that hold now."""
        if person.pk not in self._lent:
            now = clock.now()
            held = Delegation.objects.filter(taker=person, starts_at__lte=now, ends_at__gt=now, giver__is_active=True)
            self._lent[person.pk] = list(held.select_related("giver", "team").order_by("pk"))
        return self._lent[person.pk]

    def _of(self, team_id: int) -> dict[int, tuple[datetime, bool]]:
        if team_id not in self._approvers:
            asked = {team_id, *(self._teams - set(self._approvers))}
            self._approvers |= {one: {} for one in asked}
            held = Membership.objects.filter(team_id__in=asked, role=Role.APPROVER)
            rows = list(held.values_list("pk", "team_id", "user_id", "user__is_active"))
            since = _since({pk: (team, who) for pk, team, who, _ in rows})
            now = clock.now()  # a role that no history knows of was not given by the portal, so it counts from now on
            for pk, team, who, is_active in rows:
                self._approvers[team][who] = (since.get(pk, now), is_active)
        return self._approvers[team_id]


def _since(held: dict[int, tuple[int, int]]) -> dict[int, datetime]:
    """From when each of these rows is this role of theirs, however it was written."""
    rows = Membership.history.filter(id__in=list(held)).order_by("-history_date", "-history_id")
    found: dict[int, datetime] = {}
    over: set[int] = set()
    for pk, role, team, who, at in rows.values_list("id", "role", "team_id", "user_id", "history_date"):
        if (role, team, who) != (Role.APPROVER, *held[pk]):
            over.add(pk)
        elif pk not in over:
            found[pk] = at
    return found
