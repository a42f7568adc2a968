"""Sign-in with a limit on failures: per name and per address, over a quarter of an hour, shared by all web processes.

Owns the counting. Never tells a guesser whether the name exists: the refusal is the same either way.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from portal.models import SignInFailure, User

WINDOW = timedelta(minutes=15)
#: Many people may share one address; a name is one person.
ADDRESS_FACTOR = 10


def address_of(request: HttpRequest | None) -> str | None:
    """Where the try comes from: behind a proxy of ours, the address that this proxy saw and appended last."""
    if request is None:
        return None
    if settings.PLUMBLINE.proxy_https:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        try:
            return str(ipaddress.ip_address(seen))
        except ValueError:
            pass  # no such header, or not an address: the connection's own
    address: str | None = request.META.get("REMOTE_ADDR")
    return address


def is_throttled(username: str, address: str | None) -> bool:
    """Whether so many tries failed lately that this one is not looked at."""
    limit = settings.PLUMBLINE.sign_in_limit
    recent = SignInFailure.objects.filter(at__gt=timezone.now() - WINDOW)
    if recent.filter(username=username[:150]).count() >= limit:
        return True
    return address is not None and recent.filter(address=address).count() >= limit * ADDRESS_FACTOR


class ThrottledBackend(ModelBackend):
    """Django's own backend behind the limit."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person, or None. Raises PermissionDenied (sign-in refused) when throttled."""
        name, address = username or "", address_of(request)
        if is_throttled(name, address):
            raise PermissionDenied
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if isinstance(user, User):
            SignInFailure.objects.filter(username=name).delete()
            return user
        SignInFailure.objects.filter(Q(at__lt=timezone.now() - WINDOW)).delete()
        SignInFailure.objects.create(username=name[:150], address=address)
        return None
