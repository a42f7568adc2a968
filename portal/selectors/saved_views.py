"""Reads of saved views: those of a list that a reader sees, and one of theirs. Never writes."""

from __future__ import annotations

from django.db.models import Q

from orchestration.errors import NotFound
from portal.models import SavedView
from portal.permissions import Actor


def views_of(actor: Actor, page: str) -> list[SavedView]:
    """Their own of this list and those of their teams, by name. One query, when the actor's roles are known."""
    theirs = Q(owner=actor.user) | Q(team__in=list(actor.roles()))
    return list(SavedView.objects.filter(theirs, page=page).select_related("team").order_by("name", "pk"))


def find_view(actor: Actor, number: int) -> SavedView:
    """One of theirs or of a team. Raises NotFound, also for somebody else's own: its name is nobody's business."""
    known = Q(owner=actor.user) | Q(team__isnull=False)
    found = SavedView.objects.select_related("team", "owner").filter(known, pk=number).first()
    if found is None:
        raise NotFound(f"you have no saved view {number}")
    return found
