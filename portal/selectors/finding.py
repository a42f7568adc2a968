"""Search as somebody in particular may use it, and what else a pasted text may name. Never writes."""

from __future__ import annotations

import uuid

from governance.selectors.search import Reader
from orchestration.models import Run, Team
from portal.permissions import Actor


def reader_of(actor: Actor) -> Reader:
    """What they may find: all that everybody reads, and what is restricted to teams that they belong to."""
    mine = set(actor.roles())
    bound = actor.token.team_id if actor.token is not None else None
    if actor.user.is_admin and bound is None:
        return Reader(None)
    if bound is not None:
        mine = {bound} if actor.user.is_admin else mine & {bound}
    return Reader(frozenset(Team.objects.filter(pk__in=mine).values_list("name", flat=True)) if mine else frozenset())


def run_named(text: str) -> Run | None:
    """The run whose id this is. Runs are not searched by words, but ids are pasted."""
    try:
        wanted = uuid.UUID(text.strip()[:50])
    except ValueError:
        return None
    return Run.objects.select_related("workflow").only("pk", "workflow__name").filter(pk=wanted).first()
