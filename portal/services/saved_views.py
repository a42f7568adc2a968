"""Saving a list's filters as a view: named, bounded, for oneself or a team.

Owns those bounds. Never decides who may: `require_change` asks the actor.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from django.db import IntegrityError, transaction

from orchestration.errors import Conflict, Forbidden, InvalidInput, Violation
from orchestration.models import Team
from orchestration.services.governed import delete, hold, save
from portal.models import SavedView, User
from portal.permissions import Actor, Verb

#: Lists that have filters, by the name of their URL, and what they are called.
PAGES = {
    "runs": "Runs", "alerts": "Alerts", "workflows": "Workflows", "dependencies": "Dependencies", "objectives": "Objectives",
    "contracts": "Contracts", "changes": "Changes", "audit": "Audit", "decisions": "Decisions", "runbooks": "Runbooks",
    "search": "Search",
}  # fmt: skip
MOST_OWN, MOST_OF_TEAM = 50, 100
LONGEST_NAME, LONGEST_QUERY, MOST_FILTERS = 60, 1000, 30
#: Where one is within a list is no part of a view of it.
_PLACES = frozenset({"page", "cursor", "live", "seen"})


def settled(query: str) -> str:
    """The filters of an address: without empty ones, and without the place in the list. Raises InvalidInput for too much."""
    try:
        pairs = parse_qsl(query.lstrip("?"), max_num_fields=MOST_FILTERS)
    except ValueError:
        raise InvalidInput(f"the list has more than {MOST_FILTERS} filters; take some off, then save it") from None
    kept = [(name, value.replace("\x00", "").strip()) for name, value in pairs if name not in _PLACES]
    text = urlencode([(name, value) for name, value in kept if value], errors="replace")
    if len(text) > LONGEST_QUERY:
        raise InvalidInput(
            f"the filters have {len(text):,} characters; the limit is {LONGEST_QUERY:,}. Shorten one, then save"
        )
    return text


def save_view(*, page: str, name: str, query: str, team: Team | None, actor: User) -> SavedView:
    """Save a list as it is filtered. Raises InvalidInput, Conflict for a name that is taken or too many."""
    if page not in PAGES:
        raise InvalidInput(f"{page[:40]!r} is no list whose filters can be saved; there are {', '.join(PAGES)}")
    view = SavedView(page=page, name=_checked(name), query=settled(query), owner=actor, team=team)
    with transaction.atomic():
        hold()  # so that two at once are counted one after the other
        most = MOST_OWN if team is None else MOST_OF_TEAM
        there = (
            SavedView.objects.filter(owner=actor, team=None) if team is None else SavedView.objects.filter(team=team)
        )
        if there.count() >= most:
            whose = "you have" if team is None else f"{team.name} has"
            raise Conflict(f"{whose} {most} views; delete one that nobody opens, then save this one")
        _store(view, actor, "saved as a view")
    return view


def rename_view(*, view: SavedView, name: str, actor: User, reason: str = "renamed") -> SavedView:
    """Another name. Raises InvalidInput, Conflict."""
    view.name = _checked(name)
    _store(view, actor, reason)
    return view


def delete_view(*, view: SavedView, actor: User) -> None:
    """Delete it; the list stays as it is."""
    delete(view, actor=actor, reason="deleted by a person")


def require_change(actor: Actor, view: SavedView) -> None:
    """Raise Forbidden unless they may rename and delete it: their own, or one of a team for which they operate."""
    if view.team is not None:
        actor.require(Verb.OPERATE, view.team)
    elif view.owner_id != actor.user.pk:
        raise Forbidden("this view is somebody else's")


def _store(view: SavedView, actor: User, reason: str) -> None:
    try:
        with transaction.atomic():
            save(view, actor=actor, reason=reason)
    except IntegrityError:
        whose = "you have" if view.team is None else f"{view.team.name} has"
        text = f"{whose} a view {view.name!r} of this list already; choose another name"
        raise InvalidInput(text, [Violation("/name", text)]) from None


def _checked(name: str) -> str:
    text = " ".join(name.replace("\x00", "").split())
    if not text or len(text) > LONGEST_NAME:
        text = f"a name of 1 to {LONGEST_NAME} characters says what the view shows"
        raise InvalidInput(text, [Violation("/name", text)])
    return text
