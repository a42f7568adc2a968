"""What admins do to users, and what people do to their own account. Every write is one history row with its reason.

Owns the two promises that keep an installation reachable and safe: there is always an active admin, and whoever is
deactivated has no session, token or password left. Never asks who may: the views do.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from orchestration.errors import Conflict
from orchestration.services.governed import hold, require_reason, save
from portal.models import Token, User


def one_time_path(user: User) -> str:
    """The path of a set-password link: good once, and only while the password, e-mail and last sign-in are these."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("set-password", args=[uid, default_token_generator.make_token(user)])


def invite_user(*, username: str, actor: Any, reason: str, name: str = "", email: str = "") -> User:
    """A user without a password, who gets in by the one-time link. Raises Conflict for a taken name."""
    reason = require_reason(reason)
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise Conflict(f"the sign-in name {username!r} is taken; choose another")
        user = User(username=username, first_name=name, email=email)
        user.set_unusable_password()
        save(user, actor=actor, reason=reason)
    return user


def reset_password(*, user: User, actor: Any, reason: str) -> User:
    """Take the password away, which ends every session and every earlier link; a new link lets the person in."""
    reason = require_reason(reason)
    with transaction.atomic():
        user = _locked(user)
        if not user.is_active:
            raise Conflict(f"{user.username} is deactivated; reactivate the account, which gives a new link")
        user.set_unusable_password()
        save(user, actor=actor, reason=reason)
    return user


def deactivate_user(*, user: User, actor: Any, reason: str) -> User:
    """End the account: no sign-in, no session, no token. Raises Conflict for oneself and for the last admin."""
    reason = require_reason(reason)
    with transaction.atomic():
        user = _locked(user)
        if actor is not None and actor.pk == user.pk:
            raise Conflict("you can't deactivate yourself; ask another admin")
        if not user.is_active:
            raise Conflict(f"{user.username} is deactivated already")
        _keep_an_admin(user)
        user.is_active = False
        user.set_unusable_password()  # Django ties sessions to the password: they stay ended after a reactivation
        save(user, actor=actor, reason=reason)
        for token in Token.objects.filter(user=user, revoked_at=None):
            token.revoked_at = timezone.now()
            save(token, actor=actor, reason=f"owner deactivated: {reason}"[:2_000])
    return user


def reactivate_user(*, user: User, actor: Any, reason: str) -> User:
    """Open the account again. Its tokens stay revoked, and a new password is set by the one-time link."""
    reason = require_reason(reason)
    with transaction.atomic():
        user = _locked(user)
        if user.is_active:
            raise Conflict(f"{user.username} is active already")
        user.is_active = True
        save(user, actor=actor, reason=reason)
    return user


def make_admin(*, user: User, actor: Any, reason: str) -> User:
    """Give the admin role of the installation."""
    reason = require_reason(reason)
    with transaction.atomic():
        user = _locked(user)
        if not user.is_active:
            raise Conflict(f"{user.username} is deactivated; reactivate the account first")
        if user.is_superuser:
            raise Conflict(f"{user.username} is an admin already")
        user.is_superuser = True
        save(user, actor=actor, reason=reason)
    return user


def unmake_admin(*, user: User, actor: Any, reason: str) -> User:
    """Take the admin role away. Raises Conflict for the last admin."""
    reason = require_reason(reason)
    with transaction.atomic():
        user = _locked(user)
        if not user.is_superuser:
            raise Conflict(f"{user.username} is no admin")
        _keep_an_admin(user)
        user.is_superuser = False
        save(user, actor=actor, reason=reason)
    return user


def set_password(*, user: User, password: str, actor: Any, reason: str) -> User:
    """Set a password that the form has validated; every other session of the person ends."""
    user.set_password(password)
    save(user, actor=actor, reason=require_reason(reason))
    return user


def change_profile(*, user: User, name: str, email: str, time_zone: str, actor: Any, reason: str) -> User:
    """Name, e-mail and time zone."""
    user.first_name, user.last_name, user.email, user.time_zone = name, "", email, time_zone
    save(user, actor=actor, reason=require_reason(reason))
    return user


def _locked(user: User) -> User:
    """The row as it is now, held until the transaction ends."""
    hold()
    return User.objects.select_for_update().get(pk=user.pk)


def _keep_an_admin(user: User) -> None:
    """Raise Conflict if no active admin would be left. The lock decides between two admins who remove each other."""
    admins = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    if {admin.pk for admin in admins} == {user.pk}:
        raise Conflict(f"{user.username} is the last admin; make somebody else an admin first")
