"""One workflow: its head and living diagram, and a tab each for runs, budgets, dependencies, decisions and so on.

Also the manifest of a version and the difference of two. Tabs are pages with URLs of their own. Never writes.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from governance.selectors.decisions import decisions_of
from governance.selectors.postmortems import about, postmortems_of
from governance.selectors.runbooks import runbooks_of
from orchestration import clock
from orchestration.hooks import hooks
from orchestration.manifest import write_path
from orchestration.models import Dependency, Workflow, WorkflowVersion
from orchestration.selectors import budgets
from orchestration.selectors.runs import RunFilter, runs
from orchestration.selectors.schedules import starters_of
from orchestration.selectors.workflows import (
    find_version,
    find_workflow,
    plan_for,
    version_diff,
    versions_of,
)
from portal.middleware.csp import allow_inline_style
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import objective_words, textdiff, workflow_pages
from portal.presentation.history import changes
from portal.presentation.runs import row
from portal.presentation.words import decision_look, postmortem_look, severity_look
from portal.selectors.home import workflow_health
from portal.selectors.runbook_rows import runbook_rows
from portal.views.living import living
from portal.views.objectives import chart
from portal.views.shapes import shape

LATEST = 20


@login_required
@require_GET
def runs_tab(request: HttpRequest, name: str) -> HttpResponse:
    """The latest runs, of all versions; the page that a link to a workflow means."""
    workflow = find_workflow(name)
    now = clock.now()
    latest = runs(RunFilter(workflow=name), limit=LATEST)
    context = {"rows": [row(run, now) for run in latest.items], "more": latest.next is not None}
    return page(request, workflow, "runs", context)


@login_required
@require_GET
def dependencies_tab(request: HttpRequest, name: str) -> HttpResponse:
    """The services that the chosen version calls, with the steps that do."""
    workflow = find_workflow(name)
    version = find_version(workflow, request.GET.get("version"))
    steps: dict[str, list[str]] = {}
    for step in plan_for(version).steps.values():
        for action in (step, step.compensate):
            if action is not None and action.dependency and step.name not in steps.setdefault(action.dependency, []):
                steps[action.dependency].append(step.name)
    known = Dependency.objects.select_related("owner").in_bulk(list(steps), field_name="name")
    found = [(dependency, known.get(dependency), names) for dependency, names in sorted(steps.items())]
    specs = {dependency: row.spec for dependency, row in known.items()}
    faults = hooks.policies.workflow_faults(version.canonical, name, workflow.owner.name, specs)
    told = [(write_path(fault.finding.path), fault.finding.message) for fault in faults]
    return page(request, workflow, "dependencies", {"found": found, "faults": told}, version)


@login_required
@require_GET
def budgets_tab(request: HttpRequest, name: str) -> HttpResponse:
    """Its objectives and those of its steps: what is left of each budget, and how fast it burns."""
    workflow = find_workflow(name)
    found = budgets.budgets(budgets.objectives(workflow=name), clock.now())
    allow_inline_style(request)  # Plotly's
    drawn = [(objective_words.row(one), chart(one)) for one in found]
    return page(request, workflow, "budgets", {"budgets": drawn, "rows": [row for row, _ in drawn]})


@login_required
@require_GET
def decisions_tab(request: HttpRequest, name: str) -> HttpResponse:
    """The decisions that concern it."""
    return page(request, find_workflow(name), "decisions", {})


@login_required
@require_GET
def runbooks_tab(request: HttpRequest, name: str) -> HttpResponse:
    """The runbooks about it."""
    workflow = find_workflow(name)
    return page(request, workflow, "runbooks", {"runbooks": runbook_rows(runbooks_of(workflow))})


@login_required
@require_GET
def postmortems_tab(request: HttpRequest, name: str) -> HttpResponse:
    """The postmortems about it."""
    return page(request, find_workflow(name), "postmortems", {})


@login_required
@require_GET
def versions_tab(request: HttpRequest, name: str) -> HttpResponse:
    """Every version: who published it, when, why, from which commit."""
    return page(request, find_workflow(name), "versions", {})


@login_required
@require_GET
def history_tab(request: HttpRequest, name: str) -> HttpResponse:
    """What was changed about the workflow itself and about the states of its versions."""
    workflow = find_workflow(name)
    own = list(workflow.history.select_related("history_user", "owner"))
    of_versions = list(WorkflowVersion.history.filter(workflow_id=workflow.pk).select_related("history_user"))
    entries = changes(own, ("owner", "description"), "Workflow") + changes(
        of_versions, ("state",), "Version", "version"
    )
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return page(request, workflow, "history", {"entries": entries})


@login_required
@require_GET
def manifest(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """The YAML of a version as it was applied; `?raw=1` as a file."""
    workflow = find_workflow(name)
    found = find_version(workflow, version)
    if request.GET.get("raw"):
        headers = {"Content-Disposition": f'attachment; filename="{workflow.name}-{found.version}.yaml"'}
        return HttpResponse(found.text, content_type="application/yaml; charset=utf-8", headers=headers)
    source = workflow_pages.source_words(found)
    context = {"nav": "workflows", "workflow": workflow, "version": found, "source": source}
    return render(request, "workflows/manifest.html", context | {"look": workflow_pages.version_look(found.state)})


@login_required
@require_GET
def diff(request: HttpRequest, name: str) -> HttpResponse:
    """What changed between two versions: in sentences, then line by line."""
    workflow = find_workflow(name)
    versions = versions_of(workflow)
    new = find_version(workflow, request.GET.get("to") or None)
    older = [item.version for item in versions if item.precedence < new.precedence]
    old = find_version(workflow, request.GET.get("from") or (older[0] if older else new.version))
    context = {
        "nav": "workflows",
        "workflow": workflow,
        "versions": versions,
        "old": old,
        "new": new,
        "differences": [(workflow_pages.difference_look(item.kind), item) for item in version_diff(old, new)],
        "text_diff": textdiff.diff(old.text, new.text),
    }
    return render(request, "workflows/diff.html", context)


def page(
    request: HttpRequest, workflow: Workflow, tab: str, context: dict[str, Any], version: WorkflowVersion | None = None
) -> HttpResponse:
    """The page around a tab; other modules have tabs of their own."""
    if "version" in request.GET and not request.GET["version"]:
        return redirect(request.path)
    version = version or find_version(workflow, request.GET.get("version"))
    measured = workflow_health(now=clock.now(), team_id=workflow.owner_id)
    health = next(item for item in measured if item.name == workflow.name)
    drawn, plan = shape(version), plan_for(version)
    decisions, runbooks = list(decisions_of(workflow)), list(runbooks_of(workflow))
    versions, postmortems = versions_of(workflow), postmortems_of(workflow)
    chosen = f"?{urlencode({'version': version.version})}" if "version" in request.GET else ""
    called = {
        action.dependency for step in plan.steps.values() for action in (step, step.compensate) if action is not None
    } - {None}
    tabs = [
        ("runs", "Runs", "workflow", None),
        ("budgets", "Budgets", "workflow-budgets", budgets.objectives(workflow=workflow.name).count()),
        ("performance", "Performance", "workflow-performance", None),
        ("dependencies", "Dependencies", "workflow-dependencies", len(called)),
        ("decisions", "Decisions", "workflow-decisions", len(decisions)),
        ("runbooks", "Runbooks", "workflow-runbooks", len(runbooks)),
        ("postmortems", "Postmortems", "workflow-postmortems", len(postmortems)),
        ("versions", "Versions", "workflow-versions", len(versions)),
        ("history", "History", "workflow-history", None),
    ]
    base = {
        "nav": "workflows",
        "workflow": workflow,
        "version": version,
        "look": workflow_pages.look_of(health),
        "health": workflow_pages.health_sentence(health),
        "facts": workflow_pages.facts(version.canonical),
        "starters": starters_of(workflow.name),
        "runbook": next((book for book in runbooks if book.slug == drawn.runbook), None),
        "may_operate": actor_of(request).may(Verb.OPERATE, workflow.owner),
        "may_maintain": actor_of(request).may(Verb.MAINTAIN, workflow.owner),
        **living(request, workflow, version),
        "diagram_title": workflow_pages.diagram_title(plan),
        "version_look": workflow_pages.version_look(version.state),
        "tab": tab,
        "tabs": [(key, label, reverse(url, args=[workflow.name]) + chosen, count) for key, label, url, count in tabs],
        "decisions": [(decision_look(item.status), item) for item in decisions],
        "versions": [
            (workflow_pages.version_look(item.state), item, workflow_pages.source_words(item)) for item in versions
        ],
        "postmortems": [
            (postmortem_look(item.status), severity_look(item.severity), item, about(item)) for item in postmortems
        ],
        "tab_template": f"workflows/tab_{tab}.html",
    }
    return render(request, "workflows/workflow.html", base | context)
