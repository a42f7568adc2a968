"""The pages of runbooks. Thin: ask permission, read through selectors, write through services, render."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.models import Runbook
from governance.runbooks.freshness import Freshness
from governance.selectors.documents import Page, contracts_of
from governance.selectors.exercises import exercises_of
from governance.selectors.revisions import runbook_text
from governance.selectors.runbook_changes import standing
from governance.selectors.runbooks import About, RunbookFilter, about_by, find_runbook, freshness_of, runbooks, today
from governance.services.documents import EditConflict, find_team
from governance.services.runbooks import create_runbook, edit_runbook, restore_runbook, review_runbook
from orchestration.errors import InvalidInput
from orchestration.models import Dependency, Team, Workflow
from portal.exercise_permissions import may_start
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import exercise_words
from portal.presentation.document_html import document_html
from portal.presentation.words import runbook_look
from portal.selectors.runbook_rows import look_of, runbook_rows
from portal.views import document_lists as lists
from portal.views import documents
from portal.views.bulk_bar import bar
from portal.views.document_forms import ReviewedForm, RunbookForm, runbook_initial, typed
from portal.views.runbook_live import live_context, slot_html

FILTERS = ("q", "status", "freshness", "owner", "workflow", "dependency")
PER_PAGE = 50
#: What the form of a review suggests.
NEXT_REVIEW = timedelta(days=90)
SKELETON = """## Meaning

## Impact

## Diagnosis

1. **Do** Say what to look at.
   **Expect** Say what is there when all is well.
   **If not** Say where to go on.

## Mitigation

1. **Do** Say what to do.
   **Expect** Say how it shows that it helped.
   **If not** Say whom to ask.
"""


@login_required
@require_GET
def list_runbooks(request: HttpRequest) -> HttpResponse:
    """All of them by name."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given, problem = lists.given(request, FILTERS), ""
    teams = actor_of(request).teams_with(Verb.MAINTAIN)
    try:
        found = runbooks(RunbookFilter(**given), cursor=request.GET.get("cursor", ""), limit=PER_PAGE)
    except InvalidInput as error:
        # The list still opens, with what was typed; nothing is shown, since a filter that is ignored would lie.
        problem, found = str(error), Page([], None)
    context = {
        "nav": "runbooks",
        "rows": runbook_rows(found.items),
        "given": given,
        "applied": lists.applied(given),
        "sentence": lists.sentence(given),
        "problem": problem,
        "is_first": "cursor" not in request.GET,
        "next_url": lists.next_url(given, found.next),
        "statuses": Runbook.Status.choices,
        "freshnesses": [(str(word), runbook_look(word).word) for word in Freshness],
        "owners": lists.offered(Team.objects.values_list("name", flat=True), given.get("owner")),
        "workflows": lists.offered(Workflow.objects.values_list("name", flat=True), given.get("workflow")),
        "dependencies": lists.offered(Dependency.objects.values_list("name", flat=True), given.get("dependency")),
        "may_create": bool(teams),
        "bulk": bar(request, "runbook", teams),
    }
    return render(request, "runbooks/list.html", context, status=422 if problem else 200)


@login_required
@require_GET
def runbook(request: HttpRequest, slug: str) -> HttpResponse:
    """One, to be read."""
    return page(request, find_runbook(slug))


def page(request: HttpRequest, found: Runbook, *, problem: str = "", status: int = 200) -> HttpResponse:
    """The page, with what was wrong with a review, if that was asked."""
    about: About = about_by([found])[found.pk]
    stands, live = standing(found, about), live_context(found, about)
    context = {
        **documents.frame(request, found),
        **live,
        "look": look_of(found, stands),
        "freshness": freshness_of(found),
        "standing": stands,
        "html": document_html(found.body, slot_html(live["slots"])),
        "about": about,
        "contracts": contracts_of(found),
        "exercises": [(exercise_words.look(one), one) for one in exercises_of(found)],
        "may_start": may_start(actor_of(request), found) and found.status != Runbook.Status.RETIRED,
        "next_review": today() + NEXT_REVIEW,
        "problem": problem,
        "typed": request.POST,
        "said": documents.said(found.front_matter),
        "recent": documents.recent(found),
    }
    return render(request, "runbooks/runbook.html", context, status=status)


