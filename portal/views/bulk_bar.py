"""What a list of documents offers for the chosen ones: the bar below it, with what this reader may do to many at once.

Owns that offer, and reading what the bar sends. Never changes anything: bulk.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from governance.selectors.bulk import EXPORTED
from governance.services.bulk import Target
from governance.services.bulk_nouns import OWNER, REVIEW_BY, STATUS, find_noun
from orchestration.errors import InvalidInput, Violation
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.bulk_words import status_word


@dataclass(frozen=True, slots=True)
class Bar:
    """What may be chosen there; `query` is the list's own, to come back to."""

    kind: str
    owners: list[tuple[str, str]]
    statuses: list[tuple[str, str]]
    has_review: bool
    may_export: bool
    query: str


def bar(request: HttpRequest, kind: str, teams: Sequence[Team]) -> Bar | None:
    """The bar of that list; None where this reader can do nothing to several. `teams`: whose documents they may edit."""
    noun, may_export = find_noun(kind), kind in EXPORTED
    if not teams and not may_export:
        return None
    owners = [(team.name, team.name) for team in teams]
    if not noun.has_owner and actor_of(request).may(Verb.MAINTAIN):
        owners.insert(0, ("", "everybody"))
    statuses = [(str(status), status_word(kind, status)) for status in noun.statuses] if teams else []
    has_review = bool(teams) and REVIEW_BY in noun.fields
    return Bar(kind, owners, statuses, has_review, may_export, request.GET.urlencode())


def chosen(data: QueryDict) -> list[Target]:
    """The documents whose boxes are ticked: all that were shown, where the one above them is. Raises InvalidInput."""
    return [_target(text) for text in dict.fromkeys(data.getlist("shown" if "all" in data else "chosen"))]


def asked(data: QueryDict) -> tuple[str, str]:
    """Field and value that the bar sends: `owner:checkout`, `status:retired`, or `review_by` with a day beside it."""
    field, _, value = data.get("do", "").partition(":")
    if field not in {OWNER, STATUS, REVIEW_BY}:
        text = "choose what is to be done with them"
        raise InvalidInput(text, [Violation("/do", text)])
    return field, data.get("day", "") if field == REVIEW_BY else value


def _target(text: str) -> Target:
    key, _, revision = text.rpartition(":")
    if not (key and revision.isascii() and revision.isdigit() and len(revision) < 10):
        raise InvalidInput(f"{text[:60]!r} is no document with its revision; choose on the list")
    return Target(key, int(revision))
