"""What admins do to teams and roles. Every write is one history row with its reason.

Owns the rule that a team edited by hand is told apart from what its manifest says. Never asks who may: the views do.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Membership, Role, Team
from orchestration.services.governed import delete, hold, require_reason, save
from portal.models import User


def create_team(*, name: str, description: str, actor: Any, reason: str) -> Team:
    """A new team. Raises Conflict for a taken name."""
    reason = require_reason(reason)
    with transaction.atomic():
        if Team.objects.filter(name=name).exists():
            raise Conflict(f"there is a team {name!r} already; choose another name")
        team = Team(name=name, description=description)
        save(team, actor=actor, reason=reason)
    return team


def describe_team(*, team: Team, description: str, actor: Any, reason: str) -> Team:
    """Change the description. The content hash is cleared, so that the next apply of its manifest shows the difference."""
    reason = require_reason(reason)
    with transaction.atomic():
        hold()
        team = Team.objects.select_for_update().get(pk=team.pk)
        team.description = description
        if team.document:
            team.document = {**team.document, "metadata": {**team.document["metadata"], "description": description}}
            team.content_hash = ""
        save(team, actor=actor, reason=reason)
    return team


def add_role(*, team: Team, user: User, role: str, actor: Any, reason: str) -> Membership:
    """Give a role in a team. Raises Conflict when it is held already or the person is deactivated."""
    reason = require_reason(reason)
    if role not in Role.values:
        raise InvalidInput(f"{role[:40]!r} is no role; use one of {', '.join(Role.values)}")
    if not user.is_active:
        raise Conflict(f"{user.username} is deactivated; reactivate the account before giving it a role")
    with transaction.atomic():
        if Membership.objects.filter(team=team, user=user, role=role).exists():
            raise Conflict(f"{user.username} is {role} of {team.name} already")
        membership = Membership(team=team, user=user, role=role)
        save(membership, actor=actor, reason=reason)
    return membership


def remove_role(*, membership: Membership, actor: Any, reason: str) -> None:
    """Take a role away; the history keeps that it was held, and why it ended."""
    delete(membership, actor=actor, reason=require_reason(reason))
