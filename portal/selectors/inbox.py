"""A person's inbox as it is at this moment: what waits, and what of it they have read. Never writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from governance.selectors.runbooks import today
from orchestration import clock
from orchestration.models import Membership
from portal.inbox.choices import Choices, choices_of
from portal.inbox.sources import Item, Who, sources
from portal.models import NotificationChoice, ReadMark, User


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item, and whether it was read."""

    item: Item
    is_read: bool


def inbox_of(user: User) -> list[Waiting]:
    """Everything that waits for them and that they want to see, unread first, by urgency of its kind and then the oldest."""
    items = items_of(user, choices_for(user).hidden)
    read = set(ReadMark.objects.filter(user=user, key__in=[item.key for item in items]).values_list("key", flat=True))
    waiting = [Waiting(item, item.key in read) for item in items]
    return sorted(waiting, key=lambda one: one.is_read)  # stable: the order of the sources stays


def unread_count(user: User) -> int:
    """For the bell."""
    return sum(not one.is_read for one in inbox_of(user))


def items_of(user: User, without: Collection[str]) -> list[Item]:
    """What waits for them, but for these kinds."""
    team_ids = frozenset(Membership.objects.filter(user=user).values_list("team_id", flat=True))
    who = Who(user, team_ids, clock.now(), today())
    return [item for source in sources if source.kind not in without for item in source.items(who)]


def choices_for(user: User) -> Choices:
    """How they want to be told."""
    return choices_of(user, NotificationChoice.objects.filter(user=user).first())


def age(moment: datetime | date | None) -> datetime | None:
    """Since when, as a moment; a date is its beginning."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
