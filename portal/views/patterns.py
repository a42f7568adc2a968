"""The pages of patterns. Thin: ask permission, read through selectors, write through services, render.

A pattern without an owner belongs to the installation: admins edit it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from governance.models import Pattern
from governance.patterns.usage import RULES
from governance.selectors.patterns import find_pattern, pattern_page, used_by
from governance.selectors.revisions import pattern_text
from governance.services.documents import EditConflict, find_team
from governance.services.patterns import create_pattern, edit_pattern, restore_pattern
from orchestration.errors import InvalidInput
from orchestration.models import Team
from portal.dashboards.shared import shared
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.document_html import document_html
from portal.presentation.words import Look
from portal.views import document_lists as lists
from portal.views import documents
from portal.views.bulk_bar import bar
from portal.views.document_forms import DocumentForm, typed

PER_PAGE = 50
LOOKS = {
    "draft": Look("unk", "edit", "Draft"),
    "active": Look("ok", "ok", "Active"),
    "retired": Look("unk", "none", "Retired"),
}
SKELETON = """## The problem

## The way

```yaml
apiVersion: plumbline/v1
kind: Workflow
```

## Use it when

## Don't when

## Mind
"""


class PatternForm(DocumentForm):
    """A pattern. `slug` is asked of a new one only; it is about no workflow, since manifests say who uses it."""

    slug = forms.CharField(
        label="Name", required=False, max_length=63, help_text="For good: dead-letter. Empty: made from the title."
    )
    summary = forms.CharField(label="In one sentence", required=False, max_length=300)
    owner = forms.ChoiceField(label="Owner", required=False, help_text="Teams for which you may edit documents.")
    field_order = ["title", "slug", "status", "owner", "summary", "body", "reason"]
    rows: tuple[tuple[str, ...], ...] = (("status", "owner"), ("summary",))

    def __init__(self, *args: Any, is_new: bool, for_all: bool, teams: list[Team], **kwargs: Any) -> None:
        super().__init__(*args, teams=teams, **kwargs)
        del self.fields["workflows"]
        self._offer("status", Pattern.Status.choices)
        everybody = [("", "everybody")] if for_all else []
        self._offer("owner", [*everybody, *((team.name, team.name) for team in teams)])
        if is_new:
            self.rows = (("slug",), *self.rows)
        else:
            del self.fields["slug"]

    def values(self) -> dict[str, Any]:
        """What services.patterns wants, slug, owner and revision apart."""
        return {name: self.cleaned_data[name] for name in ("title", "summary", "body", "status", "reason")}


@login_required
@require_GET
def list_patterns(request: HttpRequest) -> HttpResponse:
    """All of them by name, with who uses each now."""
    given = lists.given(request, ("q",))
    found = pattern_page(q=given.get("q", ""), cursor=request.GET.get("cursor", ""), limit=PER_PAGE)
    users = shared("patterns", used_by)
    actor = actor_of(request)
    teams = actor.teams_with(Verb.MAINTAIN)
    context = {
        "nav": "patterns",
        "rows": [(row, users.get(row.slug, []), row.slug in RULES, LOOKS[row.status]) for row in found.items],
        "given": given,
        "is_first": "cursor" not in request.GET,
        "next_url": lists.next_url(given, found.next),
        "may_create": bool(teams) or actor.may(Verb.MAINTAIN),
        "bulk": bar(request, "pattern", teams),
    }
    return render(request, "patterns/list.html", context)


@login_required
@require_GET
def pattern(request: HttpRequest, slug: str) -> HttpResponse:
    """One, to be read."""
    found = find_pattern(slug)
    context = {
        **documents.frame(request, found),
        "look": LOOKS[found.status],
        "html": document_html(found.body),
        "users": shared("patterns", used_by).get(slug, []),
        "has_rule": slug in RULES,
        "recent": documents.recent(found),
    }
    return render(request, "patterns/pattern.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new one."""
    documents.owners(request)  # refuses who may write for no team
    form = _form(request, is_new=True)
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            owner = _owner(request, form)
            slug = form.cleaned_data["slug"]
            created = create_pattern(slug=slug, owner=owner, actor=request.user, **form.values())
            return documents.saved(request, created, None)
        except InvalidInput as error:
            form.accuse(error)
    return documents.editor(request, form, "pattern", status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit, status included. Somebody else's save in between gives a merge page."""
    found = find_pattern(slug)
    actor_of(request).require(Verb.MAINTAIN, found.owner)
    form = _form(request, is_new=False, pattern=found)
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        values, revision = form.values(), form.cleaned_data["revision"] or 0
        try:
            owner = _owner(request, form)
            edited = edit_pattern(pattern=found, revision=revision, owner=owner, actor=request.user, **values)
            return documents.saved(request, edited, revision)
        except InvalidInput as error:
            form.accuse(error)
        except EditConflict as error:
            kept = {name: value for name, value in values.items() if name != "reason"}
            draft = pattern_text(owner=form.cleaned_data["owner"], **kept)
            return documents.merge(request, error, revision, draft, lambda data: _bound(request, data))
    return documents.editor(request, form, "pattern", found, status=422 if form.is_bound else 200)


@login_required
@require_GET
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Its revisions and their differences."""
    return documents.history(request, find_pattern(slug))


@login_required
@require_http_methods(["GET", "POST"])
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """An earlier text as a new revision."""
    what = "Title and text come back. Status, owner and summary stay as they are."
    return documents.restore(request, find_pattern(slug), restore_pattern, what)


def _form(request: HttpRequest, *, is_new: bool, pattern: Pattern | None = None) -> PatternForm:
    """Bound when it is to be saved; with what was typed for a preview; else as the pattern is."""
    actor = actor_of(request)
    offer: dict[str, Any] = {
        "teams": actor.teams_with(Verb.MAINTAIN), "for_all": actor.may(Verb.MAINTAIN), "is_new": is_new,
    }  # fmt: skip
    if request.method == "POST":
        if "preview" in request.POST:
            return PatternForm(initial=typed(PatternForm, request.POST), **offer)
        return PatternForm(request.POST, **offer)
    if pattern is None:
        return PatternForm(initial={"status": Pattern.Status.ACTIVE, "body": SKELETON}, **offer)
    names = ("title", "status", "summary", "body", "revision")
    initial = {name: getattr(pattern, name) for name in names} | {"owner": pattern.owner.name if pattern.owner else ""}
    return PatternForm(initial=initial, **offer)


def _bound(request: HttpRequest, data: Any) -> PatternForm:
    actor = actor_of(request)
    return PatternForm(data, teams=actor.teams_with(Verb.MAINTAIN), for_all=actor.may(Verb.MAINTAIN), is_new=False)


def _owner(request: HttpRequest, form: PatternForm) -> Team | None:
    """The next owner, for whom one may write too."""
    name = form.cleaned_data["owner"]
    owner = find_team(name) if name else None
    actor_of(request).require(Verb.MAINTAIN, owner)
    return owner
