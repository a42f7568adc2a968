"""`{% saved_views "runs" %}`: the chips above a list. Owns how they look at this moment: which one is open, what may be saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse

from orchestration.errors import InvalidInput
from portal.models import SavedView
from portal.permissions import Actor, Verb
from portal.selectors.saved_views import views_of
from portal.services.saved_views import settled

register = template.Library()


@dataclass(frozen=True, slots=True)
class Row:
    """One chip."""

    view: SavedView
    url: str
    is_current: bool
    may_change: bool
    icon: str


@register.inclusion_tag("components/saved_views.html", takes_context=True)
def saved_views(context: Mapping[str, Any], page: str) -> dict[str, Any]:
    """What this reader sees of the list's views. Wants the request in the context."""
    actor: Actor = context["request"].actor
    try:
        query = settled(context["request"].META.get("QUERY_STRING", ""))
    except InvalidInput:
        query = ""  # too much to save; the list itself says what is wrong with it
    views = views_of(actor, page)
    rows = [
        Row(
            view, f"{reverse(page)}?{view.query}" if view.query else reverse(page), view.query == query,
            view.owner_id == actor.user.pk if view.team is None else actor.may(Verb.OPERATE, view.team),
            "user" if view.team is None else "team",
        )
        for view in views
    ]  # fmt: skip
    may_save = bool(query) and not any(row.is_current for row in rows)
    return {
        "rows": rows,
        "new_url": f"{reverse('saved-view-new')}?{urlencode({'page': page, 'query': query})}" if may_save else "",
    }
