"""What a list of documents offers for the chosen ones: the bar below it, with what this reader may do to many at once.

Owns that offer, reading what the bar sends, and the same as a form where it can't be done. Never changes anything: bulk.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from governance.selectors.bulk import EXPORTED
from governance.services.bulk import Target
from governance.services.bulk_nouns import OWNER, REVIEW_BY, STATUS, find_noun
from orchestration.errors import InvalidInput, Violation
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.bulk_words import status_word
from portal.views.document_forms import as_sentence


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


class ChoiceForm(forms.Form):
    """What the bar sent, to be corrected: what is to be done, and with which documents."""

    do = forms.ChoiceField(label="What to do")
    day = forms.DateField(label="Review by", required=False, widget=forms.DateInput({"type": "date"}))
    chosen = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)

    def __init__(self, bar: Bar, targets: Sequence[Target], data: QueryDict) -> None:
        noun = find_noun(bar.kind)
        titles = noun.titles(target.key for target in targets)
        chosen = [
            (f"{target.key}:{target.revision}", titles.get(target.key, f"{bar.kind} {target.key}".capitalize()))
            for target in targets
        ]
        sent = {"do": [data.get("do", "")], "day": [data.get("day", "")], "chosen": [value for value, _ in chosen]}
        super().__init__(MultiValueDict(sent))
        groups = [
            ("Set the owner to", [(f"{OWNER}:{value}", f"Owner: {word}") for value, word in bar.owners]),
            ("Set the status to", [(f"{STATUS}:{value}", f"Status: {word}") for value, word in bar.statuses]),
            ("Set the review date", [(REVIEW_BY, "Review by …")] if bar.has_review else []),
        ]
        self._offer("do", [("", "What to do …"), *((name, offer) for name, offer in groups if offer)])
        self._offer("chosen", chosen)
        self.fields["chosen"].label = f"{bar.kind}s".capitalize()
        self.fields["day"].required = data.get("do") == REVIEW_BY
        if not bar.has_review:
            del self.fields["day"]

    def accuse(self, error: InvalidInput) -> None:
        """Put what can't be done where it was chosen, instead of what the field itself would say of it."""
        place = "day" if "day" in self.fields and self.data["do"] == REVIEW_BY else "do"
        self.errors[place] = self.error_class([as_sentence(str(error))])

    def _offer(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        offered = self.fields[name]
        assert isinstance(offered, forms.ChoiceField)
        offered.choices = choices


def _target(text: str) -> Target:
    key, _, revision = text.rpartition(":")
    if not (key and revision.isascii() and revision.isdigit() and len(revision) < 10):
        raise InvalidInput(f"{text[:60]!r} is no document with its revision; choose on the list")
    return Target(key, int(revision))
