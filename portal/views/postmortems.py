"""The pages of postmortems: list, reading, editing, history. Thin: permission, selectors, services, render."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from governance.models import Postmortem
from governance.postmortems.sections import parse, skeleton
from governance.selectors.documents import Page, contracts_of
from governance.selectors.postmortems import PostmortemFilter, about, find_postmortem, postmortems
from governance.selectors.revisions import postmortem_text
from governance.services.documents import EditConflict, find_team
from governance.services.postmortems import create_postmortem, edit_postmortem, restore_postmortem
from orchestration.errors import InvalidInput
from orchestration.models import Dependency, Team, Workflow
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import postmortem_page
from portal.presentation.document_html import document_html
from portal.presentation.words import postmortem_look, severity_look
from portal.views import document_lists as lists
from portal.views import documents
from portal.views.bulk_bar import bar
from portal.views.document_forms import typed
from portal.views.postmortem_forms import PostmortemForm, postmortem_initial

FILTERS = ("q", "status", "severity", "owner", "workflow", "dependency")
PER_PAGE = 50


@login_required
@require_GET
def list_postmortems(request: HttpRequest) -> HttpResponse:
    """All of them, newest number first."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given, problem = lists.given(request, FILTERS), ""
    teams = actor_of(request).teams_with(Verb.MAINTAIN)
    try:
        page = postmortems(PostmortemFilter(**given), cursor=request.GET.get("cursor", ""), limit=PER_PAGE)
    except InvalidInput as error:
        # The list still opens, with what was typed; nothing is shown, since a filter that is ignored would lie.
        problem, page = str(error), Page([], None)
    context = {
        "nav": "postmortems",
        "rows": [(postmortem_look(row.status), severity_look(row.severity), row, about(row)) for row in page.items],
        "given": given,
        "applied": lists.applied(given),
        "sentence": lists.sentence(given),
        "problem": problem,
        "is_first": "cursor" not in request.GET,
        "next_url": lists.next_url(given, page.next),
        "statuses": Postmortem.Status.choices,
        "severities": Postmortem.Severity.choices,
        "owners": lists.offered(Team.objects.values_list("name", flat=True), given.get("owner")),
        "workflows": lists.offered(Workflow.objects.values_list("name", flat=True), given.get("workflow")),
        "dependencies": lists.offered(Dependency.objects.values_list("name", flat=True), given.get("dependency")),
        "may_create": bool(teams),
        "bulk": bar(request, "postmortem", teams),
    }
    return render(request, "postmortems/list.html", context, status=422 if problem else 200)


@login_required
@require_GET
def postmortem(request: HttpRequest, number: int) -> HttpResponse:
    """One, to be read: what it came to, the text, the timeline, the actions."""
    found = find_postmortem(number)
    actor = actor_of(request)
    frame = documents.frame(request, found)
    context = {
        **frame,
        **postmortem_page.parts(found, hidden="hidden" in request.GET, may=lambda team: actor.may(Verb.MAINTAIN, team)),
        "html": document_html(found.body),
        "notices": parse(found.body).notices,
        "about": about(found),
        "contracts": contracts_of(found),
        "recent": documents.recent(found),
        "may_mark": frame["may_edit"] and not found.is_published,
    }
    return render(request, "postmortems/postmortem.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new one; `?workflow=…` and `?dependency=…` fill in what is known."""
    teams = documents.owners(request)
    if request.method == "GET":
        initial = {
            "status": Postmortem.Status.DRAFT, "severity": Postmortem.Severity.MAJOR, "body": skeleton(),
            "workflows": request.GET.getlist("workflow"), "dependencies": request.GET.getlist("dependency"),
        }  # fmt: skip
        return documents.editor(request, PostmortemForm(initial=initial, teams=teams), "postmortem")
    if "preview" in request.POST:
        form = PostmortemForm(initial=typed(PostmortemForm, request.POST), teams=teams)
        return documents.editor(request, form, "postmortem")
    form = PostmortemForm(request.POST, teams=teams)
    if form.is_valid():
        try:
            owner = find_team(form.cleaned_data["owner"])
            actor_of(request).require(Verb.MAINTAIN, owner)
            created = create_postmortem(owner=owner, actor=request.user, **form.values())
            return documents.saved(request, created, None)
        except InvalidInput as error:
            form.accuse(error)
    return documents.editor(request, form, "postmortem", status=422)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Edit, publish included. Somebody else's save in between gives a merge page."""
    found = find_postmortem(number)
    teams = documents.owners(request, found)
    if request.method == "GET":
        form = PostmortemForm(initial=postmortem_initial(found), teams=teams)
        return documents.editor(request, form, "postmortem", found)
    if "preview" in request.POST:
        form = PostmortemForm(initial=typed(PostmortemForm, request.POST), teams=teams)
        return documents.editor(request, form, "postmortem", found)
    form = PostmortemForm(request.POST, teams=teams)
    if form.is_valid():
        values, revision, owner = form.values(), form.cleaned_data["revision"] or 0, form.cleaned_data["owner"]
        try:
            team = find_team(owner)
            actor_of(request).require(Verb.MAINTAIN, team)
            edited = edit_postmortem(postmortem=found, revision=revision, owner=team, actor=request.user, **values)
            return documents.saved(request, edited, revision)
        except InvalidInput as error:
            form.accuse(error)
        except EditConflict as error:
            kept: dict[str, Any] = {name: value for name, value in values.items() if name != "reason"}
            draft = postmortem_text(owner=owner, **kept)
            return documents.merge(request, error, revision, draft, lambda data: PostmortemForm(data, teams=teams))
    return documents.editor(request, form, "postmortem", found, status=422)


@login_required
@require_GET
def history(request: HttpRequest, number: int) -> HttpResponse:
    """Its revisions and their differences."""
    return documents.history(request, find_postmortem(number))


@login_required
@require_http_methods(["GET", "POST"])
def restore(request: HttpRequest, number: int) -> HttpResponse:
    """An earlier text as a new revision."""
    what = "Title and text come back. Status, severity, owner, window, links, timeline and actions stay as they are."
    return documents.restore(request, find_postmortem(number), restore_postmortem, what)
