"""Making, editing and retiring objectives. Owns the form; the rules are orchestration/services/objectives.py's.

Of an objective that a manifest declares, the form changes how it alerts; the rest is shown, and changed in the manifest.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from governance.models import Runbook
from orchestration.errors import Conflict, Forbidden, InvalidInput, NotFound
from orchestration.manifest import format_duration, parse_duration
from orchestration.models import Dependency, Objective, Team, Workflow
from orchestration.selectors.budgets import find_objective
from orchestration.services.objectives import ALERTING, Wanted, change, create, retire
from portal.api.problems import STATUSES
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.views.people_forms import ReasonForm


def _count(label: str, hint: str = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=1_000_000, required=False, help_text=hint)


class ObjectiveForm(ReasonForm):
    """What is good enough, and who is told when it is not."""

    name = forms.CharField(
        label="Name", max_length=160, help_text="Such as checkout.success; links and exports use it."
    )
    owner = forms.ChoiceField(label="Owner", help_text="The team that is told.")
    workflow = forms.ChoiceField(label="Workflow", required=False, help_text="Or a dependency, below.")
    step = forms.CharField(label="Step", max_length=63, required=False, help_text="Empty for whole runs.")
    dependency = forms.ChoiceField(label="Dependency", required=False, help_text="For all calls of it.")
    indicator = forms.ChoiceField(
        label="Good is", choices=[("success", "what succeeds"), ("latency", "what succeeds within a time")]
    )
    threshold = forms.CharField(
        label="Time", max_length=30, required=False, help_text="With “within a time”: such as 500ms, 8s or 1h30m."
    )
    target = forms.DecimalField(
        label="Target, %", max_digits=9, decimal_places=6, min_value=Decimal(0), max_value=Decimal(100),
        help_text="So many of a hundred are good; the rest is the budget.",
    )  # fmt: skip
    window_days = forms.IntegerField(label="Window, days", min_value=1, max_value=90, initial=28)
    degraded_is_bad = forms.BooleanField(label="A degraded result is bad", required=False)
    page = forms.BooleanField(label="Page: wake somebody", required=False, help_text="Needs a runbook.")
    page_failures = _count("Page at so many failures", "Instead of burn rates, where the target is too low for these.")
    page_within = _count("Page within so many minutes")
    ticket = forms.BooleanField(label="Ticket: tell it by day", required=False)
    ticket_failures = _count("Ticket at so many failures")
    ticket_within = _count("Ticket within so many minutes")
    runbook = forms.ChoiceField(label="Runbook", required=False, help_text="What whoever is told will do.")
    description = forms.CharField(
        label="Description", max_length=2_000, required=False, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: Any, teams: Iterable[str], found: Objective | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        books = Runbook.objects.filter(status=Runbook.Status.ACTIVE).order_by("slug").values_list("slug", flat=True)
        self._offer("owner", teams, found.owner.name if found else "", empty=False)
        self._offer("workflow", Workflow.objects.values_list("name", flat=True), found.workflow if found else "")
        self._offer("dependency", Dependency.objects.values_list("name", flat=True), found.dependency if found else "")
        self._offer("runbook", books, found.runbook if found else "")
        self.is_declared = found is not None and found.source == Objective.Source.MANIFEST
        if self.is_declared:
            for name in set(self.fields) - {*ALERTING, "reason"}:
                del self.fields[name]
        order = [name for name in type(self).base_fields if name != "reason"]
        self.order_fields([*order, "reason"])

    def clean_threshold(self) -> float | None:
        """Seconds."""
        text = self.cleaned_data["threshold"].replace(" ", "")
        if not text:
            return None
        try:
            return parse_duration(text)
        except ValueError as error:
            raise forms.ValidationError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None

    def wanted(self, found: Objective | None) -> Wanted:
        """The objective that the filled form stands for; what it does not ask stays as it is."""
        values = {name: getattr(found, name) for name in Wanted.__dataclass_fields__} if found else {}
        values |= {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        if "target" in self.cleaned_data:
            values["target"] = self.cleaned_data["target"] / 100
        if "owner" in self.cleaned_data:
            values["owner"] = Team.objects.get(name=self.cleaned_data["owner"])
        return Wanted(**values)

    def _offer(self, name: str, known: Iterable[str], chosen: str, *, empty: bool = True) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        names = dict.fromkeys([*known, *([chosen] if chosen else [])])
        field.choices = [*([("", "–")] if empty else []), *((one, one) for one in names)]


@login_required
def new_objective(request: HttpRequest) -> HttpResponse:
    """The form; `?workflow=` or `?dependency=` fill in what it is of."""
    actor = actor_of(request)
    teams = actor.teams_with(Verb.MAINTAIN)
    if not teams:
        raise Forbidden("making an objective needs the role maintainer in a team; an admin can grant it")
    initial = {name: request.GET.get(name, "") for name in ("workflow", "dependency")} | {"ticket": True}
    form = ObjectiveForm(request.POST or None, teams=[team.name for team in teams], initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wanted = form.wanted(None)
            actor.require(Verb.MAINTAIN, wanted.owner)
            try:
                made = create(wanted=wanted, actor=request.user, reason=form.cleaned_data["reason"])
            except (InvalidInput, Conflict, NotFound) as error:
                status = _say(form, error)
            else:
                messages.success(request, f"{made.name} is counted from now on.")
                return redirect("objective", made.name)
    context = {
        "title": "New objective", "button": "Create objective", "crumb": "Objectives", "back": reverse("objectives"),
        "consequence": "It is counted from the moment it is made; what ended before is not.",
    }  # fmt: skip
    return render(request, "admin/action.html", {"nav": "objectives", "form": form} | context, status=status)


@login_required
def edit_objective(request: HttpRequest, name: str) -> HttpResponse:
    """The form; another owner needs the maintainer of both teams."""
    found, actor = find_objective(name), actor_of(request)
    actor.require(Verb.MAINTAIN, found.owner)
    teams = [team.name for team in actor.teams_with(Verb.MAINTAIN)]
    form = ObjectiveForm(request.POST or None, teams=teams, found=found, initial=_initial(found))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wanted = form.wanted(found)
            actor.require(Verb.MAINTAIN, wanted.owner)
            try:
                changed = change(objective=found, wanted=wanted, actor=request.user, reason=form.cleaned_data["reason"])
            except (InvalidInput, Conflict, NotFound) as error:
                status = _say(form, error)
            else:
                messages.success(request, f"{changed.name} is changed.")
                return redirect("objective", changed.name)
    declared = (
        "Its manifest says what is good; how it alerts is chosen here, and stays when the manifest is applied again."
    )
    context = {
        "title": f"Edit {found.name}", "button": "Save objective", "crumb": found.name,
        "back": reverse("objective", args=[found.name]),
        "consequence": declared if form.is_declared else "Another time or scope begins to count anew: other events are bad then.",
    }  # fmt: skip
    return render(request, "admin/action.html", {"nav": "objectives", "form": form} | context, status=status)


@login_required
def retire_objective(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then stop counting."""
    found = find_objective(name)
    actor_of(request).require(Verb.MAINTAIN, found.owner)
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                retire(objective=found, actor=request.user, reason=form.cleaned_data["reason"])
            except Conflict as error:
                status = _say(form, error)
            else:
                messages.success(request, f"{found.name} is retired.")
                return redirect("objective", found.name)
    context = {
        "title": f"Retire {found.name}", "button": "Retire objective", "danger": True, "crumb": found.name,
        "back": reverse("objective", args=[found.name]),
        "consequence": "It is counted no more and alerts nobody. What was counted stays.",
    }  # fmt: skip
    return render(request, "admin/action.html", {"nav": "objectives", "form": form} | context, status=status)


def _initial(found: Objective) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in Wanted.__dataclass_fields__}
    threshold = format_duration(found.threshold) if found.threshold is not None else ""
    return values | {
        "owner": found.owner.name,
        "target": f"{found.target * 100:.6f}".rstrip("0").rstrip("."),
        "threshold": threshold,
    }


def _say(form: forms.Form, error: InvalidInput | Conflict | NotFound) -> int:
    form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return STATUSES[type(error)][0]
