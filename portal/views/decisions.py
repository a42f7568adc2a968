"""The list of decisions, and the pages that write one. Thin: ask permission, read through selectors, write through services.

Never shows one: decision_reading.py does.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from governance.gate.decisions import submit
from governance.models import Change, Decision
from governance.selectors.confirmations import contradicted
from governance.selectors.decisions import DecisionFilter, decisions, find_decision, workflows_by
from governance.selectors.documents import Page
from governance.selectors.revisions import decision_text, relations_at
from governance.services.decisions import create_decision, edit_decision, restore_decision
from governance.services.documents import EditConflict, find_team
from governance.services.succession import DECIDED
from orchestration import clock
from orchestration.errors import InvalidInput
from orchestration.models import Team, Workflow
from orchestration.services.applying import Signature
from portal.dashboards.shared import shared
from portal.document_permissions import require_decision_write
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.confirmation_words import CONTRADICTED
from portal.presentation.words import decision_look
from portal.services.drafts import discard
from portal.views import document_lists as lists
from portal.views import documents
from portal.views.bulk_bar import bar
from portal.views.document_forms import DecisionForm, decision_initial, typed

FILTERS = ("q", "status", "owner", "workflow")
PER_PAGE = 50
SKELETON = """## Context and Problem Statement

## Decision Drivers

## Considered Options

## Decision Outcome

### Consequences

### Confirmation
"""


@login_required
@require_GET
def list_decisions(request: HttpRequest) -> HttpResponse:
    """All of them, newest number first."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given, problem = lists.given(request, FILTERS), ""
    teams = actor_of(request).teams_with(Verb.MAINTAIN)
    try:
        page = decisions(DecisionFilter(**given), cursor=request.GET.get("cursor", ""), limit=PER_PAGE)
    except InvalidInput as error:
        # The list still opens, with what was typed; nothing is shown, since a filter that is ignored would lie.
        problem, page = str(error), Page([], None)
    workflows = workflows_by(page.items)
    context = {
        "nav": "decisions",
        "rows": [(decision_look(row.status), row, workflows[row.pk]) for row in page.items],
        "given": given,
        "applied": lists.applied(given),
        "sentence": lists.sentence(given),
        "problem": problem,
        "is_first": "cursor" not in request.GET,
        "next_url": lists.next_url(given, page.next),
        "statuses": Decision.Status.choices,
        "contradicted": shared("decisions:contradicted", lambda: contradicted(now=clock.now())),
        "contradicted_look": CONTRADICTED,
        "owners": lists.offered(Team.objects.values_list("name", flat=True), given.get("owner")),
        "workflows": lists.offered(Workflow.objects.values_list("name", flat=True), given.get("workflow")),
        "may_create": bool(teams),
        "bulk": bar(request, "decision", teams),
    }
    return render(request, "decisions/list.html", context, status=422 if problem else 200)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new one; `?supersedes=1` and `?workflow=…` fill in what is known."""
    teams = documents.owners(request)
    if request.method == "GET":
        initial = {
            "status": Decision.Status.DRAFT, "date": timezone.now().date(), "body": SKELETON,
            "supersedes": request.GET.get("supersedes", ""), "workflows": request.GET.getlist("workflow"),
        }  # fmt: skip
        return documents.editor(request, DecisionForm(initial=initial, teams=teams), "decision")
    if "preview" in request.POST:
        form = DecisionForm(initial=typed(DecisionForm, request.POST), teams=teams)
        return documents.editor(request, form, "decision")
    form = DecisionForm(request.POST, teams=teams)
    if form.is_valid():
        values = form.values()
        try:
            owner = find_team(form.cleaned_data["owner"])
            require_decision_write(actor_of(request), [owner], values["supersedes"])
            created, change = submit(
                lambda status, supersedes: create_decision(
                    owner=owner, actor=request.user, **{**values, "status": status, "supersedes": supersedes}
                ),
                status=values["status"], supersedes=values["supersedes"],
                signature=Signature(request.user, values["reason"]),
            )  # fmt: skip
            return _saved(request, created, None, change)
        except InvalidInput as error:
            form.accuse(error)
    return documents.editor(request, form, "decision", status=422)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Edit, status included. Somebody else's save in between gives a merge page."""
    found = find_decision(number)
    teams = documents.owners(request, found)
    fixed = found.status in DECIDED
    if request.method == "GET":
        return documents.editor(
            request, DecisionForm(initial=decision_initial(found), teams=teams, is_accepted=fixed), "decision", found
        )
    if "preview" in request.POST:
        form = DecisionForm(initial=typed(DecisionForm, request.POST), teams=teams, is_accepted=fixed)
        return documents.editor(request, form, "decision", found)
    form = DecisionForm(request.POST, teams=teams, is_accepted=fixed)
    if form.is_valid():
        values, revision = form.values(), form.cleaned_data["revision"] or 0
        values["date"] = values["date"] or found.date
        owner = form.cleaned_data["owner"]
        try:
            team = find_team(owner)
            require_decision_write(actor_of(request), [team], values["supersedes"])
            edited, change = submit(
                lambda status, supersedes: edit_decision(
                    decision=found, revision=revision, owner=team, actor=request.user,
                    correction=form.cleaned_data.get("correction", False),
                    **{**values, "status": status, "supersedes": supersedes},
                ),
                status=values["status"], supersedes=values["supersedes"],
                signature=Signature(request.user, values["reason"]), before=found,
            )  # fmt: skip
            return _saved(request, edited, revision, change)
        except InvalidInput as error:
            form.accuse(error)
        except EditConflict as error:
            draft = decision_text(
                owner=owner,
                relations=relations_at(error.current.history.first()),
                **{name: values[name] for name in values if name not in {"reason", "supersedes"}},
            )
            return documents.merge(
                request, error, revision, draft, lambda data: DecisionForm(data, teams=teams, is_accepted=fixed)
            )
    return documents.editor(request, form, "decision", found, status=422)


def _saved(request: HttpRequest, found: Decision, revision: int | None, change: Change | None) -> HttpResponse:
    """To the change where people are asked, else to the decision."""
    if change is None:
        return documents.saved(request, found, revision)
    discard(user=actor_of(request).user, place=request.path)
    messages.success(request, "It is a proposal until its reviews are in.")
    return redirect("change", change.pk)


@login_required
@require_GET
def history(request: HttpRequest, number: int) -> HttpResponse:
    """Its revisions and their differences."""
    return documents.history(request, find_decision(number))


@login_required
@require_http_methods(["GET", "POST"])
def restore(request: HttpRequest, number: int) -> HttpResponse:
    """An earlier text as a new revision."""
    what = "Title, text and date come back. Status, owner and links stay as they are."
    return documents.restore(request, find_decision(number), restore_decision, what)
