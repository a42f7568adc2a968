"""Objectives: the list, and a page each with its budget, burn rates, forecast, burn-down and alerts. Never changes one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from governance.models import Runbook
from orchestration import clock
from orchestration.models import Alert, Objective, Team
from orchestration.openslo import write
from orchestration.selectors import budgets
from orchestration.selectors.alerts import AlertFilter, alerts, silences_of
from portal.dashboards.burn_down import burn_down
from portal.middleware.csp import allow_inline_style
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import objective_words
from portal.presentation.quantities import duration, percent
from portal.views import document_lists as lists

FILTERS = ("team", "q", "retired")
PER_PAGE = 50
LATEST_ALERTS = 10


@login_required
@require_GET
def list_objectives(request: HttpRequest) -> HttpResponse:
    """By name, each with what is left of its budget; team, text and retired ones are filters in the URL."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    found = budgets.objectives(team=given.get("team", ""), retired=bool(given.get("retired")))
    for word in given.get("q", "").lower().split()[:10]:
        found = found.filter(name__icontains=word)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [objective_words.row(one) for one in budgets.budgets(page, clock.now())]
    context = {
        "nav": "objectives",
        "rows": rows,
        "page": page,
        "given": given,
        "sentence": objective_words.list_sentence(rows),
        "teams": lists.offered(Team.objects.values_list("name", flat=True), given.get("team")),
        "may_make": bool(actor_of(request).teams_with(Verb.MAINTAIN)),
    }
    return render(request, "objectives/list.html", context)


@login_required
@require_GET
def export_openslo(request: HttpRequest) -> HttpResponse:
    """Those that are counted now, of a team or of all, as a file of OpenSLO v1 documents."""
    found = budgets.objectives(team=request.GET.get("team", "").replace("\x00", ""))
    headers = {"Content-Disposition": 'attachment; filename="objectives.openslo.yaml"'}
    text = write((one, one.owner.name) for one in found)
    return HttpResponse(text, content_type="application/yaml; charset=utf-8", headers=headers)


@login_required
@require_GET
def objective(request: HttpRequest, name: str) -> HttpResponse:
    """One."""
    found, now, actor = budgets.find_objective(name), clock.now(), actor_of(request)
    budget = budgets.budget_of(found, now)
    latest = alerts(AlertFilter(objective=found.name), limit=LATEST_ALERTS)
    allow_inline_style(request)  # Plotly's
    context = {
        "nav": "objectives",
        "objective": found,
        "row": objective_words.row(budget),
        "sentence": objective_words.sentence(budget),
        "facts": facts(found),
        "runbook": runbook_of(found),
        "burn_down": chart(budget),
        "alerts": [
            (objective_words.ALERT[Alert.State(one.state)], objective_words.severity_look(one.severity), one)
            for one in latest.items
        ],
        "silences": list(silences_of(found.pk, now)),
        "is_declared": found.source == Objective.Source.MANIFEST,
        "may_maintain": actor.may(Verb.MAINTAIN, found.owner) and found.retired_at is None,
        "may_operate": actor.may(Verb.OPERATE, found.owner) and found.retired_at is None,
    }
    return render(request, "objectives/objective.html", context)


def facts(found: Objective) -> list[tuple[str, str]]:
    """What it is, beside its links."""
    return [
        ("Good", objective_words.target_words(found)),
        ("Window", f"{found.window_days} days"),
        *objective_words.alerting_words(found),
    ]


def chart(budget: budgets.Budget) -> dict[str, Any] | None:
    """The burn-down, its title and its figure; None of nothing."""
    if not budget.counts.total:
        return None
    points = budgets.burn_down(budget, clock.now())
    left = percent(float(budget.remaining))
    title = f"{left} of the budget is left" if budget.remaining > 0 else "The budget is spent"
    if budget.exhausts_in:
        title += f"; at the rate of the last day it is spent in {duration(budget.exhausts_in)}"
    return {
        "figure": burn_down(points, zone=timezone.get_current_timezone()),
        "title": title,
        "id": f"burn-down-{budget.objective.pk}",
    }


def runbook_of(found: Objective) -> Runbook | None:
    """The runbook that it names, where it is written."""
    return Runbook.objects.filter(slug=found.runbook).first() if found.runbook else None
