"""Objectives that manifests declare: made, changed and retired with the manifest, in its transaction.

A workflow's are those of its highest active version. Owns their names and what alerts they begin with. What alerts somebody
chose for one in the portal stays, as long as it can fire.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration import clock
from orchestration.errors import Conflict
from orchestration.manifest import parse_duration
from orchestration.models import Dependency, Objective, Team, Workflow, WorkflowVersion
from orchestration.policies import burn
from orchestration.policies.burn import Severity
from orchestration.services.governed import save
from orchestration.services.objectives import write

#: Between the names of a dependency and of what is measured: no step has a hyphen, so no workflow's objective is called so.
OF_CALLS = "per-call"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the manifest is of, and whose."""

    owner: Team
    workflow: str = ""
    dependency: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """One line of `objectives`."""

    name: str
    indicator: str
    target: Decimal
    threshold: float | None
    step: str = ""
    runbook: str = ""


def follow_workflow(workflow: Workflow, *, actor: Any, reason: str) -> None:
    """Have the objectives of its highest active version; where none is active, of the highest that still runs."""
    states = (WorkflowVersion.State.ACTIVE, WorkflowVersion.State.DEPRECATED)
    live = WorkflowVersion.objects.filter(workflow=workflow, state__in=states)
    version = live.order_by("state", "-precedence").first()  # active sorts before deprecated
    declared = list(of_workflow(version.canonical)) if version is not None else []
    _follow(Scope(workflow.owner, workflow=workflow.name), declared, actor, reason)


def follow_dependency(dependency: Dependency, *, actor: Any, reason: str) -> None:
    """Have the objectives that its manifest declares. Runbooks of dependencies stand at their failure modes, so tickets only."""
    declared = list(_lines(f"{dependency.name}.{OF_CALLS}", dependency.spec.get("objectives")))
    _follow(Scope(dependency.owner, dependency=dependency.name), declared, actor, reason)


def of_workflow(canonical: Mapping[str, Any]) -> Iterator[Declared]:
    """Its own, and those of its steps. A step's runbook is its own, or the workflow's."""
    name, spec = canonical["metadata"]["name"], canonical["spec"]
    runbook = canonical["metadata"].get("runbook", "")
    yield from _lines(name, spec.get("objectives"), runbook=runbook)
    for step, body in spec["steps"].items():
        yield from _lines(f"{name}.{step}", body.get("objectives"), step=step, runbook=body.get("runbook") or runbook)


def _lines(prefix: str, declared: Any, *, step: str = "", runbook: str = "") -> Iterator[Declared]:
    """`success: 99.5%` and `latency: {p95: 8s}`: 95 % of what succeeds within 8 s."""
    given = declared or {}
    if "success" in given:
        target = Decimal(given["success"].rstrip("%")) / 100
        if 0 < target < 1:  # 100 % leaves no budget, and 0 % asks nothing
            yield Declared(f"{prefix}.success", Objective.Indicator.SUCCESS, target, None, step, runbook)
    for quantile, limit in (given.get("latency") or {}).items():
        target = Decimal(quantile[1:]) / 100
        name = f"{prefix}.latency-{quantile}"
        yield Declared(name, Objective.Indicator.LATENCY, target, parse_duration(limit), step, runbook)


def _follow(scope: Scope, declared: list[Declared], actor: Any, reason: str) -> None:
    ours = Objective.objects.filter(workflow=scope.workflow, dependency=scope.dependency, retired_at__isnull=True)
    ours = ours.filter(source=Objective.Source.MANIFEST)
    for gone in ours.exclude(name__in=[one.name for one in declared]):
        gone.retired_at = clock.now()
        save(gone, actor=actor, reason=reason)
    present = {one.name: one for one in Objective.objects.filter(name__in=[one.name for one in declared])}
    for line in declared:
        _have(present.get(line.name), line, scope, actor, reason)


def _have(found: Objective | None, line: Declared, scope: Scope, actor: Any, reason: str) -> None:
    is_new = found is None or found.retired_at is not None
    objective = found or Objective(name=line.name, since=clock.now())
    values: dict[str, Any] = {
        "workflow": scope.workflow, "dependency": scope.dependency, "step": line.step, "owner": scope.owner,
        "indicator": line.indicator, "target": line.target, "threshold": line.threshold,
        "source": Objective.Source.MANIFEST,
    }  # fmt: skip
    if not is_new and objective.source != Objective.Source.MANIFEST:
        _refuse_other(objective, values)
    if is_new:
        values |= {"retired_at": None, "runbook": line.runbook}
    elif line.runbook:
        values["runbook"] = line.runbook
    for severity in Severity:
        values[severity.value] = _alerts(objective, line, severity, is_new=is_new)
    if is_new:
        objective.since = clock.now()  # it was not counted while it was retired
    elif all(getattr(objective, name) == value for name, value in values.items()):
        return
    write(objective, values, actor=actor, reason=reason)


def _refuse_other(objective: Objective, values: dict[str, Any]) -> None:
    """What a person made under this name becomes the manifest's, where it is of the same thing."""
    if any(getattr(objective, name) != values[name] for name in ("workflow", "step", "dependency", "indicator")):
        raise Conflict(
            f"objective {objective.name} exists already and is of something else; rename it, at"
            f" /objectives/{objective.name}/edit/, and apply again"
        )


def _alerts(objective: Objective, line: Declared, severity: Severity, *, is_new: bool) -> bool:
    """Whether it alerts: at first where it can; later as somebody chose, as long as it still can."""
    by_failures = bool(getattr(objective, f"{severity}_failures"))
    can_fire = by_failures or not burn.unreachable(line.target, severity)
    runbook = line.runbook or ("" if is_new else objective.runbook)
    may = can_fire and (severity != Severity.PAGE or bool(runbook))
    if is_new or (severity == Severity.PAGE and line.runbook and not objective.runbook):
        return may
    return may and bool(getattr(objective, severity.value))
