"""Comments on a change, or on one of its findings, with answers one level deep. Never deleted and never edited."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.gate import telling
from governance.models import Change, Comment
from orchestration import clock
from orchestration.errors import InvalidInput, NotFound
from orchestration.services.governed import hold

LONGEST = 10_000


def comment(*, change: Change, person: Any, text: str, finding: str = "", parent: int | None = None) -> Comment:
    """Say something, whatever has become of the change. Raises InvalidInput, NotFound for a parent elsewhere."""
    text = text.strip()
    if not text:
        raise InvalidInput("a comment says something; this one is empty")
    if len(text) > LONGEST:
        raise InvalidInput(f"the comment has {len(text):,} characters; the limit is {LONGEST:,}")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput("the comment has a character that no database here can hold; remove it")
    above = None
    if parent is not None:
        above = Comment.objects.filter(change=change, pk=parent).first()
        if above is None:
            raise NotFound(f"change {change.pk} has no comment {parent}")
        above = above.parent or above  # an answer to an answer joins its thread
        finding = above.finding
    known = {one["fingerprint"] for one in change.report.get("findings", [])}
    if finding and above is None and finding not in known:
        raise InvalidInput("the change has no such finding any more; comment on the change as a whole")
    with transaction.atomic():
        hold()
        said = Comment.objects.create(
            change=change, author=person, text=text, finding=finding, parent=above, at=clock.now()
        )
        telling.tell(change, "change.commented", person, text[:200])
    return said
