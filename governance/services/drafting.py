"""A postmortem in one click, from an alert or from a failed run: window, what it is about and the first sentences are filled in.

Owns how the window is guessed and what the draft says. A second click, of whoever, finds the first one's draft.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from governance.models import Postmortem
from governance.postmortems.sections import skeleton
from governance.selectors.incident_impact import impact_of
from governance.services.postmortems import LONGEST, create_postmortem
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.manifest import Plan
from orchestration.models import Alert, BreakerTransition, Run, Workflow
from orchestration.selectors.workflows import consumers_of, find_version, find_workflow, plan_for
from orchestration.states import RESULT_BAD

#: What led to an alert began before it opened: as long as its longest window, or this.
BEFORE = timedelta(minutes=60)
#: The windows of a slow burn are days long; what matters happened later. Minutes.
LONGEST_LEAD = 6 * 60
#: Budgets that a draft tells of, those that lost most.
TOLD = 2
#: Around a failed run.
AROUND = timedelta(minutes=30)


def from_alert(*, alert: Alert, actor: Any) -> Postmortem:
    """The draft about an alert."""
    windows = [int(minutes) for minutes in alert.facts.get("windows", {}) if str(minutes).isdigit()]
    lead = timedelta(minutes=min(max(windows), LONGEST_LEAD)) if windows else BEFORE
    began, ended = alert.opened_at - lead, alert.resolved_at
    began = max(began, (ended or clock.now()) - LONGEST + timedelta(hours=1))
    objective = alert.objective
    named = alert.workflow or (objective.workflow if objective else "")
    workflow = named if Workflow.objects.filter(name=named).exists() else ""
    dependency = objective.dependency if objective and not named else ""
    workflows = [workflow] if workflow else [version.workflow.name for version, _ in consumers_of(dependency)]
    about = (
        f"The budget of {alert.subject} burned too fast" if objective else f"A run of {alert.subject} was not undone"
    )
    return _draft(
        title=about, owner=alert.team, began=began, ended=ended, workflows=workflows,
        dependencies=[dependency] if dependency else _troubled(workflow, began, ended),
        severity=Postmortem.Severity.MAJOR if alert.severity == "page" else Postmortem.Severity.MINOR,
        source=f"alert {alert.pk}", actor=actor,
    )  # fmt: skip


def from_run(*, run: Run, actor: Any) -> Postmortem:
    """The draft about a run that failed. Raises Conflict for one that did not."""
    if run.result not in RESULT_BAD or run.finished_at is None:
        raise Conflict(f"run {run.short_id} did not fail; a postmortem is about what did")
    began, ended = run.created_at - AROUND, min(run.finished_at + AROUND, clock.now())
    began = max(began, ended - LONGEST + timedelta(hours=1))
    name = run.workflow.name
    called = _called_at(plan_for(run.version), run.failed_step)
    at = f" at {run.failed_step}" if run.failed_step else ""
    return _draft(
        title=f"{name} failed{at}", owner=run.workflow.owner, began=began, ended=ended, workflows=[name],
        dependencies=called or _troubled(name, began, ended), severity=Postmortem.Severity.MINOR,
        source=f"run {run.pk}", actor=actor,
    )  # fmt: skip


def _draft(
    *, title: str, owner: Any, began: datetime, ended: datetime | None, workflows: list[str], dependencies: list[str],
    severity: str, source: str, actor: Any,
) -> Postmortem:  # fmt: skip
    impact = impact_of(began, ended, workflows, dependencies)
    counted = (
        f"{impact.bad:,} of {impact.ended:,} runs failed in the window, {impact.bad_before:,} in the same time before."
    )
    spent = [f"{one.spent:.0%} of the budget of {one.objective}" for one in impact.burned if one.spent][:TOLD]
    took = f"It took {' and '.join(spent)}. " if spent else ""
    summary = f"{counted} {took}Say what happened, and whom it touched."
    known = Postmortem.objects.filter(source=source).first()
    return known or create_postmortem(
        title=title[:200], body=skeleton(summary), status=Postmortem.Status.DRAFT, severity=severity, owner=owner,
        began_at=began, ended_at=ended, workflows=workflows, dependencies=dependencies, actor=actor,
        reason=f"Begun from {source}.", source=source,
    )  # fmt: skip


def _troubled(workflow: str, began: datetime, ended: datetime | None) -> list[str]:
    """Of the dependencies that a workflow calls, those whose breaker moved in the window."""
    if not workflow:
        return []
    plan = plan_for(find_version(find_workflow(workflow)))
    called = {name for step in plan.order for name in _called_at(plan, step)}
    moved = BreakerTransition.objects.filter(name__in=called, at__gte=began, at__lte=ended or clock.now())
    return sorted(set(moved.values_list("name", flat=True)))


def _called_at(plan: Plan, name: str) -> list[str]:
    """The dependency that a step calls, if it does."""
    step = plan.steps.get(name)
    return [step.dependency] if step is not None and step.dependency else []
