"""Making and revoking API tokens: a subset of what their owner may do, until a date.

Owns the check that a token never carries more than its owner holds. Never stores or logs the secret itself.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from orchestration.errors import Conflict, Forbidden, InvalidInput
from orchestration.models import Team
from orchestration.services.governed import hold, require_reason, save
from portal.models import Token, User
from portal.models.token import digest, generate
from portal.permissions import TOKEN_VERBS, WORDS, Actor, Verb

MAX_DAYS = 365
MAX_LIVE = 50


def grantable(actor: Actor, team: Team | None = None) -> list[Verb]:
    """The verbs that a token of this person may carry: held in the team or, without one, in any of their teams."""
    verbs = [verb for verb in Verb if verb in TOKEN_VERBS]
    if team is not None:
        return [verb for verb in verbs if actor.may(verb, team)]
    return [verb for verb in verbs if actor.may(verb) or any(actor.may(verb, pk) for pk in actor.roles())]


def create_token(
    *, owner: User, name: str, verbs: Collection[str], expires_in_days: int, team: Team | None = None, reason: str = ""
) -> tuple[Token, str]:
    """The token and its secret, which is not kept. Raises InvalidInput, Forbidden for a verb not held, Conflict."""
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise InvalidInput("a token's name has 1 to 100 printable characters; say what it is for")
    if not 1 <= expires_in_days <= MAX_DAYS:
        raise InvalidInput(f"a token lives 1 to {MAX_DAYS} days, not {expires_in_days}")
    _check_verbs(Actor(owner), verbs, team)
    now, secret = timezone.now(), generate()
    with transaction.atomic():
        hold()
        User.objects.select_for_update().get(pk=owner.pk)  # so that a form sent twice makes one token
        live = Token.objects.filter(user=owner, revoked_at=None, expires_at__gt=now)
        if live.filter(name=name).exists():
            raise Conflict(f"you have a live token {name!r} already; revoke it first, or choose another name")
        if live.count() >= MAX_LIVE:
            raise Conflict(f"you have {MAX_LIVE} live tokens, which is the limit; revoke those no longer used")
        token = Token(
            user=owner, name=name, hash=digest(secret), hint=secret[:8], team=team,
            verbs=[verb.value for verb in Verb if verb in set(verbs)], expires_at=now + timedelta(days=expires_in_days),
        )  # fmt: skip
        save(token, actor=owner, reason=reason or "made by its owner")
    return token, secret


def revoke_token(*, token: Token, actor: Any, reason: str) -> Token:
    """End a token now. Revoking a revoked one changes nothing."""
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        save(token, actor=actor, reason=require_reason(reason))
    return token


def _check_verbs(actor: Actor, verbs: Collection[str], team: Team | None) -> None:
    known = sorted(TOKEN_VERBS)
    for verb in verbs:
        if verb not in TOKEN_VERBS:
            raise InvalidInput(f"{verb[:40]!r} is no verb of a token; use {', '.join(known)}")
    held = grantable(actor, team)
    for verb in verbs:
        if verb not in held:
            where = f" for team {team.name}" if team else " in any team"
            raise Forbidden(f"a token can't carry more than its owner holds: you may not {WORDS[Verb(verb)]}{where}")
