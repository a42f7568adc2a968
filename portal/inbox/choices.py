"""How a person wants to be told, and when the next digest is due: defaults where they chose nothing. Pure but for the settings.

A day's digest is due from its hour on, by the person's clock, until the day ends; a week's until the week ends. So a worker
that was down at the hour sends it later, and one that comes back a day later doesn't send yesterday's.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.conf import settings

from portal.models import NotificationChoice, User

Kind = NotificationChoice.Digest
#: Where mail is configured and somebody chose nothing: every day at this hour, and only if something is unread.
DEFAULT_HOUR = 8
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Choices:
    """What holds for a person."""

    hidden: frozenset[str]
    unmailed: frozenset[str]
    digest: str
    weekday: int
    hour: int
    since: datetime


def choices_of(user: User, chosen: NotificationChoice | None) -> Choices:
    """Theirs, or the defaults: all kinds, and a daily digest where this installation sends mail."""
    if chosen is None:
        digest = Kind.DAILY if settings.PLUMBLINE.mail else Kind.OFF
        return Choices(frozenset(), frozenset(), digest, 0, DEFAULT_HOUR, user.date_joined)
    return Choices(
        frozenset(chosen.hidden), frozenset(chosen.unmailed), chosen.digest, chosen.weekday, chosen.hour, chosen.changed_at
    )  # fmt: skip


def zone_of(user: User) -> zoneinfo.ZoneInfo:
    """The person's time zone; UTC for one that there is no more."""
    try:
        return zoneinfo.ZoneInfo(user.time_zone or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def due_period(choices: Choices, zone: zoneinfo.ZoneInfo, now: datetime) -> str:
    """The day or week whose digest is due now; empty for none."""
    local = now.astimezone(zone)
    if choices.digest == Kind.DAILY:
        day, period = local.date(), f"{local:%Y-%m-%d}"
    elif choices.digest == Kind.WEEKLY:
        day = local.date() - timedelta(days=local.weekday() - choices.weekday)
        year, week, _ = local.isocalendar()
        period = f"{year}-W{week:02d}"
    else:
        return ""
    moment = datetime.combine(day, time(choices.hour), zone).astimezone(UTC)
    return period if choices.since <= moment <= now else ""
