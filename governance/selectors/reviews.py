"""What the gate and the pages ask of a change alike: which reviews count, and whose it is by now. Never writes."""

from __future__ import annotations

from collections import Counter

from governance.models import Change, Review
from orchestration.models import Team, Workflow


def counted(change: Change) -> list[Review]:
    """Reviews of the content as it is now; those before it no longer count."""
    return [one for one in change.reviews.all() if one.content_hash == change.content_hash]


def approvals(change: Change) -> Counter[int]:
    """How many have approved what it says now, by team."""
    return Counter(one.team_id for one in counted(change) if one.vote == Review.Vote.APPROVE)


def owner_now(change: Change) -> Team:
    """Whose the object is by now: it may have gone to another team while the change waited, and its powers with it."""
    if change.version is not None:
        return change.version.contract.owner
    found = Workflow.objects.select_related("owner").filter(name=change.name).first()
    return found.owner if found is not None else change.owner
