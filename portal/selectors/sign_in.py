"""How long a throttled sign-in has to wait. Reads the failures that portal/sign_in.py counts; never counts itself."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from portal.models import SignInFailure
from portal.sign_in import ADDRESS_FACTOR, WINDOW


def wait_before_next_try(username: str, address: str | None) -> timedelta | None:
    """Until a try is looked at again; None when it is looked at now. The same whether or not the name exists."""
    now, limit = timezone.now(), settings.PLUMBLINE.sign_in_limit
    recent = SignInFailure.objects.filter(at__gt=now - WINDOW).order_by("-at")
    counted = [(recent.filter(username=username[:150]), limit)]
    if address is not None:
        counted.append((recent.filter(address=address), limit * ADDRESS_FACTOR))
    waits = []
    for rows, most in counted:
        # the try is open again as soon as the oldest of the newest `most` failures leaves the window
        deciding = rows.values_list("at", flat=True)[most - 1 : most].first()
        if deciding is not None:
            waits.append(deciding + WINDOW - now)
    return max(waits, default=None)