@login_required
@require_POST
def reviewed(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody looked at it and it holds."""
    found = find_runbook(slug)
    actor_of(request).require(Verb.MAINTAIN, found.owner)
    form = ReviewedForm(request.POST)
    try:
        if not form.is_valid():
            raise InvalidInput("; ".join(f"{name}: {errors[0]}" for name, errors in form.errors.items()))
        saved = review_runbook(runbook=found, actor=request.user, **form.cleaned_data)
    except EditConflict:
        return page(
            request, find_runbook(slug), problem="Somebody edited it meanwhile: read it again, then say so.", status=409
        )
    except InvalidInput as error:
        return page(request, found, problem=f"{str(error)[:1].upper()}{str(error)[1:]}.", status=422)
    messages.success(request, f"Reviewed; the next review is due on {saved.review_by:%-d %B %Y}.")
    return redirect("runbook", slug)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new one; `?workflow=…` and `?dependency=…` fill in what is known."""
    teams = documents.owners(request)
    if request.method == "GET":
        initial = {
            "status": Runbook.Status.ACTIVE, "body": SKELETON, "workflows": request.GET.getlist("workflow"),
            "dependencies": request.GET.getlist("dependency"),
        }  # fmt: skip
        return documents.editor(request, RunbookForm(initial=initial, teams=teams, is_new=True), "runbook")
    if "preview" in request.POST:
        form = RunbookForm(initial=typed(RunbookForm, request.POST), teams=teams, is_new=True)
        return documents.editor(request, form, "runbook")
    form = RunbookForm(request.POST, teams=teams, is_new=True)
    if form.is_valid():
        try:
            owner = find_team(form.cleaned_data["owner"])
            actor_of(request).require(Verb.MAINTAIN, owner)
            slug = form.cleaned_data["slug"]
            created = create_runbook(slug=slug, owner=owner, actor=request.user, **form.values())
            return documents.saved(request, created, None)
        except InvalidInput as error:
            form.accuse(error)
    return documents.editor(request, form, "runbook", status=422)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit, status included. Somebody else's save in between gives a merge page."""
    found = find_runbook(slug)
    teams = documents.owners(request, found)
    if request.method == "GET":
        form = RunbookForm(initial=runbook_initial(found), teams=teams, is_new=False)
        return documents.editor(request, form, "runbook", found)
    if "preview" in request.POST:
        form = RunbookForm(initial=typed(RunbookForm, request.POST), teams=teams, is_new=False)
        return documents.editor(request, form, "runbook", found)
    form = RunbookForm(request.POST, teams=teams, is_new=False)
    if form.is_valid():
        values, revision, owner = form.values(), form.cleaned_data["revision"] or 0, form.cleaned_data["owner"]
        try:
            team = find_team(owner)
            actor_of(request).require(Verb.MAINTAIN, team)
            edited = edit_runbook(runbook=found, revision=revision, owner=team, actor=request.user, **values)
            return documents.saved(request, edited, revision)
        except InvalidInput as error:
            form.accuse(error)
        except EditConflict as error:
            draft = runbook_text(owner=owner, **{name: value for name, value in values.items() if name != "reason"})
            return documents.merge(
                request, error, revision, draft, lambda data: RunbookForm(data, teams=teams, is_new=False)
            )
    return documents.editor(request, form, "runbook", found, status=422)


@login_required
@require_GET
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Its revisions and their differences."""
    return documents.history(request, find_runbook(slug))


@login_required
@require_http_methods(["GET", "POST"])
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """An earlier text as a new revision."""
    what = "Title and text come back. Status, owner, review date and links stay as they are."
    return documents.restore(request, find_runbook(slug), restore_runbook, what)
