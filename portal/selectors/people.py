"""Reads of users, teams, roles and tokens, and of what was changed about them. Never writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from orchestration.errors import NotFound
from orchestration.models import Membership, Team
from orchestration.services.world import suggestion
from portal.models import Token, User
from portal.presentation.words import Look

PAGE = 100
HISTORY = 100

ACTIVE = Look("ok", "ok", "Active")
INVITED = Look("unk", "wait", "Invited")
DEACTIVATED = Look("unk", "stop", "Deactivated")


@dataclass(frozen=True, slots=True)
class Change:
    """One row of history, as a sentence."""

    at: datetime
    sentence: str
    reason: str
    actor: str


def user_look(user: User) -> Look:
    """A user's state: deactivated, invited (no password yet) or active."""
    if not user.is_active:
        return DEACTIVATED
    return ACTIVE if user.has_usable_password() else INVITED


def users(*, search: str = "", state: str = "", after: str = "") -> tuple[list[User], str]:
    """A page of users by name, with their roles, and the name to continue after. Two queries."""
    rows = User.objects.prefetch_related(Prefetch("memberships", Membership.objects.select_related("team")))
    if search:
        rows = rows.filter(
            Q(username__icontains=search) | Q(first_name__icontains=search) | Q(last_name__icontains=search)
            | Q(email__icontains=search)
        )  # fmt: skip
    if state == "admins":
        rows = rows.filter(is_superuser=True, is_active=True)
    elif state:
        rows = rows.filter(is_active=state == "active")
    if after:
        rows = rows.filter(username__gt=after)
    found = list(rows.order_by("username")[: PAGE + 1])
    more = len(found) > PAGE
    return found[:PAGE], found[PAGE - 1].username if more else ""


def find_user(user_id: int) -> User:
    """By number. Raises NotFound."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(f"no user {user_id}; Users lists everybody")
    return user


def find_team(name: str) -> Team:
    """By name. Raises NotFound, which suggests."""
    team = Team.objects.filter(name=name).first()
    if team is None:
        known = Team.objects.values_list("name", flat=True)
        raise NotFound(f"no team {name[:80]!r}{suggestion(name[:80], known)}")
    return team


def find_membership(membership_id: int) -> Membership:
    """With its team and user. Raises NotFound."""
    found = Membership.objects.select_related("team", "user").filter(pk=membership_id).first()
    if found is None:
        raise NotFound("this role is not held any more; the history of the person says since when")
    return found


def find_token(token_id: int, *, owner: User | None = None) -> Token:
    """By number; with an owner, only theirs. Raises NotFound."""
    rows = Token.objects.select_related("user", "team")
    token = (rows if owner is None else rows.filter(user=owner)).filter(pk=token_id).first()
    if token is None:
        raise NotFound(f"no token {token_id} of yours" if owner is not None else f"no token {token_id}")
    return token


def roles_of(user: User) -> list[Membership]:
    """The roles a person holds, by team."""
    return list(Membership.objects.filter(user=user).select_related("team").order_by("team__name", "role"))


def tokens_of(user: User) -> QuerySet[Token]:
    """The tokens of a person, newest first."""
    return Token.objects.filter(user=user).select_related("team").order_by("-pk")


def live_tokens_of(user: User) -> list[Token]:
    """Those that still work."""
    return list(tokens_of(user).filter(revoked_at=None, expires_at__gt=timezone.now()))


def teams() -> QuerySet[Team]:
    """Every team with the number of its people and of what it owns. One query."""
    return Team.objects.annotate(
        people=Count("memberships__user", distinct=True),
        workflow_count=Count("workflows", distinct=True),
        dependency_count=Count("dependencies", distinct=True),
    ).order_by("name")


def members_of(team: Team) -> list[Membership]:
    """Who holds which role in the team, by name."""
    return list(Membership.objects.filter(team=team).select_related("user").order_by("user__username", "role"))


def user_history(user: User) -> list[Change]:
    """What was changed about a person and their roles, newest first, bounded. Two queries."""
    rows = list(user.history.select_related("history_user").order_by("-history_date", "-history_id")[: HISTORY + 1])
    changes = [
        change
        for row, before in zip(rows, [*rows[1:], None], strict=True)
        if (change := _user_change(row, before)) is not None
    ]
    roles = Membership.history.filter(user_id=user.pk).select_related("history_user", "team")
    newest = roles.order_by("-history_id")[:HISTORY]
    changes += [_role_change(row, f"{row.role} of {row.team or 'a removed team'}") for row in newest]
    return _newest(changes)


def team_history(team: Team) -> list[Change]:
    """What was changed about a team and its members, newest first, bounded. Two queries."""
    rows = team.history.select_related("history_user").order_by("-history_id")[:HISTORY]
    changes = [_change(row, "Team made" if row.history_type == "+" else "Team changed") for row in rows]
    roles = Membership.history.filter(team_id=team.pk).select_related("history_user", "user")
    newest = roles.order_by("-history_id")[:HISTORY]
    changes += [_role_change(row, f"{row.role} of {row.user or 'a removed person'}") for row in newest]
    return _newest(changes)


def _newest(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: change.at, reverse=True)[:HISTORY]


def _user_change(row: Any, before: Any) -> Change | None:
    """None for a row that says nothing: a sign-in only moves `last_login`, which the history leaves out."""
    if before is None:
        return _change(row, "Account made" if row.history_type == "+" else "Account changed")
    words = []
    if row.is_active != before.is_active:
        words.append("Reactivated" if row.is_active else "Deactivated")
    if row.is_superuser != before.is_superuser:
        words.append("Made an admin" if row.is_superuser else "No longer an admin")
    if (row.first_name, row.email, row.time_zone) != (before.first_name, before.email, before.time_zone):
        words.append("Profile changed")
    if not words and not row.history_change_reason:
        return None
    return _change(row, ", ".join(words) or "Password changed")


def _role_change(row: Any, what: str) -> Change:
    given = row.history_type == "+"
    word = "Given" if given else "Taken away"
    return _change(row, f"{word}: {what}")


def _change(row: Any, sentence: str) -> Change:
    actor = row.history_user.get_username() if row.history_user else "the system"
    return Change(row.history_date, sentence, row.history_change_reason or "", actor)
