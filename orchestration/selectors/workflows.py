"""Reads of workflows, versions and dependencies. Never writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from orchestration import clock
from orchestration.engine.plans import plan_of
from orchestration.errors import NotFound
from orchestration.ids import floor
from orchestration.manifest import Difference, Plan, diff
from orchestration.models import Dependency, Run, Workflow, WorkflowVersion
from orchestration.services.world import suggestion
from orchestration.states import RESULT_BAD, RunStatus
from orchestration.versions import newest


@dataclass(frozen=True, slots=True)
class WorkflowHealth:
    """A workflow and how its runs of the period went. `latest` is its highest active version, if any."""

    workflow: Workflow
    latest: WorkflowVersion | None
    started: int
    finished: int
    bad: int
    open: int

    @property
    def error_rate(self) -> float | None:
        """(failed + timed_out) of those that ended with a result that counts; None of none."""
        return self.bad / self.finished if self.finished else None


def find_workflow(name: str) -> Workflow:
    """By name. Raises NotFound, which suggests."""
    workflow = Workflow.objects.select_related("owner").filter(name=name).first()
    if workflow is None:
        known = Workflow.objects.values_list("name", flat=True)
        raise NotFound(f"no workflow {name[:80]!r}{suggestion(name[:80], known)}")
    return workflow


def versions_of(workflow: Workflow) -> list[WorkflowVersion]:
    """Newest version first, without the manifests' bodies."""
    rows = WorkflowVersion.objects.filter(workflow=workflow).select_related("published_by")
    return list(rows.defer("canonical", "text").order_by("-precedence"))


def find_version(workflow: Workflow, version: str | None = None) -> WorkflowVersion:
    """The named version; of None, the highest active one, else the highest. Raises NotFound."""
    rows = WorkflowVersion.objects.filter(workflow=workflow).select_related("workflow__owner", "published_by")
    if version is None:
        states = dict(rows.values_list("version", "state"))
        active = [name for name, state in states.items() if state == WorkflowVersion.State.ACTIVE]
        version = newest(active or list(states)) or ""
    found = rows.filter(version=version).first()
    if found is None:
        raise NotFound(f"workflow {workflow.name!r} has no version {version[:80]!r}")
    return found


def plan_for(version: WorkflowVersion) -> Plan:
    """The compiled plan of a version."""
    return plan_of(version.pk)


def version_diff(old: WorkflowVersion, new: WorkflowVersion) -> Sequence[Difference]:
    """What changed, in sentences."""
    return diff(old.canonical, new.canonical)


def health(*, since: timedelta = timedelta(hours=24), team: str = "") -> list[WorkflowHealth]:
    """Every workflow with the counts of its runs, worst first. Three queries."""
    begin = clock.now() - since
    workflows = Workflow.objects.select_related("owner")
    if team:
        workflows = workflows.filter(owner__name=team)
    counts = {row["workflow_id"]: row for row in _counts(begin)}
    latest = _latest()
    rows = []
    for workflow in workflows:
        row: dict[str, Any] = counts.get(workflow.pk, {})
        numbers = (row.get(name, 0) for name in ("started", "finished", "bad", "open"))
        rows.append(WorkflowHealth(workflow, latest.get(workflow.pk), *numbers))
    return sorted(rows, key=lambda item: (-(item.error_rate or 0.0), item.workflow.name))


def _counts(begin: datetime) -> Any:
    ended = Q(result__in=["succeeded", "degraded", "failed", "timed_out"])
    return (
        Run.objects.filter(pk__gte=floor(begin))
        .values("workflow_id")
        .annotate(
            started=Count("id"),
            finished=Count("id", filter=ended),
            bad=Count("id", filter=Q(result__in=list(RESULT_BAD))),
            open=Count("id", filter=~Q(status=RunStatus.FINISHED)),
        )
        .order_by()
    )


def _latest() -> dict[int, WorkflowVersion]:
    """Workflow id → highest active version."""
    rows = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).defer("canonical", "text")
    return {row.workflow_id: row for row in rows.order_by("precedence")}


def find_dependency(name: str) -> Dependency:
    """By name. Raises NotFound, which suggests."""
    dependency = Dependency.objects.select_related("owner").filter(name=name).first()
    if dependency is None:
        known = Dependency.objects.values_list("name", flat=True)
        raise NotFound(f"no dependency {name[:80]!r}{suggestion(name[:80], known)}")
    return dependency


def consumers_of(name: str) -> list[tuple[WorkflowVersion, list[str]]]:
    """The highest active version of each workflow that calls the dependency, with the steps that do."""
    latest = WorkflowVersion.objects.filter(pk__in=[version.pk for version in _latest().values()])
    found = []
    for version in latest.select_related("workflow__owner").defer("canonical", "text").order_by("workflow__name"):
        plan = plan_of(version.pk)
        steps = [
            step.name
            for step in plan.steps.values()
            if step.dependency == name or (step.compensate is not None and step.compensate.dependency == name)
        ]
        if steps:
            found.append((version, steps))
    return found
