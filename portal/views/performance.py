"""The Performance tab of a workflow: latency over time, and where its p95 goes; and the live part of its diagram. Reads only."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from orchestration import clock
from orchestration.models import Workflow
from orchestration.selectors.p95 import Split, where_the_p95_goes
from orchestration.selectors.workflows import find_version, find_workflow, plan_for
from portal.dashboards import p95_panel
from portal.dashboards.periods import Period
from portal.dashboards.shared import shared
from portal.dashboards.views import chosen_period
from portal.dashboards.workflow_panel import latency_panel
from portal.middleware.csp import allow_inline_style
from portal.presentation import workflow_pages
from portal.views.living import living
from portal.views.workflow import page

#: Runs of the sample that are named; the table has the rest.
NAMED = 20


@login_required
@require_GET
def performance_tab(request: HttpRequest, name: str) -> HttpResponse:
    """The tab; the period of the diagram is that of the charts."""
    workflow = find_workflow(name)
    allow_inline_style(request)
    return page(request, workflow, "performance", _performance(workflow, chosen_period(request.GET)))


@login_required
@require_GET
def observed_panel(request: HttpRequest, name: str) -> HttpResponse:
    """The living diagram alone, or 204 when nothing on it changed."""
    workflow = find_workflow(name)
    version = find_version(workflow, request.GET.get("version") or None)
    context = living(request, workflow, version)
    if request.GET.get("seen") == context["observed_mark"]:
        return HttpResponse(status=204)
    context |= {"workflow": workflow, "diagram_title": workflow_pages.diagram_title(plan_for(version))}
    return render(request, "workflows/observed.html", context)


def _performance(workflow: Workflow, period: Period) -> dict[str, Any]:
    now = clock.now()
    found: Split | None = shared(
        f"p95:{workflow.pk}:{period.key}",
        lambda: where_the_p95_goes(workflow.pk, workflow.name, period.since(now), now),
    )
    return {
        "split": p95_panel.p95_panel(found, period.words),
        "advice": p95_panel.advice(found) if found else None,
        "sampled": list(found.runs)[:NAMED] if found else [],
        "latency": latency_panel(workflow.name, period, now),
    }
