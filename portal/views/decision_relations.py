"""The page on which somebody says what a decision supersedes, amends and relates to, and takes that back. Thin.

Owns the form's flow: looking for decisions by number or title keeps what was ticked and typed. Never decides what may be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from governance.models import Decision
from governance.selectors.decision_files import relations_of
from governance.selectors.decisions import DecisionFilter, decisions, find_decision, with_numbers
from governance.services.documents import EditConflict
from governance.services.relations import ADDED, SUPERSEDES, Named, relate
from orchestration.errors import InvalidInput
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.words import decision_look
from portal.views import documents
from portal.views.document_forms import ReasonForm

MOST_FOUND = 10
WORDS = {"supersedes": "Supersedes", "amends": "Amends", "relates": "Relates to", "amended_by": "Amended by"}


@login_required
@require_http_methods(["GET", "POST"])
def relations(request: HttpRequest, number: int) -> HttpResponse:
    """What it relates to now, what is to be taken away, and what is to be added."""
    found, actor = find_decision(number), actor_of(request)
    actor.require(Verb.MAINTAIN, found.owner)
    if request.method == "GET" or "find" in request.POST:
        return _page(request, found, ReasonForm(initial={"reason": request.POST.get("reason", "")}))
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            relate(
                decision=found, revision=_revision(request), add=_added(request), remove=_removed(request), actor=actor.user,
                require=lambda team: actor.require(Verb.MAINTAIN, team), reason=form.cleaned_data["reason"],
            )  # fmt: skip
            messages.success(request, "The relations are saved, on both ends.")
            return redirect("decision", number)
        except EditConflict as error:
            form.add_error(None, f"{error.current} was edited meanwhile; look again at what it relates to, below.")
        except InvalidInput as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return _page(request, find_decision(number), form, status=422)


def _page(request: HttpRequest, found: Decision, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    ticked = [one.number for one in _added(request)]
    query = request.POST.get("q", "").replace("\x00", "").strip()[:200]
    matches = decisions(DecisionFilter(q=query), limit=MOST_FOUND + 1).items if query else []
    others = [row for row in matches if row.number not in {found.number, *ticked}][:MOST_FOUND]
    removed = set(request.POST.getlist("remove"))
    context = {
        **documents.frame(request, found),
        "form": form,
        "present": [{**row, "ticked": row["value"] in removed} for row in _present(found)],
        "kinds": [(kind, WORDS[kind]) for kind in ADDED],
        "kind": request.POST.get("kind", "relates"),
        "query": query,
        "offered": [(row, decision_look(row.status), True) for row in with_numbers(ticked)]
        + [(row, decision_look(row.status), False) for row in others],
        "nothing": bool(query) and not others,
    }
    return render(request, "decisions/relations.html", context, status=status)


def _present(found: Decision) -> list[dict[str, Any]]:
    """Each relation that it has, and whether it can be taken away here."""
    rows = [
        {"value": f"{SUPERSEDES}:{old.number}", "label": WORDS[SUPERSEDES], "decision": old, "by_file": False}
        for old in found.supersedes.order_by("number").select_related("owner").defer("body", "front_matter")
    ]
    return rows + [
        {
            "value": f"{row.kind}:{row.decision.number}", "label": row.label, "decision": row.decision,
            "by_file": not row.by_hand,
        }
        for row in relations_of(found)
    ]  # fmt: skip


def _added(request: HttpRequest) -> list[Named]:
    kind = request.POST.get("kind", "")
    return [Named(kind, number) for number in _numbers(request.POST.getlist("add"))]


def _removed(request: HttpRequest) -> list[Named]:
    pairs = [text.partition(":") for text in request.POST.getlist("remove")]
    return [Named(kind, number) for kind, _, text in pairs for number in _numbers([text])]


def _numbers(texts: Sequence[str]) -> list[int]:
    for text in texts:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise InvalidInput(f"{text[:40]!r} is no number of a decision; choose one on the page")
    return list(dict.fromkeys(map(int, texts)))


def _revision(request: HttpRequest) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
