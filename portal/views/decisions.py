"""The pages of decisions. Thin: ask permission, read through selectors, write through services, render."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from governance.markdown import render as render_markdown
from governance.models import Decision
from governance.selectors.decision_files import linked_files, relations_of, source_of, with_links
from governance.selectors.decisions import DecisionFilter, decisions, find_decision, superseded_numbers, workflows_by
from governance.selectors.documents import Page
from governance.selectors.revisions import decision_text
from governance.services.decisions import create_decision, edit_decision, restore_decision
from governance.services.documents import EditConflict, find_team
from orchestration.errors import InvalidInput
from orchestration.models import Team, Workflow
from portal.document_permissions import require_decision_write
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.words import decision_look
from portal.views import document_lists as lists
from portal.views import documents
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
        "owners": lists.offered(Team.objects.values_list("name", flat=True), given.get("owner")),
        "workflows": lists.offered(Workflow.objects.values_list("name", flat=True), given.get("workflow")),
        "may_create": bool(actor_of(request).teams_with(Verb.MAINTAIN)),
    }
    return render(request, "decisions/list.html", context, status=422 if problem else 200)


@login_required
@require_GET
def decision(request: HttpRequest, number: int) -> HttpResponse:
    """One, to be read."""
    found = find_decision(number)
    source = source_of(found)
    links = {text: reverse("decision", args=[other]) for text, other in linked_files(source, found.body).items()}
    context = {
        **documents.frame(request, found),
        "look": decision_look(found.status),
        "html": render_markdown(with_links(found.body, links)),
        "workflows": workflows_by([found])[found.pk],
        "supersedes": superseded_numbers(found),
        "said": documents.said({key: value for key, value in found.front_matter.items() if key != "status"}),
        "raw_status": found.front_matter.get("status", ""),
        "relations": relations_of(found),
        "source": source,
        "recent": documents.recent(found),
    }
    return render(request, "decisions/decision.html", context)


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
            created = create_decision(owner=owner, actor=request.user, **values)
            return documents.saved(request, created, None)
        except InvalidInput as error:
            form.accuse(error)
    return documents.editor(request, form, "decision", status=422)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Edit, status included. Somebody else's save in between gives a merge page."""
    found = find_decision(number)
    teams = documents.owners(request, found)
    if request.method == "GET":
        return documents.editor(request, DecisionForm(initial=decision_initial(found), teams=teams), "decision", found)
    if "preview" in request.POST:
        form = DecisionForm(initial=typed(DecisionForm, request.POST), teams=teams)
        return documents.editor(request, form, "decision", found)
    form = DecisionForm(request.POST, teams=teams)
    if form.is_valid():
        values, revision = form.values(), form.cleaned_data["revision"] or 0
        values["date"] = values["date"] or found.date
        owner = form.cleaned_data["owner"]
        try:
            team = find_team(owner)
            require_decision_write(actor_of(request), [team], values["supersedes"])
            edited = edit_decision(decision=found, revision=revision, owner=team, actor=request.user, **values)
            return documents.saved(request, edited, revision)
        except InvalidInput as error:
            form.accuse(error)
        except EditConflict as error:
            draft = decision_text(
                owner=owner, **{name: values[name] for name in values if name not in {"reason", "supersedes"}}
            )
            return documents.merge(request, error, revision, draft, lambda data: DecisionForm(data, teams=teams))
    return documents.editor(request, form, "decision", found, status=422)


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
