"""The onboarding page of a workflow, generated: what it does, how it fails, how it stands, and whom to ask. Printable.

Owns what stands on it and in which order. Nothing on it is written by hand, so none of it can go stale. Never writes.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from governance.selectors.contracts import port_versions
from governance.selectors.decisions import decisions_of
from governance.selectors.postmortems import about, postmortems_of
from governance.selectors.runbooks import runbooks_of
from orchestration import clock
from orchestration.models import Dependency, Membership, Role, Team, Workflow
from orchestration.selectors import budgets
from orchestration.selectors.workflows import find_version, find_workflow, plan_for, versions_of
from portal.presentation import objective_words, onboarding, workflow_pages
from portal.presentation.dependency_pages import failure_modes
from portal.presentation.words import decision_look, health_look, postmortem_look, severity_look
from portal.selectors.dependency_health import dependency_health
from portal.selectors.home import workflow_health
from portal.selectors.runbook_rows import runbook_rows
from portal.views.living import living

RECENT_VERSIONS = 5


@login_required
@require_GET
def page(request: HttpRequest, name: str) -> HttpResponse:
    """All that somebody new needs, on one page."""
    workflow = find_workflow(name)
    version, now = find_version(workflow), clock.now()
    plan = plan_for(version)
    steps = onboarding.steps(plan, version.canonical)
    measured = workflow_health(now=now, team_id=workflow.owner_id)
    health = next(item for item in measured if item.name == name)
    called = {action.dependency for step in plan.steps.values() for action in (step, step.compensate) if action} - {
        None
    }
    services = list(Dependency.objects.select_related("owner").filter(name__in=called))
    well = dependency_health(now) if services else {}
    objectives = budgets.budgets(budgets.objectives(workflow=name), now)
    context = {
        "nav": "workflows",
        "workflow": workflow,
        "version": version,
        "look": workflow_pages.look_of(health),
        "health": workflow_pages.health_sentence(health),
        "facts": workflow_pages.facts(version.canonical),
        "steps": steps,
        "ports": port_versions(version),
        "services": [(health_look(well[one.name].word) if one.name in well else None, one) for one in services],
        "modes": [(one, mode) for one in services for mode in failure_modes(one.spec)],
        "rows": [objective_words.row(one) for one in objectives],
        "runbooks": runbook_rows(runbooks_of(workflow)),
        "decisions": [(decision_look(item.status), item) for item in decisions_of(workflow)],
        "postmortems": [
            (postmortem_look(one.status), severity_look(one.severity), one, about(one))
            for one in postmortems_of(workflow)
        ],
        "versions": versions_of(workflow)[:RECENT_VERSIONS],
        "diagram_title": workflow_pages.diagram_title(plan),
        "at": now,
        **_people(workflow, version.canonical),
    }
    return render(request, "workflows/onboarding.html", {**living(request, workflow, version), **context})


def _people(workflow: Workflow, canonical: dict[str, Any]) -> dict[str, Any]:
    """Who may do what for the team that owns it, and whom its escalation tells."""
    rows = Membership.objects.filter(team=workflow.owner, user__is_active=True).select_related("user")
    by_role: dict[str, list[str]] = {}
    for row in rows.order_by("user__username"):
        by_role.setdefault(row.role, []).append(row.user.get_username())
    named = canonical["spec"].get("escalation")
    team = Team.objects.filter(name=named).first() if named else None
    return {
        "people": [(role.label, by_role[role]) for role in Role if role in by_role],
        "on_call": onboarding.on_call((team or workflow.owner).document),
        "on_call_team": team or workflow.owner,
    }
