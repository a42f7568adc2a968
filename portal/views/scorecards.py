"""Scorecards: the table of all workflows, one page each, the line on a workflow's page, and waivers.

Owns who may waive: approvers of the team that owns the workflow, since it is a judgement. The rules are governance/scorecards'.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from governance.models import ScoreWaiver
from governance.scorecards.rules import CHECKS, KEYS, Level, Score
from governance.selectors.scorecards import scores, waivers
from governance.services.scorecards import LONGEST, end_waiver, waive
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Team, Workflow
from orchestration.selectors.workflows import find_workflow
from portal.dashboards.shared import shared
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.score_words import level_look, outcome_look, summary
from portal.views import document_lists as lists
from portal.views.document_forms import ReasonForm, accuse

FILTERS = ("owner", "level")


class WaiverForm(ReasonForm):
    """Until when, and why."""

    until = forms.DateField(
        label="Until", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=f"At most {LONGEST.days} days: it fails again from that day on.",
    )  # fmt: skip
    field_order = ["until", "reason"]


@login_required
@require_GET
def list_scorecards(request: HttpRequest) -> HttpResponse:
    """Every workflow with its checks, the lowest level first."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    found = shared("scorecards", lambda: scores(clock.now()))
    order = list(Level)
    rows = [
        one
        for one in sorted(found, key=lambda one: (order.index(one.level), one.good, one.workflow))
        if given.get("owner") in (None, one.team) and given.get("level") in (None, one.level)
    ]
    context = {
        "nav": "scorecards",
        "rows": [
            (level_look(one.level), one, [(outcome_look(check.outcome), check) for check in one.checks]) for one in rows
        ],
        "keys": KEYS,
        "sentence": summary(found),
        "given": given,
        "applied": lists.applied(given),
        "levels": [(str(level), level_look(level).word) for level in Level],
        "owners": lists.offered(Team.objects.values_list("name", flat=True), given.get("owner")),
    }
    return render(request, "scorecards/list.html", context)


@login_required
@require_GET
def scorecard(request: HttpRequest, name: str) -> HttpResponse:
    """One workflow's: each check, why, what would put it right, and its waivers."""
    workflow = find_workflow(name)
    now = clock.now()
    found = _score(workflow, now)
    context = {
        "nav": "scorecards",
        "workflow": workflow,
        "score": found,
        "look": level_look(found.level),
        "checks": [(outcome_look(check.outcome), check) for check in found.checks],
        "waivers": waivers(now, [name]).get(name, []),
        "may_waive": actor_of(request).may(Verb.REVIEW, workflow.owner),
    }
    return render(request, "scorecards/scorecard.html", context)


@login_required
@require_GET
def line(request: HttpRequest, name: str) -> HttpResponse:
    """The fragment that stands among the facts of a workflow's page."""
    found = _score(find_workflow(name), clock.now())
    return render(request, "scorecards/line.html", {"score": found, "look": level_look(found.level)})


@login_required
@require_http_methods(["GET", "POST"])
def new_waiver(request: HttpRequest, name: str) -> HttpResponse:
    """Let a check pass for a time: `?check=…`."""
    workflow = find_workflow(name)
    actor_of(request).require(Verb.REVIEW, workflow.owner)
    key = request.GET.get("check", "")
    titles = {one: title for one, title, _, _ in CHECKS}
    if key not in titles:
        raise NotFound(f"there is no check {key[:40]!r}; there are {', '.join(titles)}")
    form = WaiverForm(request.POST or None, initial={"until": (clock.now() + timedelta(days=30)).date()})
    if request.method == "POST" and form.is_valid():
        until = datetime.combine(form.cleaned_data["until"], time(), UTC)
        try:
            waive(workflow=workflow, check=key, until=until, person=request.user, reason=form.cleaned_data["reason"])
            messages.success(request, f"Waived until {until:%-d %B %Y}.")
            return redirect("workflow-scorecard", name=name)
        except InvalidInput as error:
            accuse(form, error)
    consequence = f"“{titles[key]}” does not count against {name} until then."
    return _asks(request, name, form, "Waive a check", "Waive it", consequence=consequence)


@login_required
@require_http_methods(["GET", "POST"])
def stop_waiver(request: HttpRequest, pk: int) -> HttpResponse:
    """It counts again."""
    waiver = ScoreWaiver.objects.select_related("workflow__owner").filter(pk=pk).first()
    if waiver is None:
        raise NotFound(f"there is no waiver {pk}")
    actor_of(request).require(Verb.REVIEW, waiver.workflow.owner)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            end_waiver(waiver=waiver, person=request.user, reason=form.cleaned_data["reason"])
            return redirect("workflow-scorecard", name=waiver.workflow.name)
        except (InvalidInput, Conflict) as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return _asks(request, waiver.workflow.name, form, "End a waiver", "End it", consequence="The check counts again.")


def _score(workflow: Workflow, now: datetime) -> Score:
    """Of a workflow without an active version there is nothing to judge."""
    found = scores(now, [workflow.name])
    return found[0] if found else Score(workflow.name, workflow.owner.name, Level.NONE)


def _asks(
    request: HttpRequest, name: str, form: forms.Form, title: str, button: str, *, consequence: str
) -> HttpResponse:
    context = {
        "nav": "scorecards", "title": title, "button": button, "form": form, "consequence": consequence,
        "crumb": name, "back": reverse("workflow-scorecard", args=[name]),
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)
