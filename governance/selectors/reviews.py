"""The reviews of a change that count. Owns that one question, which the gate and the pages ask alike. Never writes."""

from __future__ import annotations

from governance.models import Change, Review


def counted(change: Change) -> list[Review]:
    """Reviews of the content as it is now; those before it no longer count."""
    return [one for one in change.reviews.all() if one.content_hash == change.content_hash]
