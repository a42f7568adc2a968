"""Drafts: kept while somebody types, offered when they come back, gone when they save. A person sees their own alone.

Not governed: a draft is nobody's word yet. Owns the limits. Never writes a document.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from orchestration.errors import InvalidInput
from portal.models import Draft, User

#: Characters of all fields together: a text of the longest kind, and its form.
LONGEST = 250_000
#: Drafts of one person; the oldest make room.
MOST = 50
#: Never kept: what a form sends beside what was typed.
NOT_TYPED = frozenset({"csrfmiddlewaretoken", "preview"})


def keep(*, user: User, place: str, fields: Mapping[str, list[str]]) -> Draft:
    """Keep what was typed, instead of what was kept for that page before. Raises InvalidInput."""
    if not (place.startswith("/") and len(place) <= 200 and place.isprintable()):
        raise InvalidInput("the place of a draft is the path of the page on which it was typed")
    typed = {name: values for name, values in fields.items() if name not in NOT_TYPED}
    size = sum(len(name) + sum(map(len, values)) for name, values in typed.items())
    if size > LONGEST or len(typed) > 100:
        raise InvalidInput(f"the draft has {size:,} characters; {LONGEST:,} are kept at most. Save it in parts")
    if any("\x00" in text for name, values in typed.items() for text in (name, *values)):
        raise InvalidInput("the draft has the character U+0000, which no database here can hold; remove it")
    with transaction.atomic():
        draft, _ = Draft.objects.update_or_create(
            user=user, place=place, defaults={"fields": typed, "saved_at": timezone.now()}
        )
        old = Draft.objects.filter(user=user).order_by("-saved_at").values_list("pk", flat=True)[MOST:]
        Draft.objects.filter(pk__in=list(old)).delete()
    return draft


def draft_for(user: User, place: str) -> Draft | None:
    """What this person was typing on that page, if anything."""
    return Draft.objects.filter(user=user, place=place).first()


def discard(*, user: User, place: str) -> None:
    """It was saved, or is not wanted any more."""
    Draft.objects.filter(user=user, place=place).delete()
