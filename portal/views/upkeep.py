"""The maintenance backlog of all teams or one, and what people add to it. Owns who may: maintainers of the team."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from governance.models import UpkeepItem
from governance.selectors.upkeep import KINDS, Item, backlog
from governance.services.documents import find_team
from governance.services.upkeep import add_upkeep, end_upkeep
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Team, Workflow
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.words import Look
from portal.views import document_lists as lists
from portal.views import documents
from portal.views.document_forms import ReasonForm, accuse

FILTERS = ("team", "kind")
LOOKS = {
    "action": Look("warn", "check", "Action"),
    "document": Look("warn", "book", "Stale document"),
    "contract": Look("warn", "braces", "Deprecated contract"),
    "waiver": Look("warn", "hand", "Waiver ends"),
    "postmortem": Look("warn", "pulse", "Postmortem"),
    "refactoring": Look("unk", "wrench", "Refactoring"),
    "coupling": Look("unk", "link", "Coupling"),
}


class UpkeepForm(forms.Form):
    """Something to put right."""

    team = forms.ChoiceField(label="Team")
    text = forms.CharField(label="What is to be put right", max_length=500, widget=forms.Textarea({"rows": 3}))
    effort = forms.ChoiceField(label="Effort", choices=UpkeepItem.Effort.choices, initial="medium")
    workflow = forms.ChoiceField(label="Workflow", required=False)

    def __init__(self, *args: object, teams: list[Team]) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        names = Workflow.objects.values_list("name", flat=True)
        for field, choices in (
            ("team", [(team.name, team.name) for team in teams]),
            ("workflow", [("", "none"), *((name, name) for name in names)]),
        ):
            offered = self.fields[field]
            assert isinstance(offered, forms.ChoiceField)
            offered.choices = choices


class EndForm(ReasonForm):
    """How it ended."""

    state = forms.ChoiceField(label="It is", choices=[("done", "done"), ("dropped", "not to be done after all")])
    field_order = ["state", "reason"]


@login_required
@require_GET
def upkeep(request: HttpRequest) -> HttpResponse:
    """What is due first comes first."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    actor, now = actor_of(request), clock.now()
    found = [one for one in backlog(now, given.get("team", "")) if given.get("kind") in (None, one.kind)]
    mine = {team.name for team in actor.teams_with(Verb.MAINTAIN)}
    today = now.date()
    context = {
        "nav": "upkeep",
        "rows": [(LOOKS[one.kind], one, _url(one), one.kind == "refactoring" and one.team in mine) for one in found],
        "overdue": sum(one.due is not None and one.due < today for one in found),
        "today": today,
        "given": given,
        "applied": lists.applied(given),
        "kinds": [(kind, LOOKS[kind].word) for kind in KINDS],
        "teams": lists.offered(Team.objects.values_list("name", flat=True), given.get("team")),
        "may_add": bool(mine),
    }
    return render(request, "upkeep/list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Another thing to put right."""
    form = UpkeepForm(request.POST or None, teams=documents.owners(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            team = find_team(given["team"])
            actor_of(request).require(Verb.MAINTAIN, team)
            add_upkeep(team=team, actor=request.user, **{key: given[key] for key in ("text", "effort", "workflow")})
            messages.success(request, "It is in the backlog.")
            return redirect("upkeep")
        except InvalidInput as error:
            accuse(form, error)
    return _asks(request, form, "Something to put right", "Add it")


@login_required
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, or dropped."""
    item = UpkeepItem.objects.select_related("team").filter(pk=pk).first()
    if item is None:
        raise NotFound(f"there is no upkeep {pk}")
    actor_of(request).require(Verb.MAINTAIN, item.team)
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            end_upkeep(item=item, actor=request.user, **form.cleaned_data)
            return redirect("upkeep")
        except (InvalidInput, Conflict) as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return _asks(request, form, "End it", "End it", consequence=item.text)


def _url(item: Item) -> str:
    if not item.noun:
        return ""
    return reverse(item.noun, args=[int(item.name) if item.noun in {"postmortem", "change"} else item.name])


def _asks(request: HttpRequest, form: forms.Form, title: str, button: str, *, consequence: str = "") -> HttpResponse:
    context = {
        "nav": "upkeep", "title": title, "button": button, "form": form, "consequence": consequence,
        "crumb": "Upkeep", "back": reverse("upkeep"),
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)
