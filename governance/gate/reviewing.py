"""A vote: checked, recorded and counted in one transaction. The vote that completes the reviews does what was asked.

Owns the refusals. Who may vote is standing.py's, what the votes come to settling.py's.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.gate import telling
from governance.gate.refusing import not_now, require_asked, require_seen
from governance.gate.settling import locked, settle
from governance.gate.standing import Standing, standing
from governance.models import Change, Review
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Team
from orchestration.services.governed import require_reason, save


def review(*, change: Change, person: Any, team: Team, vote: str, reason: str, seen: str) -> Change:
    """Record a vote. Raises Conflict for a change that is over or was edited since `seen`, Forbidden, InvalidInput."""
    reason = require_reason(reason)
    if vote not in Review.Vote.values:
        raise InvalidInput(f"vote {vote!r}: there are {', '.join(Review.Vote.values)}")
    with transaction.atomic():
        current = locked(change)
        has_expired = current.state == Change.State.EXPIRED
        if not has_expired:
            quality = _refuse_unfit(current, person, team, seen)
            Review.objects.create(
                change=current, team=team, person=person, vote=vote, reason=reason, content_hash=current.content_hash,
                for_person=quality.for_person, stand_in=quality.stand_in, at=clock.now(),
            )  # fmt: skip
            telling.tell(current, "change.reviewed", person, reason, vote=vote, team=team.name)
            _count(current, person, vote, reason)
    if has_expired:  # outside, so that its ending is kept
        raise Conflict(f"change {change.pk} has expired; ask anew")
    return current


def _refuse_unfit(change: Change, person: Any, team: Team, seen: str) -> Standing:
    if change.state != Change.State.OPEN:
        raise not_now(change, "it takes no reviews")
    require_seen(change, seen)
    require_asked(change, team)
    quality = standing(change, person, team)
    mine = change.reviews.filter(content_hash=change.content_hash)
    if mine.filter(person=person).exists() or mine.filter(for_person=person).exists():
        raise Conflict("you have reviewed this already: a person counts once, for one team")
    return quality


def _count(change: Change, person: Any, vote: str, reason: str) -> None:
    if vote == Review.Vote.REQUEST_CHANGES:
        change.state = Change.State.CHANGES_REQUESTED
        save(change, actor=person, reason=reason)
        return
    settle(change, person, reason, rejected=vote == Review.Vote.REJECT)
