"""Who reads, and in which time zone: `request.actor`, Django's active zone, and for the audit log, that it is a person.

Never decides what they may.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from governance.origin import PERSON, coming_by
from portal.models import User
from portal.permissions import Actor


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a signed-in request."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


class ReaderMiddleware:
    """After authentication: the actor, and dates in the reader's zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            request.actor = Actor(user)  # type: ignore[attr-defined]
        zone = user.time_zone if isinstance(user, User) else ""
        try:
            timezone.activate(zoneinfo.ZoneInfo(zone or "UTC"))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            timezone.activate(zoneinfo.ZoneInfo("UTC"))
        try:
            with coming_by(PERSON):
                return self.get_response(request)
        finally:
            timezone.deactivate()
