"""Digests by mail: who is due one, claimed once for a person and a period, then made of what waits and is unread.

The row is written before the mail is sent, and no two processes can write the same. A mail that the server refused is tried
again; a process that is killed while it sends leaves that one digest unsent, since a second copy would be worse: what waits is in
the inbox all the same, and in the next digest. Owns the claims. Never says what waits: the inbox's sources do.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.urls import reverse

from orchestration import clock
from portal.inbox.choices import choices_of, due_period, zone_of
from portal.inbox.sources import Item
from portal.models import Digest, NotificationChoice, ReadMark, User
from portal.selectors.inbox import items_of

log = structlog.get_logger(__name__)

#: Seconds from a refusal to the next attempt; after the last of them it is over.
SCHEDULE = (60, 5 * 60, 30 * 60, 2 * 3600)
KEPT = timedelta(days=60)
#: Lines of a mail; the inbox has the rest.
MOST_LINES = 30


def anything_due() -> bool:
    """Whether a round would find something."""
    return settings.PLUMBLINE.mail is not None and next(_due(clock.now()), None) is not None


def send_due(most: int = 50) -> int:
    """One round; how many mails were handed to the server. Harmless when several run at once."""
    if settings.PLUMBLINE.mail is None:
        return 0
    sent = 0
    for user, period in list(_due(clock.now()))[:most]:
        digest = _claim(user, period)
        if digest is None:
            continue
        try:
            sent += _send(user, digest)
        except Exception as error:  # one person's must not end everybody's; nothing has left yet, so it is tried again
            log.exception("digest.failed", digest=digest.pk)
            _again(digest, error)
    Digest.objects.filter(began_at__lt=clock.now() - KEPT).delete()
    return sent


def _due(now: datetime) -> Iterator[tuple[User, str]]:
    """People with an address whose digest of this period nobody has begun, or was refused and may be tried again."""
    people = User.objects.filter(is_active=True).exclude(email="").select_related("notification_choice").order_by("pk")
    begun = {
        (user, period): next_at
        for user, period, next_at in Digest.objects.filter(began_at__gte=now - timedelta(days=9)).values_list(
            "user_id", "period", "next_at"
        )
    }
    for user in people.iterator(500):
        chosen: NotificationChoice | None = getattr(user, "notification_choice", None)
        period = due_period(choices_of(user, chosen), zone_of(user), now)
        if not period:
            continue
        next_at = begun.get((user.pk, period), now)
        if next_at is not None and next_at <= now:
            yield user, period


def _claim(user: User, period: str) -> Digest | None:
    """The row, ours alone; None where somebody else has it."""
    now = clock.now()
    try:
        with transaction.atomic():
            return Digest.objects.create(user=user, period=period, began_at=now, attempts=1)
    except IntegrityError:
        pass
    digest = Digest.objects.filter(user=user, period=period, next_at__lte=now).first()
    if digest is None:
        return None
    still = Digest.objects.filter(pk=digest.pk, next_at=digest.next_at)
    digest.attempts += 1
    return digest if still.update(next_at=None, attempts=digest.attempts) else None


def _send(user: User, digest: Digest) -> bool:
    chosen = NotificationChoice.objects.filter(user=user).first()
    choices = choices_of(user, chosen)
    items = items_of(user, choices.unmailed | choices.hidden)
    read = set(ReadMark.objects.filter(user=user, key__in=[item.key for item in items]).values_list("key", flat=True))
    unread = [item for item in items if item.key not in read]
    row = Digest.objects.filter(pk=digest.pk)
    if not unread:
        return False
    try:
        _message(user, digest, unread).send()
    except (OSError, smtplib.SMTPException, ValueError) as error:  # ValueError: an address with a line break
        _again(digest, error)
        return False
    row.update(items=len(unread), error="")
    return True


def _again(digest: Digest, error: Exception) -> None:
    over = digest.attempts > len(SCHEDULE)
    next_at = None if over else clock.now() + timedelta(seconds=SCHEDULE[digest.attempts - 1])
    told = f"{type(error).__name__}: {error}"[:200]
    Digest.objects.filter(pk=digest.pk).update(next_at=next_at, error=told)
    log.warning("digest.refused", digest=digest.pk, attempts=digest.attempts, over=over, error=told)


def _message(user: User, digest: Digest, items: list[Item]) -> EmailMessage:
    where = next(iter(settings.CSRF_TRUSTED_ORIGINS), "")  # the portal's own address, where it was configured
    lines = [f"{len(items)} {'thing waits' if len(items) == 1 else 'things wait'} for you in Plumbline.", ""]
    for item in items[:MOST_LINES]:
        lines += [f"* {_line(item.title)}", f"  {where}{item.url}", ""]
    if len(items) > MOST_LINES:
        lines += [f"… and {len(items) - MOST_LINES} more.", ""]
    lines += [f"All of it: {where}{reverse('inbox')}", f"When and what is mailed: {where}{reverse('preferences')}"]
    subject = f"[Plumbline] {len(items)} waiting: {_line(items[0].title)}"
    return EmailMessage(
        subject=subject[:150], body="\n".join(lines), to=[user.email],
        headers={"Message-ID": f"<digest-{digest.pk}@plumbline>", "Auto-Submitted": "auto-generated"},
    )  # fmt: skip


def _line(text: str) -> str:
    """On one line: titles are people's."""
    return " ".join(text.split())
