"""People of tests: one for each role, and tokens. Built through the models: how they sign in is tested elsewhere."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from orchestration.models import Membership, Role, Team
from portal.models import Token, User
from portal.models.token import digest, generate
from portal.permissions import TOKEN_VERBS

ROLES = ("anonymous", "viewer", "operator", "maintainer", "approver", "admin", "stranger")


def person(role: str, team: Team | None = None) -> User:
    """A person with that role in the team; `stranger` has every role, in another team; `admin` has none."""
    user = User.objects.create(username=f"{role}-{User.objects.count()}", is_superuser=role == "admin")
    if role == "stranger":
        other, _ = Team.objects.get_or_create(name="elsewhere")
        for each in Role.values:
            Membership.objects.create(team=other, user=user, role=each)
    elif role != "admin":
        assert team is not None
        Membership.objects.create(team=team, user=user, role=role)
    return user


def token_for(user: User, *, verbs: list[str] | None = None, team: Team | None = None, days: float = 1) -> str:
    """A token of theirs with these verbs (default: all that a token may carry)."""
    secret = generate()
    Token.objects.create(
        user=user,
        name="test",
        hash=digest(secret),
        hint=secret[:8],
        team=team,
        verbs=sorted(TOKEN_VERBS) if verbs is None else verbs,
        expires_at=timezone.now() + timedelta(days=days),
    )
    return secret
