"""The page on which somebody says what a decision supersedes, amends and relates to, and takes that back. Thin.

Owns the form's flow: looking for decisions by number or title keeps what was ticked and typed. Never decides what may be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from governance.models import Decision
from governance.selectors.decision_files import is_as_imported, relations_of
from governance.selectors.decisions import DecisionFilter, decisions, find_decision, with_numbers
from governance.services.documents import EditConflict
from governance.services.relations import ADDED, SUPERSEDES, Named, relate
from orchestration.errors import Forbidden, InvalidInput, Violation
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.words import decision_look
from portal.views import documents
from portal.views.document_forms import ReasonForm

MOST_FOUND = 10
WORDS = {"supersedes": "Supersedes", "amends": "Amends", "relates": "Relates to", "amended_by": "Amended by"}
#: Faults of what is to be added; they are shown where it was looked for.
ADDING = ("/add", "/supersedes")


class RelationsForm(ReasonForm):
    """Why, and what decisions are looked for. What is ticked is read beside it: those are rows, no fields."""

    q = forms.CharField(label="Decisions", required=False)


@login_required
@require_http_methods(["GET", "POST"])
def relations(request: HttpRequest, number: int) -> HttpResponse:
    """What it relates to now, what is to be taken away, and what is to be added."""
    found, actor = find_decision(number), actor_of(request)
    actor.require(Verb.MAINTAIN, found.owner)
    if request.method == "GET" or "find" in request.POST:
        return _page(request, found, RelationsForm(initial={"reason": request.POST.get("reason", "")}))
    form, status = RelationsForm(request.POST), 422
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
            for fault in error.violations or [Violation("", str(error))]:
                form.add_error("q" if fault.pointer in ADDING else None, _sentence(fault.message))
        except Forbidden as error:  # of the other end's team: its own was asked above
            form.add_error("q" if _added(request) else None, f"{error}.")
            status = 403
    return _page(request, find_decision(number), form, status=status)


def _page(request: HttpRequest, found: Decision, form: RelationsForm, *, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    ticked = [one.number for one in _added(request)]
    query = request.POST.get("q", "").replace("\x00", "").strip()[:200]
    matches = decisions(DecisionFilter(q=query), limit=MOST_FOUND + 1).items if query else []
    others = [row for row in matches if row.number not in {found.number, *ticked}][:MOST_FOUND]
    removed = set(request.POST.getlist("remove"))
    context = {
        **documents.frame(request, found),
        "form": form,
        "present": [
            {**row, "ticked": row["value"] in removed, "may": actor.may(Verb.MAINTAIN, row["decision"].owner)}
            for row in _present(found)
        ],
        "kinds": [(kind, WORDS[kind]) for kind in ADDED],
        "kind": request.POST.get("kind", "relates"),
        "query": query,
        "offered": [
            (row, decision_look(row.status), row.number in ticked, actor.may(Verb.MAINTAIN, row.owner))
            for row in (*with_numbers(ticked), *others)
        ],
        "nothing": bool(query) and not others,
    }
    return render(request, "decisions/relations.html", context, status=status)


def _present(found: Decision) -> list[dict[str, Any]]:
    """Each relation that it has, and whether it can be taken away here."""
    superseded = found.supersedes.order_by("number").select_related("owner", "source").defer("source__text")
    rows = [
        {
            "value": f"{SUPERSEDES}:{old.number}", "label": WORDS[SUPERSEDES], "decision": old,
            "by_file": is_as_imported(old),
        }
        for old in superseded
    ]  # fmt: skip
    return rows + [
        {
            "value": f"{row.kind}:{row.decision.number}", "label": row.label, "decision": row.decision,
            "by_file": not row.by_hand,
        }
        for row in relations_of(found)
    ]  # fmt: skip


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


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
