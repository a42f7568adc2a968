"""What people do with their inbox: mark items as read, and say how they want to be told. Never touches what waits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction

from orchestration import clock
from orchestration.errors import InvalidInput, Violation
from orchestration.services.governed import hold, save
from portal.inbox.choices import WEEKDAYS
from portal.inbox.sources import sources
from portal.models import NotificationChoice, ReadMark, User
from portal.selectors.inbox import items_of

#: Marks of what has not been in the inbox for so long are of no more use.
KEPT = timedelta(days=180)


def mark_read(*, user: User, keys: Collection[str] | None = None) -> int:
    """Mark these items as read, or all that wait; how many. What is no item of theirs is passed over."""
    there = [item.key for item in items_of(user, ()) if keys is None or item.key in keys]
    now = clock.now()
    with transaction.atomic():
        ReadMark.objects.bulk_create(
            [ReadMark(user=user, key=key, read_at=now) for key in there], ignore_conflicts=True
        )
        ReadMark.objects.filter(user=user, read_at__lt=now - KEPT).exclude(key__in=there).delete()
    return len(there)


def mark_unread(*, user: User, key: str) -> None:
    """Take the mark off."""
    ReadMark.objects.filter(user=user, key=key).delete()


def choose(
    *, user: User, hidden: Collection[str], unmailed: Collection[str], digest: str, weekday: int, hour: int, actor: User,
    reason: str,
) -> NotificationChoice:  # fmt: skip
    """Say how they want to be told. Raises InvalidInput for what can't be chosen."""
    known = sources.words
    faults = [Violation("/kinds", f"{kind[:40]!r} is no kind of item") for kind in {*hidden, *unmailed} - set(known)]
    if digest not in NotificationChoice.Digest.values:
        faults.append(Violation("/digest", f"{digest[:40]!r} is none of {', '.join(NotificationChoice.Digest.values)}"))
    if not 0 <= weekday < len(WEEKDAYS) or not 0 <= hour < 24:
        faults.append(Violation("/hour", "choose a weekday from 0 (Monday) to 6 and an hour from 0 to 23"))
    if faults:
        raise InvalidInput("; ".join(fault.message for fault in faults), faults)
    with transaction.atomic():
        hold()
        chosen = NotificationChoice.objects.filter(user=user).first() or NotificationChoice(user=user)
        chosen.hidden, chosen.unmailed = sorted(hidden), sorted(unmailed)
        chosen.digest, chosen.weekday, chosen.hour, chosen.changed_at = digest, weekday, hour, clock.now()
        save(chosen, actor=actor, reason=reason)
    return chosen
